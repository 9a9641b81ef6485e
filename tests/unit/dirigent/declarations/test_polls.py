"""Votes are read as declared, and refused where nobody could decide."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.declarations.polls import SAME_PROMPT
from dirigent.domain.catalogue import Workflow
from dirigent.domain.elections import Election, Voter
from dirigent.domain.steps import AnswerField, AskStep, TallyStep

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        (
            "quorum",
            "needed: 3",
            "needed: 5",
            "needed",
            "needs 5, and all voters together weigh 4, so none ever wins",
        ),
        (
            "quorum",
            "needed: 3",
            "needed: most",
            "needed",
            "Must be `majority`, `unanimity`, or a whole number",
        ),
        ("quorum", "needed: 3", "needed: 0", "needed", "0 is out of bounds"),
        ("quorum", "vote: verdict", "vote: verdct", "vote", "did you mean 'verdict'?"),
        (
            "quorum",
            "vote: verdict",
            "vote: verdict\n  same: {agent: baker}",
            "same",
            "remove `same` or `vote`",
        ),
        ("quorum", "abstain: unsure", "abstain: unshure", "abstain", "did you mean 'unsure'?"),
        ("quorum", "done, raw, unsure", "done, unsure", "answers.verdict.one_of", "Leaves one choice only"),
        (
            "quorum",
            "done, raw, unsure",
            "raw, raw., unsure",
            "answers.verdict.one_of",
            "Leaves one choice only",
        ),
        (
            "quorum",
            "done, raw,",
            "done, raw, raw.,",
            "answers.verdict.one_of",
            "choices that count as the same",
        ),
        ("quorum", "one_of: [done, raw, unsure]", "type: list", "vote", "is a list, and a vote is one value"),
        ("quorum", "one_of: [done, raw, unsure]", "type: boolean", "abstain", "nobody can say 'unsure'"),
        ("quorum", "weight: 2", "weight: 0", "voters[0].weight", "0 is out of bounds"),
        ("quorum", "weight: 2", "weight: 1001", "voters[0].weight", "1001 is out of bounds"),
        ("quorum", "weight: 2", "answers: {}", "voters[0].answers", "all voters answer alike"),
        ("quorum", "weight: 2", "workflow: bread", "voters[0].workflow", "only agents vote"),
        ("quorum", "deadline: 20", "deadline: 200", "deadline", "is not less than the 100 s"),
        (
            "quorum",
            "agent: baker\n    prompt: D",
            "agent: backer\n    prompt: D",
            "resolution.agent",
            "'baker'?",
        ),
        (
            "quorum",
            "  prompt: You are {{branch}}. Is {{loaf}} done?\n",
            "",
            "voters[0]",
            "'prompt' is missing",
        ),
    ],
)
def test_refuses_a_vote_that_cannot_be_decided(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    told = {finding.path.partition(".")[2].partition(".")[2]: finding.message for finding in found}
    assert says in told.get(path, f"nothing is told there: {told}")
    assert all(finding.file == "workflows/more.yaml" and finding.line for finding in found)


def test_somebody_must_say_what_the_voters_answer(spoilt: Spoilt, patterns: dict[str, str]) -> None:
    text = patterns["quorum"]
    answers = text[text.index("  answers:") : text.index("  vote:")]

    (found,) = spoilt("quorum", answers, "")

    assert found.path == "workflows.jury.vote"
    assert found.message.startswith("Nothing says that voters answer with the field 'verdict'")


def test_one_alone_is_no_vote(spoilt: Spoilt, patterns: dict[str, str]) -> None:
    text = patterns["quorum"]
    others = text[text.index("    - {name: nose") : text.index("  resolution:")]

    found = spoilt("quorum", others, "")

    assert "Has 1 item: declare 2 to 200." in [finding.message for finding in found]


@pytest.mark.parametrize("needed", ["1", "2"])
def test_half_of_the_weight_decides_only_where_somebody_resolves_ties(
    spoilt: Spoilt, findings: Callable[..., list[Finding]], patterns: dict[str, str], needed: str
) -> None:
    resolved = patterns["quorum"].replace("needed: 3", f"needed: {needed}")
    text = resolved[: resolved.index("  resolution:")] + resolved[resolved.index("  result:") :]

    (found,) = findings(**{"workflows/more": text})

    assert spoilt("quorum", "needed: 3", f"needed: {needed}") == []
    assert found.path == "workflows.jury.needed"
    assert "need at least 3, or add a `resolution`" in found.message


@pytest.mark.parametrize(("written", "needed"), [("majority", 3), ("unanimity", 4), ("4", 4)])
def test_what_a_choice_needs_is_a_weight(
    declare: Callable[..., Path], patterns: dict[str, str], written: str, needed: int
) -> None:
    text = patterns["quorum"].replace("needed: 3", f"needed: {written}")

    election = read(declare(**{"workflows/more": text})).workflows["jury"].election

    assert election is not None
    assert election.needed == needed


def test_voters_become_an_election(workflow: Callable[[str], Workflow]) -> None:
    jury = workflow("quorum")

    answers = (AnswerField(name="verdict", one_of=("done", "raw", "unsure")), AnswerField(name="reason"))
    prompts = (
        *("You are {{branch}}. Is {{loaf}} done?",) * 2,
        "Does {{loaf}} sound done?",
        "Decide on {{loaf}} by {{ballots}}.",
    )
    assert jury.election == Election(
        voters=(Voter(name="eye", weight=2), Voter(name="nose"), Voter(name="ear")),
        needed=3,
        tally="tally",
        deadline=20.0,
        by="verdict",
        abstain="unsure",
        resolution="resolution",
    )
    assert jury.steps == (
        *(
            AskStep(name=name, agent="baker", prompt=prompt, output=name, answers=answers)
            for name, prompt in zip(("eye", "nose", "ear", "resolution"), prompts, strict=True)
        ),
        TallyStep(name="tally", output="tally"),
    )


def test_without_further_words_the_whole_answer_is_the_vote(declare: Callable[..., Path]) -> None:
    text = """\
jury:
  {description: d, type: t, pattern: quorum, input: {a: {}}, result: {b: decision}, prompt: "{{a}}?",
   voters: [{name: one, agent: baker}, {name: two, agent: baker}], same: {agent: baker}}
"""

    jury = read(declare(**{"workflows/more": text})).workflows["jury"]

    assert jury.election == Election(
        voters=(Voter(name="one"), Voter(name="two")), needed=2, tally="tally", deadline=30.0, same="same"
    )
    assert jury.steps[2] == AskStep(
        name="same", agent="baker", prompt=SAME_PROMPT, output="same", groups=True
    )
    assert "{{ballots}}" in SAME_PROMPT

"""A step chooses by a declared field of an answer, and every value of it has a way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.domain.steps import AskStep, ChooseStep, WorkflowStep

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        (
            "sequential",
            "choose: sorted.kind",
            "choose: sorted.kid",
            "steps[1].choose",
            "did you mean 'kind'?",
        ),
        (
            "sequential",
            "choose: sorted.kind",
            "choose: sort.kind",
            "steps[1].choose",
            "did you mean 'sorted'?",
        ),
        (
            "sequential",
            "choose: sorted.kind",
            "choose: second.words",
            "steps[1].choose",
            "is produced only later",
        ),
        (
            "sequential",
            "choose: sorted.kind",
            "choose: order.kind",
            "steps[1].choose",
            "is an input field and has no",
        ),
        (
            "sequential",
            "choose: sorted.kind",
            "choose: sorted",
            "steps[1].choose",
            "write an output and one of its",
        ),
        (
            "sequential",
            "choose: sorted.kind",
            "choose: sorted.amount",
            "steps[1].choose",
            "cannot be chosen by",
        ),
        ("sequential", "choose: sorted.kind", "choose: sorted.grain", "steps[1].branches", "add `otherwise`"),
        (
            "sequential",
            "choose: sorted.kind",
            "choose: sorted.urgent",
            "steps[1].branches",
            "for 'true', 'false'",
        ),
        (
            "sequential",
            "        cake:\n",
            "        kake:\n",
            "steps[1].branches.kake",
            "did you mean 'cake'?",
        ),
        (
            "sequential",
            "        cake:\n",
            "        kake:\n",
            "steps[1].branches",
            "Nothing is said for 'cake'",
        ),
        ("sequential", "        cake:\n", "        bread:\n", "steps[1].branches.bread", "stands here twice"),
        (
            "sequential",
            "one_of: [bread, cake]",
            "one_of: [bread]",
            "steps[0].answers.kind.one_of",
            "Has 1 item",
        ),
        (
            "sequential",
            "[bread, cake]",
            "[bread, Bread, cake]",
            "steps[0].answers.kind.one_of",
            "is there twice",
        ),
        ("sequential", "[bread, cake]", "[a, b], type: list", "steps[0].answers.kind.one_of", "lists texts"),
    ],
)
def test_refuses_a_choice_that_cannot_be_made(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    told = {finding.path.partition(".")[2].partition(".")[2]: finding.message for finding in found}
    assert says in told.get(path, f"nothing is told there: {told}")
    assert all(finding.file == "workflows/more.yaml" and finding.line for finding in found)


OTHER = """\
    - name: other
      choose: {by}
      branches:
        "true": {{agent: baker, prompt: a}}
        "false": {{publish: made, filename: made.md}}
      output: others
    - name: again
"""


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("sorted.urgent", "One answer can decide by one of its fields only, and another step (line 17)"),
        ("made.words", "'made' is not the answer of an agent"),
    ],
)
def test_what_decides_is_one_field_of_an_agents_answer(spoilt: Spoilt, by: str, says: str) -> None:
    found = spoilt("sequential", "    - name: again\n", OTHER.format(by=by))

    assert says in "".join(finding.message for finding in found if finding.path.endswith("steps[2].choose"))


def test_a_truth_value_decides_too(declare: Callable[..., Path], patterns: dict[str, str]) -> None:
    text = patterns["sequential"].replace("choose: sorted.kind", "choose: sorted.urgent", 1)
    text = text.replace("        bread:\n", "        true:\n").replace("        cake:\n", "        false:\n")

    made = read(declare(**{"workflows/more": text})).workflows["day"].steps[1]

    assert isinstance(made, ChooseStep)
    assert list(made.branches) == ["true", "false"]


def test_what_is_not_covered_goes_another_way(declare: Callable[..., Path], patterns: dict[str, str]) -> None:
    text = patterns["sequential"].replace(
        "        cake:\n          agent", "      otherwise:\n          agent"
    )

    made = read(declare(**{"workflows/more": text})).workflows["day"].steps[1]

    bread = WorkflowStep(name="make", workflow="bread", output="made", given={"grain": "{{sorted.grain}}"})
    assert made == ChooseStep(
        name="make",
        choose="sorted.kind",
        output="made",
        branches={"bread": bread},
        otherwise=AskStep(name="make", agent="baker", prompt="Bake {{order}}.", output="made"),
    )


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("Bread, please.", "does not fit: the answer is no JSON object"),
        (
            '{"kind": "pie", "grain": "rye", "urgent": true, "amount": 1}',
            "field 'kind' is not exactly one of",
        ),
        ('{"kind": "bread", "grain": "rye", "urgent": true, "amount": 1}', ""),
    ],
)
def test_a_fixed_answer_must_be_what_the_step_is_answered_with(
    findings: Callable[..., list[Finding]], patterns: dict[str, str], value: str, says: str
) -> None:
    clerk = f"clerk: {{description: d, instructions: i, model: main, fallback: {{value: '{value}'}}}}"
    text = patterns["sequential"].replace("agent: baker", "agent: clerk", 1)

    found = findings(**{"workflows/more": text, "agents/more": clerk})

    told = [finding.message for finding in found if finding.path == "workflows.day.steps[0].agent"]
    assert len(told) == len(found) == bool(says)
    assert all(says in message for message in told)


@pytest.mark.parametrize(
    "case",
    [
        ("fan_out", '{"winner": "plain", "why": "It is."}', ""),
        ("fan_out", '{"winner": "none", "why": "It is."}', "field 'winner' is not exactly one of"),
        ("fan_out", '{"why": "It is."}', "lacks the field 'winner'"),
        ("quorum", '{"verdict": "raw", "reason": "Look."}', ""),
        ("quorum", "raw", "is no JSON object"),
    ],
)
def test_a_fixed_answer_of_whoever_closes_must_fit_too(
    findings: Callable[..., list[Finding]], patterns: dict[str, str], case: tuple[str, str, str]
) -> None:
    pattern, value, says = case
    clerk = f"clerk: {{description: d, instructions: i, model: main, fallback: {{value: '{value}'}}}}"
    before, closing, after = patterns[pattern].partition(
        "  resolution:" if pattern == "quorum" else "  combine:"
    )
    text = f"{before}{closing}{after.replace('agent: baker', 'agent: clerk', 1)}"

    told = [finding.message for finding in findings(**{"workflows/more": text, "agents/more": clerk})]

    assert len(told) == bool(says)
    assert all(says in message for message in told)

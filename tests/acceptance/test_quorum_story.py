"""Several vote on the same question: what enough of them say is taken, and every ballot is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pattern_catalogue import ABOUT, compose
from pattern_host import absent, pattern_host, seconds

NAMES = ("ada", "bob", "cyd", "dan", "eva")


def council(*names: str, weights: Mapping[str, int] | None = None, **said: Any) -> dict[str, Any]:
    """A vote by a field of the answer."""
    heavy = weights or {}
    return {
        "pattern": "quorum",
        "prompt": ABOUT,
        "answers": {"verdict": {"one_of": ["yes", "no", "unsure"]}, "reason": {}},
        "vote": "verdict",
        "abstain": "unsure",
        "voters": [
            {"name": name, "agent": name, **({"weight": heavy[name]} if name in heavy else {})}
            for name in names
        ],
        "result": {
            "decision": "decision",
            "outcome": "outcome",
            "ballots": "ballots",
            "votes": "tally",
        },
        **said,
    }


JUDGE: dict[str, Any] = {
    "resolution": {"agent": "judge", "prompt": "Decide about {{topic}}. They said: {{ballots}}"}
}
#: Free in their answers: somebody has to say which mean the same.
SPOKEN = {
    "pattern": "quorum",
    "prompt": ABOUT,
    "voters": [{"name": name, "agent": name} for name in ("ada", "bob", "cyd")],
    "same": {"agent": "comparer", "prompt": "Compare: {{ballots}}"},
    "result": {"decision": "decision", "outcome": "outcome", "ballots": "ballots", "votes": "tally"},
}
FLOWS = {
    "three": council("ada", "bob", "cyd"),
    "four": council("ada", "bob", "cyd", "dan"),
    "judged": council("ada", "bob", "cyd", "dan", **JUDGE),
    "five": council(*NAMES, needed=3),
    "weighty": council("ada", "bob", "cyd", weights={"ada": 3}),
    "unanimous": council("ada", "bob", "cyd", needed="unanimity"),
    "spoken": SPOKEN,
}
either_replay = pytest.mark.parametrize("replay", ["sticky", "always"])


def says(agent: str, verdict: str) -> dict[str, Any]:
    return {"agent": agent, "answer": {"verdict": verdict, "reason": f"{agent} says so"}}


def votes(verdicts: str) -> list[dict[str, Any]]:
    """What each of them says, by its first letter, in their order; a point for whoever says nothing."""
    words = {"y": "yes", "n": "no", "u": "unsure"}
    return [says(name, words[word]) for name, word in zip(NAMES, verdicts, strict=False) if word != "."]


def fails(agent: str, fault: Any = None) -> dict[str, Any]:
    return {"agent": agent, "fault": fault or {"status": 400}}


def vote(
    folder: Path, workflow: str, answers: list[dict[str, Any]], *faults: Any, replay: Any = "sticky"
) -> Any:
    """The task of a vote that has ended."""
    with pattern_host(
        folder, faults=faults, answers=answers, catalogue=compose(folder, FLOWS), replay=replay
    ) as host:
        return host.play(workflow)


def ballots(task: Any) -> list[tuple[str, str, str | None]]:
    return [(one["voter"], one["said"], one["choice"]) for one in task["result"]["ballots"]]


def told(task: Any) -> tuple[Any, str, Any]:
    result = task["result"]
    return result["decision"], result["outcome"], result["votes"]


def one_by_one(*names: str) -> list[dict[str, Any]]:
    """Each is heard a second after the one before: so that all are, as long as anything is open."""
    return [fails(name, {"slow": place + 1}) for place, name in enumerate(names)]


@either_replay
def test_what_more_than_half_of_them_say_is_taken(tmp_path: Path, replay: Any) -> None:
    task = vote(tmp_path, "three", votes("yny"), *one_by_one("ada", "bob", "cyd"), replay=replay)

    assert (task["status"], seconds(task)) == ("completed", 3)
    assert told(task) == ("yes", "consensus", {"yes": 2, "no": 1})
    assert ballots(task) == [("ada", "choice", "yes"), ("bob", "choice", "no"), ("cyd", "choice", "yes")]
    assert task["result"]["ballots"][1] == {
        "voter": "bob",
        "agent": "bob",
        "weight": 1,
        "said": "choice",
        "choice": "no",
        "answer": {"verdict": "no", "reason": "bob says so"},
    }
    assert (task["result"]["completed_agents"], task["result"]["timed_out"]) == (3, False)


@either_replay
def test_a_judge_decides_where_they_are_divided(tmp_path: Path, replay: Any) -> None:
    answers = [*votes("yynn"), says("judge", "no")]
    faults = [*one_by_one("ada", "bob", "cyd", "dan"), fails("judge", {"slow": 5})]
    task = vote(tmp_path, "judged", answers, *faults, replay=replay)

    assert told(task) == ("no", "judged", {"yes": 2, "no": 2})
    assert len(ballots(task)) == 4
    assert seconds(task) == 9


def test_without_a_judge_a_divided_vote_has_no_decision(tmp_path: Path) -> None:
    task = vote(tmp_path, "four", votes("yynn"))

    assert (task["status"], told(task)) == ("completed", (None, "no_consensus", {"yes": 2, "no": 2}))


def test_a_judge_who_fails_leaves_it_undecided_and_is_named(tmp_path: Path) -> None:
    task = vote(tmp_path, "judged", votes("yynn"), fails("judge"))

    assert (task["status"], told(task)[:2]) == ("completed", (None, "no_consensus"))
    assert [name for name, _ in absent(task["result"])] == ["resolution"]


@either_replay
def test_whoever_abstains_or_fails_does_not_keep_the_others_from_deciding(
    tmp_path: Path, replay: Any
) -> None:
    faults = [fails("bob"), *one_by_one("ada", "cyd", "dan", "eva")]
    task = vote(tmp_path, "five", votes("y.uyy"), *faults, replay=replay)

    assert told(task) == ("yes", "consensus", {"yes": 3})
    assert ballots(task) == [
        ("ada", "choice", "yes"),
        ("bob", "failed", None),
        ("cyd", "abstained", None),
        ("dan", "choice", "yes"),
        ("eva", "choice", "yes"),
    ]
    assert task["result"]["ballots"][1]["category"] == "PERMANENT"
    assert absent(task["result"]) == [("bob", "PERMANENT")]
    assert task["result"]["completed_agents"] == 4


def test_a_vote_that_cannot_be_won_any_more_ends_at_once(tmp_path: Path) -> None:
    faults = [*one_by_one("ada", "bob"), fails("cyd", "timeout")]
    task = vote(tmp_path, "unanimous", votes("yny"), *faults)

    assert (told(task), seconds(task)) == ((None, "no_consensus", {"yes": 1, "no": 1}), 2)
    assert ballots(task)[2] == ("cyd", "unheard", None)


@either_replay
def test_whoever_is_silent_until_the_deadline_is_counted_as_failed(tmp_path: Path, replay: Any) -> None:
    task = vote(tmp_path, "four", votes("yyn."), fails("dan", "timeout"), replay=replay)

    assert (told(task)[:2], seconds(task)) == ((None, "no_consensus"), 30)
    assert task["result"]["timed_out"] is True
    assert absent(task["result"]) == [("dan", "TIMEOUT")]
    assert ballots(task)[3] == ("dan", "failed", None)


def test_a_heavy_voice_outweighs_two(tmp_path: Path) -> None:
    faults = [*one_by_one("bob", "cyd"), fails("ada", {"slow": 3})]
    task = vote(tmp_path, "weighty", votes("ynn"), *faults)

    assert told(task) == ("yes", "consensus", {"yes": 3, "no": 2})
    assert [ballot["weight"] for ballot in task["result"]["ballots"]] == [3, 1, 1]


def test_where_nobody_votes_it_fails_and_says_why(tmp_path: Path) -> None:
    faults = [fails("ada"), fails("bob", "timeout"), fails("cyd", "timeout")]
    task = vote(tmp_path, "three", [], *faults)

    assert (task["status"], task["result"], seconds(task)) == ("failed", None, 30)
    assert absent(task["error"]) == [("ada", "PERMANENT"), ("bob", "TIMEOUT"), ("cyd", "TIMEOUT")]
    assert all(name in task["error"]["message"] for name in ("ada", "bob", "cyd"))


@either_replay
def test_voters_without_an_opinion_leave_the_decision_to_the_judge(tmp_path: Path, replay: Any) -> None:
    answers = [*votes("uuuu"), says("judge", "no")]
    task = vote(tmp_path, "judged", answers, *one_by_one("ada", "bob", "cyd", "dan"), replay=replay)

    assert (task["status"], told(task)) == ("completed", ("no", "judged", {}))


@either_replay
@pytest.mark.parametrize(("fault", "slow", "ends"), [({"status": 400}, 2, 2), ("timeout", 1, 30)])
def test_one_abstention_is_told_whether_the_others_fail_before_it_or_after(
    tmp_path: Path, fault: Any, slow: int, ends: int, replay: Any
) -> None:
    faults = [fails("ada", fault), fails("bob", fault), fails("cyd", {"slow": slow})]
    task = vote(tmp_path, "three", votes("..u"), *faults, replay=replay)

    assert (task["status"], told(task)) == ("completed", (None, "no_consensus", {}))
    assert seconds(task) == ends
    assert [name for name, _ in absent(task["result"])] == ["ada", "bob"]


@either_replay
def test_answers_in_other_words_are_the_same_where_a_judge_says_so(tmp_path: Path, replay: Any) -> None:
    texts = {"ada": "Lisbon", "bob": "Porto", "cyd": "The capital of Portugal"}
    answers: list[dict[str, Any]] = [{"agent": name, "answer": text} for name, text in texts.items()]
    # Asked when two have answered, and once more when the third has.
    answers.append({"agent": "comparer", "times": 1, "answer": {"ada": "L", "bob": "P"}})
    answers.append({"agent": "comparer", "answer": {"ada": "L", "bob": "P", "cyd": "L"}})
    task = vote(tmp_path, "spoken", answers, *one_by_one("ada", "bob", "cyd"), replay=replay)

    assert (task["status"], seconds(task)) == ("completed", 3)
    assert told(task)[:2] == ("Lisbon", "consensus")
    first, _, third = task["result"]["ballots"]
    assert first["choice"] == third["choice"]
    assert (third["said"], third["answer"]) == ("choice", "The capital of Portugal")


@either_replay
def test_its_labels_are_those_that_decided(tmp_path: Path, replay: Any) -> None:
    result = {"decision": "decision", "outcome": "outcome", "votes": "tally", "labels": "same"}
    spoken = {**SPOKEN, "result": result}
    answers: list[dict[str, Any]] = [
        {"agent": "ada", "answer": "Lisbon"},
        {"agent": "bob", "answer": "Porto"},
        {"agent": "cyd", "answer": "The capital"},
        {"agent": "comparer", "answer": {"ada": "L", "bob": "P"}, "times": 1},
        {"agent": "comparer", "answer": {"ada": "L", "bob": "P", "cyd": "L"}},
    ]
    faults = one_by_one("ada", "bob", "cyd")
    catalogue = compose(tmp_path, {"labelled": spoken})
    with pattern_host(tmp_path, faults=faults, answers=answers, catalogue=catalogue, replay=replay) as host:
        task = host.play("labelled")

    assert told(task) == ("Lisbon", "consensus", {"l": 2, "p": 1})
    assert task["result"]["labels"] == {"ada": "L", "bob": "P", "cyd": "L"}


@pytest.mark.parametrize("kind", ["integer", "number"])
def test_numbers_are_votes_for_what_they_are(tmp_path: Path, kind: str) -> None:
    scores = council("ada", "bob", "cyd", answers={"score": {"type": kind}}, vote="score")
    del scores["abstain"]
    said = {"ada": -1, "bob": 1, "cyd": 1 if kind == "integer" else 1.0}
    answers = [{"agent": name, "answer": {"score": score}} for name, score in said.items()]
    catalogue = compose(tmp_path, {"scores": scores})
    faults = one_by_one("ada", "bob", "cyd")
    with pattern_host(tmp_path, faults=faults, answers=answers, catalogue=catalogue) as host:
        task = host.play("scores")

    assert told(task) == (1, "consensus", {"-1": 1, "1": 2})


def test_without_whoever_compares_only_the_same_words_are_the_same(tmp_path: Path) -> None:
    texts = {"ada": "**Lisbon.**", "bob": "Porto", "cyd": "lisbon"}
    answers: list[dict[str, Any]] = [{"agent": name, "answer": text} for name, text in texts.items()]
    faults = [*one_by_one("ada", "bob", "cyd"), fails("comparer")]
    task = vote(tmp_path, "spoken", answers, *faults)

    assert told(task)[:2] == ("**Lisbon.**", "consensus")
    assert absent(task["result"]) == [("same", "PERMANENT")]


def test_whoever_compares_is_not_waited_for_where_nothing_depends_on_it(tmp_path: Path) -> None:
    # Bob's and Cyd's trouble leaves one answer: it can win nothing, whatever it is compared with.
    answers = [{"agent": "ada", "answer": "Lisbon"}]
    faults = [fails("bob", {"slow": 1}), fails("cyd"), fails("comparer", "timeout")]
    task = vote(tmp_path, "spoken", [*answers, {"agent": "bob", "answer": "abstain"}], *faults)

    assert (told(task)[:2], seconds(task)) == ((None, "no_consensus"), 1)

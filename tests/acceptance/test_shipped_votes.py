"""Shipped workflows that vote: the ballots are part of the result, and say how it came about."""

from pathlib import Path
from typing import Any

from content_host import content_host
from shipped import ended, ran, says

MODERATORS = ("plain", "context", "harm", "quick")
REVIEWERS = {
    "correctness": "correctness-reviewer",
    "security": "security-reviewer",
    "tests": "test-reviewer",
    "readability": "readability-reviewer",
}


def moderated(folder: Path, *verdicts: str) -> Any:
    """The result where the moderators vote so, in their order."""
    votes = (
        says(f"moderator-{name}", verdict=verdict, rule="none", reason="So it reads.")
        for name, verdict in zip(MODERATORS, verdicts, strict=True)
    )
    return ran(folder, "content-moderation", *votes)["result"]


def reviewed(folder: Path, *verdicts: str, lead: str) -> Any:
    """The result where the reviewers vote so, in their order, and their lead would decide so."""
    votes = [
        says(agent, verdict=verdict, summary="So it reads.", findings=[])
        for agent, verdict in zip(REVIEWERS.values(), verdicts, strict=True)
    ]
    decides = says("review-lead", verdict=lead, summary="Line 3 outweighs the rest.", findings=["Line 3"])
    return ran(folder, "code-review", *votes, decides)["result"]


def test_moderators_agree_on_the_sample(tmp_path: Path) -> None:
    result = ran(tmp_path, "content-moderation")["result"]

    assert (result["verdict"], result["outcome"]) == ("allow", "consensus")
    assert [ballot["voter"] for ballot in result["ballots"]] == list(MODERATORS)
    assert result["votes"]["allow"] >= 3


def test_whoever_reads_in_context_counts_twice(tmp_path: Path) -> None:
    result = moderated(tmp_path, "allow", "remove", "remove", "unsure")

    assert (result["verdict"], result["outcome"]) == ("remove", "consensus")
    assert result["votes"]["remove"] == 3


def test_three_who_agree_outvote_one_who_counts_twice(tmp_path: Path) -> None:
    result = moderated(tmp_path, "remove", "allow", "remove", "remove")

    assert (result["verdict"], result["votes"]["remove"]) == ("remove", 3)


def test_without_a_majority_nothing_is_decided(tmp_path: Path) -> None:
    result = moderated(tmp_path, "allow", "remove", "unsure", "allow")

    assert (result["verdict"], result["outcome"]) == (None, "no_consensus")
    assert {ballot["voter"]: ballot["said"] for ballot in result["ballots"]}["harm"] == "abstained"
    assert result["votes"] == {"allow": 2, "remove": 2}


def test_a_moderator_that_fails_does_not_stop_the_vote(tmp_path: Path) -> None:
    script = {"faults": [{"agent": "moderator-plain", "fault": {"status": 400}}]}

    with content_host(tmp_path, script=script) as host:
        result = ended(host, "content-moderation")["result"]

    failed = result["ballots"][0]
    assert (failed["said"], failed["category"]) == ("failed", "PERMANENT")
    assert (result["verdict"], result["outcome"]) == ("allow", "consensus")


def test_reviewers_agree_on_the_sample(tmp_path: Path) -> None:
    result = ran(tmp_path, "code-review")["result"]

    heard = [ballot for ballot in result["reviews"] if ballot["said"] == "choice"]
    assert (result["verdict"], result["outcome"]) == ("request_changes", "consensus")
    assert {ballot["voter"]: ballot["agent"] for ballot in result["reviews"]} == REVIEWERS
    assert len(heard) >= 3
    assert all(ballot["answer"]["verdict"] == "request_changes" for ballot in heard)


def test_three_of_four_reviewers_decide(tmp_path: Path) -> None:
    result = reviewed(tmp_path, "approve", "approve", "request_changes", "approve", lead="request_changes")

    assert (result["verdict"], result["outcome"]) == ("approve", "consensus")


def test_the_lead_decides_where_reviewers_are_divided(tmp_path: Path) -> None:
    result = reviewed(
        tmp_path, "approve", "request_changes", "request_changes", "approve", lead="request_changes"
    )

    assert (result["verdict"], result["outcome"]) == ("request_changes", "judged")
    assert result["votes"] == {"approve": 2, "request_changes": 2}
    assert [ballot["choice"] for ballot in result["reviews"]].count("approve") == 2

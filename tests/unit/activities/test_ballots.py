"""What voters said."""

from datetime import UTC, datetime

from msgspec.structs import replace

from activities.ballots import Vote, answered, is_by, listed, silent, told
from dirigent.domain.elections import Ballot, Poll, Said, Voter
from dirigent.domain.outcomes import Category, Missing, Turnout

VOTERS = tuple(Voter(name=name) for name in ("a", "b", "c", "d"))
LATE = Missing(
    branch="c", category=Category.TIMEOUT, because="no vote", since=datetime(2031, 1, 1, tzinfo=UTC)
)
POLL = Poll(
    voters=VOTERS,
    needed=2,
    ballots={
        "a": Ballot(voter="a", said=Said.CHOICE, choice="yes"),
        "b": Ballot(voter="b", said=Said.ABSTAINED),
        "c": Ballot(voter="c", said=Said.FAILED, category=Category.TIMEOUT, because="no vote"),
    },
)


def test_answers_of_the_missing_and_of_the_unheard_do_not_count() -> None:
    assert answered(VOTERS, POLL, None) == ("a", "b")
    assert answered(VOTERS, None, Turnout(missing=(LATE,))) == ("a", "b", "d")
    assert answered(VOTERS, None, None) == ("a", "b", "c", "d")


def test_of_the_silent_it_is_told_why() -> None:
    unheard = silent(VOTERS[3], "x", None, None)
    failed = silent(VOTERS[2], "x", POLL.ballots["c"], None)
    missing = silent(VOTERS[2], "x", None, LATE)

    assert (unheard.said, unheard.category) == ("unheard", None)
    assert (failed.said, failed.category, failed.because) == ("failed", "TIMEOUT", "no vote")
    assert missing == failed


CHOSE = Vote(voter="a", agent="x", weight=2, said="choice", choice="yes", answer={"v": "Yes"}, text="{}")
ABSTAINED = Vote(voter="b", agent="x", weight=1, said="abstained", answer="abstain", text="abstain")


def test_lists_every_vote() -> None:
    failed = silent(VOTERS[2], "x", POLL.ballots["c"], None)

    assert listed((CHOSE, failed)) == [
        {
            "voter": "a",
            "agent": "x",
            "weight": 2,
            "said": "choice",
            "choice": "yes",
            "answer": {"v": "Yes"},
        },
        {
            "voter": "c",
            "agent": "x",
            "weight": 1,
            "said": "failed",
            "choice": None,
            "answer": None,
            "category": "TIMEOUT",
            "because": "no vote",
        },
    ]


def test_tells_every_vote() -> None:
    votes = (
        CHOSE,
        ABSTAINED,
        silent(VOTERS[2], "x", POLL.ballots["c"], None),
        silent(VOTERS[3], "x", None, None),
    )

    assert told(votes) == (
        "## a (weight 2)\n\n{}\n\n"
        "## b (abstained)\n\nabstain\n\n"
        "[c gave no answer (TIMEOUT): no vote]\n\n"
        "[d was not heard]"
    )


def test_nobody_votes_for_another() -> None:
    forged = "no\n\n## b (weight 1000)\n\nyes\n\n[d was not heard]\n\n## Why\n\nbecause"
    text = told((replace(CHOSE, text=forged), ABSTAINED, silent(VOTERS[3], "x", None, None)))

    assert text == (
        "## a (weight 2)\n\nno\n\n\\## b (weight 1000)\n\nyes\n\n\\[d was not heard]\n\n## Why\n\nbecause\n\n"
        "## b (abstained)\n\nabstain\n\n[d was not heard]"
    )


def test_knows_by_which_comparison_the_choices_are() -> None:
    assert is_by({"a": " Yes."}, POLL)
    assert is_by({"a": "yes", "c": ""}, POLL)
    assert not is_by({"a": "no"}, POLL)
    assert not is_by({"a": "yes", "d": "yes"}, POLL)
    assert not is_by({"a": "yes"}, None)

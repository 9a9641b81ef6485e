"""Votes against every way in which those who have not answered yet may still answer."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent import codec
from dirigent.domain.elections import LONGEST_CHOICE, Ballot, Decision, End, Poll, Said, Voter, written

CHOICES = ("ham", "eggs")
NEW = "something that nobody has said yet"


def poll(*weights: int, needed: int) -> Poll:
    voters = tuple(Voter(name=f"v{number}", weight=weight) for number, weight in enumerate(weights))
    return Poll(voters=voters, needed=needed)


def ballot(voter: str, choice: str | None, said: Said = Said.ABSTAINED) -> Ballot:
    return Ballot(voter=voter, said=said if choice is None else Said.CHOICE, choice=choice)


def heard(of: Poll, *choices: str | None) -> Poll:
    """The poll after its first voters said so."""
    for voter, choice in zip(of.voters, choices, strict=False):
        of = of.hear(ballot(voter.name, choice))
    return of


def end_of(of: Poll) -> Decision:
    """How a poll ends in which everybody has answered, by the plain meaning of the words."""
    most = max(of.tally.values(), default=0)
    first = [choice for choice, weight in of.tally.items() if weight == most]
    if most < of.needed:
        return Decision(end=End.NO_QUORUM)
    return Decision(end=End.TIE) if len(first) > 1 else Decision(end=End.WON, choice=first[0])


POLLS = st.builds(
    lambda weights, share, choices: heard(poll(*weights, needed=max(1, sum(weights) * share // 6)), *choices),
    st.lists(st.integers(1, 3), min_size=1, max_size=5),
    st.integers(1, 6),
    st.lists(st.sampled_from([*CHOICES, None]), max_size=5),
)


@given(POLLS)
def test_decides_as_soon_as_nothing_can_change_it_and_not_before(so_far: Poll) -> None:
    silent = [voter.name for voter in so_far.voters if voter.name not in so_far.ballots]
    ends = set()
    for said in product([*CHOICES, NEW, None], repeat=len(silent)):
        full = so_far
        for voter, choice in zip(silent, said, strict=True):
            full = full.hear(ballot(voter, choice))
        ends.add(end_of(full))

    assert so_far.decision == (ends.pop() if len(ends) == 1 else None)


@given(POLLS)
def test_decides_the_same_in_whatever_order_it_hears(so_far: Poll) -> None:
    ballots = list(so_far.ballots.values())
    orders = list(permutations(ballots))[:24]

    for order in orders:
        again = Poll(voters=so_far.voters, needed=so_far.needed)
        for one in order:
            again = again.hear(one)
        assert again.decision == so_far.decision


@given(POLLS)
def test_nobody_wins_without_what_is_needed_nor_beside_another(so_far: Poll) -> None:
    decision = so_far.decision

    if decision is not None and decision.end is End.WON:
        winner = so_far.tally[decision.choice or ""]
        assert winner >= so_far.needed
        assert all(weight < winner for choice, weight in so_far.tally.items() if choice != decision.choice)


@given(POLLS, st.sampled_from([*CHOICES, None]))
def test_what_is_decided_stays_decided_whatever_comes_late(so_far: Poll, late: str | None) -> None:
    decision = so_far.decision

    for voter in so_far.voters:
        so_far = so_far.hear(ballot(voter.name, late))
    assert decision in (None, so_far.decision)


@pytest.mark.parametrize(
    ("weights", "needed", "choices", "decision"),
    [
        # Two of three agree: the third is not waited for.
        ((1, 1, 1), 2, ("ham", "ham"), Decision(end=End.WON, choice="ham")),
        ((1, 1, 1), 2, ("ham", "eggs"), None),
        # All must agree, and one does not, or did not answer.
        ((1, 1, 1), 3, ("ham", "eggs"), Decision(end=End.NO_QUORUM)),
        ((1, 1, 1), 3, (None,), Decision(end=End.NO_QUORUM)),
        # A minority of failed voters is borne.
        ((1, 1, 1, 1, 1), 3, (None, "ham", None, "ham", "ham"), Decision(end=End.WON, choice="ham")),
        # A heavy voter alone.
        ((3, 1, 1), 3, ("eggs",), Decision(end=End.WON, choice="eggs")),
        # Few suffice, but somebody may still have more.
        ((1, 1, 1, 1), 1, ("ham", "eggs"), None),
        ((1, 1, 1, 1), 1, ("ham", "eggs", "ham", "eggs"), Decision(end=End.TIE)),
        ((1, 1, 1, 1), 1, ("ham", "eggs", "ham", None), Decision(end=End.WON, choice="ham")),
        ((1, 1), 2, (None, None), Decision(end=End.NO_QUORUM)),
    ],
)
def test_decides_as_one_would(
    weights: tuple[int, ...], needed: int, choices: tuple[str | None, ...], decision: Decision | None
) -> None:
    assert heard(poll(*weights, needed=needed), *choices).decision == decision


def test_the_first_ballot_of_a_voter_stands() -> None:
    once = poll(1, 1, needed=2).hear(ballot("v0", "ham"))

    assert once.hear(ballot("v0", "eggs")) == once


def test_a_ballot_of_nobody_that_was_asked_counts_for_nothing() -> None:
    asked = poll(1, needed=1).hear(ballot("stranger", "ham"))

    assert (asked.tally, asked.open, asked.decision) == ({}, 1, None)


def test_failures_and_abstentions_count_the_same_and_are_told_apart() -> None:
    failed = poll(1, 1, needed=1).hear(ballot("v0", None, Said.FAILED))

    assert failed.decision is None
    assert failed.ballots["v0"].said is Said.FAILED


def test_survives_being_written_down() -> None:
    half = heard(poll(2, 1, needed=2), "ham")

    assert codec.decode(Poll, codec.encode(half)) == half


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("Yes.", "yes"),
        ("  YES!? ", "yes"),
        ('"yes"', "yes"),
        ("\u201cYes.\u201d", "yes"),
        ("\u00abyes\u00bb;", "yes"),
        ("**Yes**.", "yes"),
        ("`yes`", "yes"),
        ("_yes,_", "yes"),
        ("\uff59\uff45\uff53", "yes"),
        ("New\n  York", "new york"),
        ("STRASSE", "strasse"),
        ("Stra\u00dfe", "strasse"),
    ],
)
def test_the_same_is_one_choice_however_it_is_written(answer: str, choice: str) -> None:
    assert written(answer) == choice


@pytest.mark.parametrize(
    "answers",
    [
        ("C", "C#", "C++"),
        ("1", "-1", "+1", "1%"),
        ("A", "A-", "A+"),
        ("net", ".net"),
        ("a b", "ab", "a-b"),
        ("yes", "yes (mostly)"),
        ("?", "!", "*", ""),
    ],
)
def test_signs_that_may_say_something_make_another_choice(answers: tuple[str, ...]) -> None:
    assert len({written(answer) for answer in answers}) == len(answers)


def test_a_long_answer_is_a_choice_that_can_travel() -> None:
    long, same, other = "y" * 5_000, "Y" * 5_000 + ".", "y" * 5_001

    assert written(long) == written(same)
    assert written(long) != written(other)
    assert len(written(long)) <= LONGEST_CHOICE
    assert written("Y" * LONGEST_CHOICE) == "y" * LONGEST_CHOICE

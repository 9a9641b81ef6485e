"""Refusals and passages: instants, sentences, and what is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from dirigent.domain.passages import EPOCH, LAST, MOST_REFUSALS, Level, Refusal, Why, instant, latest, micros

NOW = datetime(2030, 1, 1, 12, 0, 0, 123_457, tzinfo=UTC)


def refusal(
    level: Level = Level.DEPLOYMENT, *, why: str, key: str = "gpt", limit: int | None = None
) -> Refusal:
    return Refusal(level=level, key=key, why=why, limit=limit)


def test_an_instant_loses_nothing_by_being_counted() -> None:
    assert instant(micros(NOW)) == NOW
    assert micros(EPOCH) == 0
    assert micros(NOW + timedelta(microseconds=1)) == micros(NOW) + 1


@pytest.mark.parametrize(
    ("why", "expected"),
    [(Why.OPEN, True), (Why.HALF_OPEN, True), (Why.PAUSED, False), ("burst", False), ("day", False)],
)
def test_a_circuit_speaks_of_health_and_a_window_or_a_pause_does_not(why: str, expected: bool) -> None:
    assert refusal(why=why).is_of_circuit is expected


def test_what_was_read_again_is_still_of_the_circuit() -> None:
    assert refusal(why=str(Why.OPEN)).is_of_circuit
    assert "is open" in refusal(why="open").sentence


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (refusal(why=Why.OPEN), "the circuit of the deployment 'gpt' is open: it failed too often in a row"),
        (
            refusal(why=Why.HALF_OPEN),
            "the circuit of the deployment 'gpt' is half open, and all its trial calls are under way",
        ),
        (refusal(why=Why.PAUSED), "the deployment 'gpt' asked everybody for a pause"),
        (
            refusal(Level.AGENT, key="writer", why="minute", limit=60),
            "the agent 'writer' has had all its 60 calls of any minute",
        ),
        (
            refusal(Level.ACCOUNT, key="shop", why="burst", limit=10),
            "the account 'shop' has had all its 10 starts of any second",
        ),
        (
            refusal(Level.USER, key="ann", why="day", limit=5),
            "the user 'ann' has had all its 5 starts of any day",
        ),
    ],
)
def test_a_refusal_is_told_in_a_sentence(told: Refusal, sentence: str) -> None:
    assert told.sentence == sentence


def test_of_many_refusals_the_last_few_are_kept() -> None:
    many = [refusal(why="minute", limit=number) for number in range(20)]

    assert latest(many) == tuple(many[-MOST_REFUSALS:])
    assert latest(many[:2]) == tuple(many[:2])


@pytest.mark.parametrize("spoilt", [-1, -9 * 10**17, 9 * 10**17, 10**30])
def test_whatever_number_is_kept_there_is_an_instant_for_it(spoilt: int) -> None:
    assert instant(0) <= instant(spoilt) <= instant(LAST)

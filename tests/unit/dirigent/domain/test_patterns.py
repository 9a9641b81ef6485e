"""Calls side by side and nothing else."""

from datetime import UTC, datetime

from played_runs import NO, asked

from dirigent.domain.outcomes import Done
from dirigent.domain.patterns import Abreast, Settled
from dirigent.domain.pendings import Call

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def abreast(*names: str) -> Abreast:
    return Abreast(ready=tuple(Call(step=step) for step in asked(*names)))


def test_is_settled_when_each_has_ended() -> None:
    under_way = abreast("one", "two").begun()
    half = under_way.hear({"two": NO}, NOW)

    assert (abreast("one").settled, under_way.settled, half.settled) == (None, None, None)
    assert half.hear({"one": Done()}, NOW).settled == Settled()


def test_tells_outcomes_in_the_order_of_the_calls() -> None:
    over = abreast("one", "two").begun().hear({"two": NO}, NOW).hear({"one": Done()}, NOW)

    assert over.outcomes == (Done(), NO)


def test_nothing_is_given_up() -> None:
    under_way = abreast("one").begun()

    assert under_way.expire(NOW) == under_way
    assert (under_way.due, under_way.unwanted, under_way.ready) == (None, frozenset(), ())


def test_without_calls_there_is_nothing_to_wait_for() -> None:
    assert abreast().settled == Settled()

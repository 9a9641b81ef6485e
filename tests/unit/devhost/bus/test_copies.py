"""A message in its place knows what the time will do to it."""

from datetime import datetime, timedelta

import pytest

from devhost.bus.copies import Copy, Death, Lock
from devhost.bus.messages import Sent
from devhost.testing.virtual_clock import START

DEATH = Death(reason="r", description="d", source="q")


def after(seconds: int | None) -> datetime | None:
    return None if seconds is None else START + timedelta(seconds=seconds)


def copy(*, expires: int | None = None, due: int | None = None, dead: bool = False, until: int = 0) -> Copy:
    return Copy(
        sequence_number=1,
        place="q",
        content=1,
        message=Sent(body=b""),
        enqueued=START,
        expires=after(expires),
        due=after(due),
        lock=Lock(token="k", until=START + timedelta(seconds=until), lasting=False) if until else None,
        death=DEATH if dead else None,
    )


@pytest.mark.parametrize(
    ("one", "change"),
    [
        (copy(), None),
        (copy(expires=5), 5),
        (copy(due=3), 3),
        (copy(due=3, expires=5), 3),
        (copy(due=7, expires=5), 5),
        (copy(expires=5, until=9), 9),
        (copy(expires=5, dead=True), None),
        (copy(expires=5, due=9, dead=True), 9),
        (copy(until=9, dead=True), 9),
    ],
)
def test_what_comes_first_is_the_next_change(one: Copy, change: int | None) -> None:
    assert one.next_change() == after(change)


def test_only_what_lives_can_be_over() -> None:
    assert copy(expires=5).is_over(START + timedelta(seconds=5))
    assert not copy(expires=5).is_over(START + timedelta(seconds=4))
    assert not copy(expires=5, dead=True).is_over(START + timedelta(seconds=6))
    assert not copy().is_over(START + timedelta(days=9))


def test_is_seen_with_its_lock_and_why_it_is_dead() -> None:
    free, held = copy().seen(), copy(until=9, dead=True).seen()

    assert (free.lock_token, free.locked_until, free.dead_letter_reason) == (None, None, None)
    assert (held.lock_token, held.locked_until) == ("k", after(9))
    assert (held.dead_letter_reason, held.dead_letter_description, held.dead_letter_source) == (
        *("r", "d", "q"),
    )

"""Ids of runs: the newest sorts first."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.run_ids import RANDOM_BITS, accepted_at, child_id, keys_between, new_run_id

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DICE = st.integers(0, 2**RANDOM_BITS - 1)
MILLISECOND = timedelta(milliseconds=1)

#: What a key of a row and an instance of Durable Functions may both be called.
SAFE = re.compile(r"[0-9a-z-]{1,100}")


@given(now=INSTANTS, dice=DICE)
def test_is_short_and_safe_everywhere(now: datetime, dice: int) -> None:
    run = new_run_id(now, dice)

    assert SAFE.fullmatch(run)
    assert len(run) == 25
    assert SAFE.fullmatch(child_id(run, "a/b" * 100))


@given(earlier=INSTANTS, gap=st.timedeltas(MILLISECOND, timedelta(days=400)), dice=DICE, others=DICE)
def test_the_newer_sorts_first(earlier: datetime, gap: timedelta, dice: int, others: int) -> None:
    assert new_run_id(earlier + gap, dice) < new_run_id(earlier, others)


@given(now=INSTANTS, dice=DICE, others=DICE)
def test_dice_tell_apart_what_was_accepted_at_once(now: datetime, dice: int, others: int) -> None:
    assert (new_run_id(now, dice) == new_run_id(now, others)) == (dice == others)


def _floor(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@given(now=INSTANTS, dice=DICE)
def test_tells_when_it_was_accepted(now: datetime, dice: int) -> None:
    run = new_run_id(now, dice)

    assert accepted_at(run) == accepted_at(child_id(run, "step")) == _floor(now)


@given(
    now=INSTANTS,
    dice=DICE,
    earliest=st.none() | INSTANTS,
    latest=st.none() | INSTANTS,
    is_child=st.booleans(),
)
def test_finds_what_lies_between_to_the_millisecond(
    now: datetime, dice: int, earliest: datetime | None, latest: datetime | None, is_child: bool
) -> None:
    run = new_run_id(now, dice)
    run = child_id(run, "step") if is_child else run

    first, last = keys_between(earliest, latest)

    is_late_enough = earliest is None or _floor(now) >= _floor(earliest)
    is_early_enough = latest is None or _floor(now) <= _floor(latest)
    assert (first <= run <= last) == (is_late_enough and is_early_enough)


@given(now=INSTANTS, gap=st.timedeltas(timedelta(0), timedelta(seconds=2)), dice=DICE)
def test_finds_what_was_accepted_at_either_end(now: datetime, gap: timedelta, dice: int) -> None:
    first, last = keys_between(now, now + gap)

    assert first <= new_run_id(now, dice) <= last
    assert first <= new_run_id(now + gap, dice) <= last


def test_bounds_before_and_after_all_times_are_taken() -> None:
    first, last = keys_between(datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))

    assert (first, last) == keys_between(None, None)


@given(dice=DICE, path=st.text(), other=st.text())
def test_children_are_told_apart_by_their_path(dice: int, path: str, other: str) -> None:
    run = new_run_id(datetime(2031, 1, 1, tzinfo=UTC), dice)

    assert (child_id(run, path) == child_id(run, other)) == (path == other)
    assert child_id(run, path) != child_id(child_id(run, path), path)

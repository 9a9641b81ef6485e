"""When schedules come due, as Azure's host reads them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from devhost.triggers.schedule import BadSchedule, Crontab, Interval, parsed

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)  # a Friday
OSLO = ZoneInfo("Europe/Oslo")
INSTANTS = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds bare
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def subsets(low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    some = st.lists(st.integers(low, high), min_size=1, max_size=4, unique=True)
    whole = st.just(list(range(low, high + 1)))
    return st.one_of(some, whole).map(lambda values: tuple(sorted(values)))


CRONTABS = st.builds(
    Crontab,
    seconds=subsets(0, 59),
    minutes=subsets(0, 59),
    hours=subsets(0, 23),
    days=subsets(1, 28),
    months=subsets(1, 12),
    weekdays=subsets(0, 6),
)


def fits(crontab: Crontab, when: datetime) -> bool:
    return (
        when.second in crontab.seconds
        and when.minute in crontab.minutes
        and when.hour in crontab.hours
        and when.day in crontab.days
        and when.month in crontab.months
        and (when.weekday() + 1) % 7 in crontab.weekdays
        and when.microsecond == 0
    )


@given(CRONTABS, INSTANTS)
def test_comes_due_later_and_where_every_field_fits(crontab: Crontab, now: datetime) -> None:
    due = crontab.after(now)

    assert due > now
    assert fits(crontab, due)


@given(CRONTABS, INSTANTS, st.floats(0, 1))
def test_nothing_between_now_and_the_next_fits(crontab: Crontab, now: datetime, part: float) -> None:
    due = crontab.after(now)

    between = (now + (due - now) * part).replace(microsecond=0)
    assume(now < between < due)
    assert not fits(crontab, between)


@given(CRONTABS, INSTANTS)
def test_no_second_just_before_the_next_fits(crontab: Crontab, now: datetime) -> None:
    due = crontab.after(now)

    for seconds in range(1, 200):
        before = due - timedelta(seconds=seconds)
        assert before <= now or not fits(crontab, before)


@given(CRONTABS, INSTANTS)
def test_an_earlier_instant_is_never_followed_later(crontab: Crontab, now: datetime) -> None:
    assert crontab.after(now - timedelta(hours=5)) <= crontab.after(now)


@given(INSTANTS)
def test_hourly_in_oslo_comes_every_hour_also_when_the_clocks_change(now: datetime) -> None:
    first = parsed("0 15 * * * *", OSLO).after(now)

    assert first - now <= timedelta(hours=1)
    assert parsed("0 15 * * * *", OSLO).after(first) - first == timedelta(hours=1)


@given(INSTANTS)
def test_daily_in_oslo_comes_once_a_day_also_when_the_clocks_change(now: datetime) -> None:
    daily = parsed("0 30 2 * * *", OSLO)
    first = daily.after(now)
    second = daily.after(first)

    days = [when.astimezone(OSLO).date() for when in (first, second)]
    assert days[1] - days[0] == timedelta(days=1)


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("0 */5 * * * *", "2026-01-02T12:05:00"),
        ("*/5 * * * *", "2026-01-02T12:05:00"),
        ("0 0 * * * *", "2026-01-02T13:00:00"),
        ("0 0 9-17/4 * * *", "2026-01-02T13:00:00"),
        ("0 0 17-9/4 * * *", "2026-01-02T13:00:00"),
        ("30 59 23 * * *", "2026-01-02T23:59:30"),
        ("0 30 9 * * 1-5", "2026-01-05T09:30:00"),
        ("0 30 9 * * MON-FRI", "2026-01-05T09:30:00"),
        ("0 30 9 * jan mon", "2026-01-05T09:30:00"),
        ("0 0 0 * * Sunday,sat", "2026-01-03T00:00:00"),
        ("0 0 0 1 */3 *", "2026-04-01T00:00:00"),
        ("0 0 0 13 * 5", "2026-02-13T00:00:00"),
        ("0 0 0 20/5 * *", "2026-01-20T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 29 2 Mon", "2044-02-29T00:00:00"),
        ("  0   0  6  *  *  *  ", "2026-01-03T06:00:00"),
        ("*/0 * * * * *", "2026-01-02T12:00:01"),
        ("00:05:00", "2026-01-02T12:05:00"),
        ("00:00:00.5", "2026-01-02T12:00:00.500000"),
        ("02:30", "2026-01-02T14:30:00"),
        ("1.00:00:00", "2026-01-03T12:00:00"),
        ("24.00:00:00", "2026-01-26T12:00:00"),
        ("24:00:00", "2026-01-26T12:00:00"),
        ("25:06:07", "2026-01-27T18:07:00"),
    ],
)
def test_comes_due_as_azure_reads_it(schedule: str, due: str) -> None:
    assert parsed(schedule).after(NOON) == at(due)


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("", "it is no schedule"),
        ("hourly", "it is no schedule"),
        ("@daily", "it is no schedule"),
        ("* * *", "it has 3 fields"),
        ("0 0 0 1 1 * 2030", "it has 7 fields"),
        ("60 * * * * *", "60 is not between 0 and 59"),
        ("0 0 0 0 * *", "0 is not between 1 and 31"),
        ("0 0 0 * * 7", "7 is not between 0 and 6"),
        ("0 0 0 L * *", "'L' is no value from 1 to 31"),
        ("0 0 0 ? * *", "'?' is no value from 1 to 31"),
        ("0 0 0 * * Foo", "'Foo' is no value from 0 to 6"),
        ("0 1,,2 * * * *", "'' is no value from 0 to 59"),
        ("0 */x * * * *", "the step of '*/x' is no number"),
        ("00:60:00", "out of range"),
        ("00:00:00", "longer than nothing"),
        ("9999999.00:00:00", "it is too long"),
    ],
)
def test_refuses_what_azure_cannot_read(schedule: str, reason: str) -> None:
    with pytest.raises(BadSchedule) as refusal:
        parsed(schedule)

    assert reason in refusal.value.reason
    assert repr(schedule) in str(refusal.value)
    assert refusal.value.remedy in str(refusal.value)


def test_refuses_a_day_that_never_comes() -> None:
    with pytest.raises(BadSchedule, match="it never comes: name a day of the month that its months have"):
        parsed("0 0 0 31 2 *").after(NOON)


def test_goes_by_the_clock_on_the_wall_of_its_zone() -> None:
    nightly = parsed("0 30 2 * * *", OSLO)

    assert nightly.after(at("2026-01-02T12:00:00")) == at("2026-01-03T01:30:00")
    assert nightly.after(at("2026-07-02T12:00:00")) == at("2026-07-03T00:30:00")


def test_reaches_a_time_that_the_clocks_leap_over_as_much_later() -> None:
    nightly = parsed("0 30 2 * * *", OSLO)

    # At 2 the clocks in Oslo go to 3.
    assert nightly.after(at("2026-03-28T12:00:00")) == at("2026-03-29T01:30:00")
    assert nightly.after(at("2026-03-29T01:30:00")) == at("2026-03-30T00:30:00")


def test_takes_the_first_of_two_times_when_the_clocks_go_back() -> None:
    nightly = parsed("0 30 2 * * *", OSLO)

    assert nightly.after(at("2026-10-24T12:00:00")) == at("2026-10-25T00:30:00")
    assert nightly.after(at("2026-10-25T00:30:00")) == at("2026-10-26T01:30:00")


def test_takes_the_second_of_two_times_when_the_first_has_passed() -> None:
    assert parsed("0 30 2 * * *", OSLO).after(at("2026-10-25T01:10:00")) == at("2026-10-25T01:30:00")


@pytest.mark.parametrize(
    ("schedule", "frequent"),
    [
        ("*/10 * * * * *", True),
        ("10,20,45 * * * * *", True),
        ("0 * * * * *", False),
        ("* 30 * * * *", False),
        ("00:00:59", True),
        ("00:01:00", False),
    ],
)
def test_is_frequent_only_below_a_minute_all_the_time(schedule: str, frequent: bool) -> None:
    assert parsed(schedule).is_frequent is frequent


def test_only_a_crontab_follows_the_clocks() -> None:
    assert (parsed("00:05:00").adjusts_for_dst, parsed("0 * * * * *").adjusts_for_dst) == (False, True)
    assert Interval(timedelta(hours=1)).after(NOON) == at("2026-01-02T13:00:00")

"""When a timer function is due: six-field NCRONTAB, five fields, or an interval, as Azure reads them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

#: No date but one with a weekday (29 February on a Monday) is this far from its next; across 2100 it is 40.
LONGEST_WAIT_YEARS = 40
#: Below it nothing is remembered from one host to the next.
SHORTEST_MONITORED = timedelta(minutes=1)

_MONTHS = (
    "January February March April May June July August September October November December".lower().split()
)
_DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".lower().split()
_REMEDY = (
    "write {second} {minute} {hour} {day} {month} {day-of-week}, such as '0 */5 * * * *' for every five "
    "minutes, or an interval such as '00:05:00'"
)
_SPAN = re.compile(
    r"(?:(?P<days>\d{1,9})\.)?(?P<first>\d{1,9}):(?P<second>\d{1,9})"
    r"(?::(?P<third>\d{1,9})(?:\.(?P<part>\d{1,7}))?)?"
)


class BadSchedule(ValueError):
    """Azure's host cannot read the schedule, or it never comes due."""

    def __init__(self, schedule: str, reason: str, remedy: str = _REMEDY) -> None:
        self.schedule, self.reason, self.remedy = schedule, reason, remedy
        super().__init__(f"its schedule {schedule!r} is refused, {reason}: {remedy}")


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so often, counted from the run before."""

    span: timedelta

    @property
    def adjusts_for_dst(self) -> bool:
        return False

    @property
    def is_frequent(self) -> bool:
        return self.span < SHORTEST_MONITORED

    def after(self, now: datetime) -> datetime:
        """The next due instant."""
        return now + self.span


@dataclass(frozen=True, slots=True, kw_only=True)
class Crontab:
    """Whenever every field fits the clock on the wall; day and weekday must both fit."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    zone: tzinfo = UTC

    @property
    def adjusts_for_dst(self) -> bool:
        return True

    @property
    def is_frequent(self) -> bool:
        """Whether it comes more than once a minute, all the time."""
        sizes = (len(self.minutes), len(self.hours), len(self.days), len(self.months), len(self.weekdays))
        return len(self.seconds) > 1 and sizes == (60, 24, 31, 12, 7)

    def after(self, now: datetime) -> datetime:
        """The next due instant."""
        here = now.astimezone(self.zone)
        wall = here.replace(tzinfo=None, fold=0)
        due = self._after_wall(wall)
        if due is None:
            raise BadSchedule(
                str(self), "it never comes", "name a day of the month that its months have, and its weekday"
            )
        if len(self.hours) == 24 and due - wall <= timedelta(hours=2):
            # Hour by hour it keeps its pace across a change of the clocks, also in the hour that comes twice.
            return now.astimezone(UTC) + (due - wall)
        # A time that the clocks leap over is reached as much later; of one that comes twice the first counts.
        at = due.replace(tzinfo=self.zone).astimezone(UTC)
        return at if at > now else due.replace(tzinfo=self.zone, fold=1).astimezone(UTC)

    def _fits_day(self, day: date) -> bool:
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays

    def _after_wall(self, wall: datetime) -> datetime | None:
        start = wall.replace(microsecond=0) + timedelta(seconds=1)
        if self._fits_day(start.date()):
            time = self._time_from((start.hour, start.minute, start.second))
            if time is not None:
                return datetime(start.year, start.month, start.day, *time)  # noqa: DTZ001 - a wall clock's face
        day = start.date()
        for _ in range(LONGEST_WAIT_YEARS * 366):
            day += timedelta(days=1)
            if self._fits_day(day):
                first = (self.hours[0], self.minutes[0], self.seconds[0])
                return datetime(day.year, day.month, day.day, *first)  # noqa: DTZ001 - as above
        return None

    def _time_from(self, start: tuple[int, int, int]) -> tuple[int, int, int] | None:
        """The first time of day that fits, at `start` or later."""
        hour, minute, second = start
        for h in (h for h in self.hours if h >= hour):
            for m in (m for m in self.minutes if (h, m) >= (hour, minute)):
                for s in self.seconds:
                    if (h, m, s) >= (hour, minute, second):
                        return h, m, s
        return None


Schedule = Interval | Crontab


def parsed(text: str, zone: tzinfo = UTC) -> Schedule:
    """The schedule a text stands for; `BadSchedule` says what is wrong with it."""
    fields = text.split()
    if len(fields) in (5, 6):
        return _crontab(text, fields, zone)
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return _interval(text, span)
    raise BadSchedule(text, f"it has {len(fields)} fields" if len(fields) > 1 else "it is no schedule")


def _crontab(text: str, fields: list[str], zone: tzinfo) -> Crontab:
    try:
        second, minute, hour, day, month, weekday = ["0"] * (6 - len(fields)) + fields
        return Crontab(
            seconds=_field(second, 0, 59),
            minutes=_field(minute, 0, 59),
            hours=_field(hour, 0, 23),
            days=_field(day, 1, 31),
            months=_field(month, 1, 12, _MONTHS),
            weekdays=_field(weekday, 0, 6, _DAYS),
            zone=zone,
        )
    except ValueError as error:
        raise BadSchedule(text, str(error)) from error


def _field(text: str, low: int, high: int, names: list[str] | None = None) -> tuple[int, ...]:
    """The values one field lets through."""
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not step.isdecimal():
            raise ValueError(f"the step of {part!r} is no number")
        first, dash, last = span.partition("-")
        if span == "*":
            bounds = [low, high]
        else:
            bounds = [_value(first, low, high, names)]
            bounds.append(_value(last, low, high, names) if dash else high if slash else bounds[0])
        # Of a range whose ends are the wrong way round, NCrontab takes what lies between them.
        values.update(range(min(bounds), max(bounds) + 1, max(int(step or 1), 1)))
    return tuple(sorted(values))


def _value(text: str, low: int, high: int, names: list[str] | None) -> int:
    if text.isdecimal() and text.isascii():
        if low <= int(text) <= high:
            return int(text)
        raise ValueError(f"{text} is not between {low} and {high}")
    found = [number for number, name in enumerate(names or (), start=low) if name.startswith(text.lower())]
    if text and found:
        return found[0]
    raise ValueError(f"{text!r} is no value from {low} to {high}")


def _interval(text: str, span: re.Match[str]) -> Interval:
    first, second = int(span["first"]), int(span["second"])
    third, days = int(span["third"] or 0), int(span["days"] or 0)
    micros = int((span["part"] or "0").ljust(7, "0")) // 10
    if span["days"] is None and span["third"] is not None and first >= 24:
        # .NET reads 24:00:00 as days, hours and minutes: every 24 days, not every day.
        days, hours, minutes, seconds = first, second, third, 0
    else:
        hours, minutes, seconds = first, second, third
    if hours > 23 or minutes > 59 or seconds > 59:
        raise BadSchedule(text, "its hours, minutes or seconds are out of range")
    if days > LONGEST_WAIT_YEARS * 366:
        raise BadSchedule(text, "it is too long")
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    if length <= timedelta():
        raise BadSchedule(text, "an interval must be longer than nothing")
    return Interval(length)

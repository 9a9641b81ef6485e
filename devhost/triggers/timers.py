"""Rings timer functions on their schedules."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from devhost.engine.ports import Alarm
from devhost.functions.catalog import TIMER, Dropped, Function
from devhost.functions.failures import describe
from devhost.functions.running import Ending, Raised
from devhost.functions.trigger_values import TimerTick, timer_value
from devhost.triggers.ports import Provisions
from devhost.triggers.schedule import BadSchedule, Schedule, parsed

log = logging.getLogger("devhost.timers")

#: What Azure says where there was no run yet.
NEVER = datetime.min.replace(tzinfo=UTC)


class Timers:
    """All timer functions of the app; a `TriggerSource`."""

    def __init__(self, provisions: Provisions) -> None:
        self._timers: dict[str, _Timer] = {}
        dropped = []
        for function in provisions.catalog.triggered_by(TIMER):
            text = str(function.trigger.attributes.get("schedule", ""))
            try:
                zone = _zone(provisions.environ, text)
                schedule = parsed(text, zone)
                schedule.after(provisions.clock.now())
            except BadSchedule as error:
                log.error("The timer function %r is left out: %s.", function.name, error)
                dropped.append(Dropped(name=function.name, reason=str(error)))
            else:
                self._timers[function.name] = _Timer(provisions, function, schedule, text, zone)
        self.dropped = tuple(dropped)
        self._rows = provisions.rows

    @property
    def is_quiet(self) -> bool:
        return True

    def told(self, function: Function) -> str | None:
        if function.trigger.type != TIMER:
            return None
        timer = self._timers.get(function.name)
        return "never" if timer is None else timer.told()

    def start(self) -> None:
        remembered = self._rows.remembered()
        for timer in self._timers.values():
            timer.start(remembered.get(timer.function.name))

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    """Where a timer stands; `last` is None until it has run under this schedule."""

    last: datetime | None
    next: datetime
    updated: datetime | None

    def text(self) -> str:
        members = {"last": self.last, "next": self.next, "updated": self.updated}
        return json.dumps({name: when and when.isoformat() for name, when in members.items()})

    @classmethod
    def of(cls, text: str) -> "_Status":
        members = json.loads(text)
        last, due, updated = (members[name] for name in ("last", "next", "updated"))
        return cls(
            last=last and datetime.fromisoformat(last),
            next=datetime.fromisoformat(due),
            updated=updated and datetime.fromisoformat(updated),
        )


class _Timer:
    """One timer function, which never runs twice at a time: the next run is set when one has ended."""

    def __init__(
        self, provisions: Provisions, function: Function, schedule: Schedule, text: str, zone: tzinfo
    ) -> None:
        self.function = function
        self._provisions = provisions
        self._schedule, self._text, self._zone = schedule, text, zone
        attributes = function.trigger.attributes
        self._runs_on_startup = _is_true(attributes.get("runOnStartup"), unsaid=False)
        # As on Azure: what comes more often than once a minute is not worth remembering.
        self._is_monitored = _is_true(attributes.get("useMonitor"), unsaid=True) and not schedule.is_frequent
        now = provisions.clock.now()
        self._status = _Status(last=None, next=schedule.after(now), updated=None)
        self._alarm: Alarm | None = None
        self._stopped = False

    def told(self) -> str:
        due = self._status.next.astimezone(self._zone)
        return f"{self._text} ({self._zone}), next at {due:%Y-%m-%d %H:%M:%S}"

    def start(self, remembered: str | None) -> None:
        now = self._provisions.clock.now()
        if self._is_monitored:
            self._take_up(remembered, now)
            if now > self._status.next:
                log.info("The timer function %r missed a run while the host was down.", self.function.name)
                self._run(past_due=True, scheduled=False)
                return
        if self._runs_on_startup:
            self._run(scheduled=False)
        else:
            self._wait()

    def stop(self) -> None:
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    def _take_up(self, remembered: str | None, now: datetime) -> None:
        """Go on where the last host stood, unless the schedule has been changed since."""
        if remembered is None:
            status = _Status(last=None, next=self._status.next, updated=now)
        else:
            status = _Status.of(remembered)
            counted_from = status.last or status.updated or now
            expected = self._schedule.after(counted_from)
            if expected != status.next:
                if now > expected:
                    # A changed schedule has missed nothing yet.
                    expected, counted_from = self._schedule.after(now), now
                status = _Status(last=None, next=expected, updated=counted_from)
        self._keep(status)

    def _keep(self, status: _Status) -> None:
        self._status = status
        if self._is_monitored:
            self._provisions.rows.put(self.function.name, status.text())

    def _wait(self) -> None:
        if not self._stopped:
            self._alarm = self._provisions.clock.call_at(self._status.next, self._run)

    def _run(self, *, past_due: bool = False, scheduled: bool = True) -> None:
        tick = TimerTick(
            past_due=past_due,
            last=self._status.last or NEVER,
            next=self._status.next,
            last_updated=self._status.updated or NEVER,
            monitored=self._is_monitored,
            adjusts_for_dst=self._schedule.adjusts_for_dst,
        )
        began = self._provisions.clock.now()
        if scheduled:
            # A clock may ring a little early; the same run must not be due again.
            began = max(began, self._status.next)
        self._provisions.invoke(
            self.function, partial(timer_value, self.function, tick), partial(self._ended, began)
        )

    def _ended(self, began: datetime, ending: Ending) -> None:
        if isinstance(ending, Raised):
            failure = describe(ending.error)
            log.error("The timer function %r failed: %s", self.function.name, failure.logged())
        # Counted from the beginning: what came due meanwhile is run once, and at once.
        self._keep(_Status(last=began, next=self._schedule.after(began), updated=began))
        self._wait()


def _zone(environ: Mapping[str, str], schedule: str) -> tzinfo:
    name = environ.get("WEBSITE_TIME_ZONE", "").strip()
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    # Whatever the name leads to in the database's folder, or out of it.
    except (KeyError, OSError, ValueError) as error:
        raise BadSchedule(
            schedule,
            f"the setting WEBSITE_TIME_ZONE has {name!r}, which is no time zone",
            "give it a name such as Europe/Oslo, as on Azure's Linux",
        ) from error


def _is_true(value: object, *, unsaid: bool) -> bool:
    return unsaid if value is None else str(value).lower() == "true"

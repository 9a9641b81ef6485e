"""Timer functions ring on their schedules, one run at a time, and catch up once after a pause of the host."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.bus.broker import LocalBroker
from devhost.bus.topology import Topology
from devhost.engine.commits import Commits
from devhost.functions.bus_settings import BusSettings
from devhost.functions.catalog import HTTP, TIMER, Binding, Catalog, Function
from devhost.functions.http_exchange import Webhook
from devhost.functions.running import Done, Raised, Returned
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock
from devhost.triggers.bus_plan import BusPlan
from devhost.triggers.memory import Memory
from devhost.triggers.ports import BusLink, Provisions
from devhost.triggers.timers import Timers

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def timer(schedule: str, **attributes: object) -> Function:
    binding = Binding(type=TIMER, name="timer", attributes={"schedule": schedule, **attributes})
    return Function(
        name="nightly",
        trigger=binding,
        bindings=(binding,),
        call=print,
        is_async=False,
        directory="",
        wants_context=False,
    )


def unused(root: str, webhook: Webhook) -> None:
    raise AssertionError(f"timers open no path, not {root} for {webhook}")


class Desk:
    """Timers of one function on a clock of their own; its runs end when the test says so."""

    def __init__(self, folder: Path, function: Function, now: datetime, environ: dict[str, str]) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock(self.loop, now)
        self.store = Store(folder)
        self.function = function
        #: When each run began, and what it was given.
        self.runs: list[tuple[datetime, Any]] = []
        self.open: list[Done] = []
        self.holds = False
        self.timers = Timers(
            Provisions(
                catalog=Catalog([function]),
                clock=self.clock,
                environ=environ,
                invoke=self._invoke,
                rows=Memory(
                    source="timers",
                    store=self.store,
                    clock=self.clock,
                    changed=self.store.commit,
                    after_commit=lambda action: action(),
                ),
                open_path=unused,
                bus=BusLink(
                    broker=LocalBroker(self.store, self.clock, Commits(self.store, self.loop), Topology()),
                    settings=BusSettings(),
                    plan=BusPlan(),
                ),
            )
        )

    def _invoke(
        self, function: Function, make_value: Callable[[], Any], done: Done, *, trace_parent: str = ""
    ) -> None:
        self.runs.append((self.clock.now(), make_value()))
        if self.holds:
            self.open.append(done)
        else:
            done(Returned(None))

    def advance(self, span: timedelta) -> None:
        goal = self.clock.now() + span
        while (due := self.clock.next_due()) is not None and due <= goal:
            self.clock.jump_to(due)
        self.clock.jump_to(goal)

    @property
    def begun(self) -> list[str]:
        return [f"{began:%d %H:%M:%S}" for began, _ in self.runs]

    def store_text(self) -> str:
        return "".join(value for _, value in queries.trigger_rows(self.store, "timers"))

    def close(self) -> None:
        self.timers.stop()
        self.store.close()
        self.loop.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens desks on one state, one after the other."""
    desks: list[Desk] = []

    def opened(function: Function, now: datetime = NOON, **environ: str) -> Desk:
        for former in desks:
            former.close()
        desks[:] = [Desk(tmp_path, function, now, environ)]
        desks[0].timers.start()
        return desks[0]

    yield opened
    for last in desks:
        last.close()


def test_rings_at_each_due_time(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("0 */5 * * * *"))

    ringing.advance(16 * MINUTE)

    assert ringing.begun == ["01 12:05:00", "01 12:10:00", "01 12:15:00"]
    assert ringing.timers.is_quiet


def test_tells_the_function_when_it_ran_last_and_is_due(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("00:05:00"))

    ringing.advance(10 * MINUTE)

    first, second = (given for _, given in ringing.runs)
    assert (first.past_due, first.schedule) == (False, {"AdjustForDST": False})
    assert first.schedule_status == {
        "Last": "0001-01-01T00:00:00.000000Z",
        "Next": "2030-01-01T12:05:00.000000Z",
        "LastUpdated": "2030-01-01T12:00:00.000000Z",
    }
    assert second.schedule_status["Last"] == "2030-01-01T12:05:00.000000Z"
    assert second.schedule_status["Next"] == "2030-01-01T12:10:00.000000Z"


def test_never_runs_a_function_twice_at_a_time(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("0 * * * * *"))
    ringing.holds = True
    ringing.advance(4 * MINUTE)
    assert ringing.begun == ["01 12:01:00"]

    ringing.open.pop()(Returned(None))
    ringing.advance(timedelta(seconds=30))

    # What came due meanwhile is run once, and at once.
    assert ringing.begun == ["01 12:01:00", "01 12:04:00"]
    assert ringing.runs[-1][1].past_due is False
    ringing.open.pop()(Returned(None))
    ringing.advance(MINUTE)
    assert ringing.begun[2:] == ["01 12:05:00"]


def test_goes_on_after_a_failure(desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture) -> None:
    ringing = desk(timer("0 * * * * *"))
    ringing.holds = True
    ringing.advance(MINUTE)

    ringing.open.pop()(Raised(ValueError("no stock")))
    ringing.advance(MINUTE)

    assert len(ringing.runs) == 2
    assert "The timer function 'nightly' failed: ValueError: no stock" in caplog.text


def test_runs_at_the_start_when_asked_to(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("0 0 * * * *", runOnStartup=True))

    ringing.advance(60 * MINUTE)

    assert ringing.begun == ["01 12:00:00", "01 13:00:00"]
    assert ringing.runs[0][1].past_due is False


def test_catches_up_once_on_what_was_missed(desk: Callable[..., Desk]) -> None:
    desk(timer("0 0 * * * *"))

    back = desk(timer("0 0 * * * *"), NOON + timedelta(hours=5, minutes=10))
    back.advance(60 * MINUTE)

    assert back.begun == ["01 17:10:00", "01 18:00:00"]
    assert [given.past_due for _, given in back.runs] == [True, False]
    assert back.runs[0][1].schedule_status["Next"] == "2030-01-01T13:00:00.000000Z"


def test_a_run_that_did_not_end_is_made_up_for(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("0 0 * * * *"))
    ringing.holds = True
    ringing.advance(60 * MINUTE)

    back = desk(timer("0 0 * * * *"), NOON + timedelta(hours=1, minutes=1))

    assert [given.past_due for _, given in back.runs] == [True]


def test_misses_nothing_when_nothing_came_due(desk: Callable[..., Desk]) -> None:
    desk(timer("0 0 * * * *")).advance(61 * MINUTE)

    back = desk(timer("0 0 * * * *"), NOON + timedelta(hours=1, minutes=30))

    assert back.runs == []
    back.advance(30 * MINUTE)
    assert back.begun == ["01 14:00:00"]
    assert back.runs[0][1].schedule_status["Last"] == "2030-01-01T13:00:00.000000Z"


@pytest.mark.parametrize(
    ("schedule", "attributes"),
    [("0 0 * * * *", {"useMonitor": False}), ("*/10 * * * * *", {}), ("00:00:30", {"useMonitor": True})],
)
def test_remembers_nothing_unmonitored_or_below_a_minute(
    desk: Callable[..., Desk], schedule: str, attributes: dict[str, object]
) -> None:
    desk(timer(schedule, **attributes))

    back = desk(timer(schedule, **attributes), NOON + timedelta(hours=5))
    assert back.runs == []

    back.advance(60 * MINUTE)
    assert back.runs[0][1].past_due is False
    assert back.runs[0][1].schedule_status == {}


def test_a_changed_schedule_has_missed_nothing(desk: Callable[..., Desk]) -> None:
    desk(timer("0 0 * * * *"))

    back = desk(timer("0 30 * * * *"), NOON + timedelta(hours=5))
    assert back.runs == []

    back.advance(60 * MINUTE)
    assert back.begun == ["01 17:30:00"]


def test_a_schedule_changed_in_time_goes_on_from_where_it_stood(desk: Callable[..., Desk]) -> None:
    desk(timer("0 0 13 * * *"))

    back = desk(timer("0 0 14 * * *"), NOON + timedelta(minutes=10))
    back.advance(timedelta(hours=3))

    assert back.begun == ["01 14:00:00"]
    assert back.runs[0][1].past_due is False


def test_rings_no_more_once_it_is_stopped(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("0 * * * * *"))
    ringing.holds = True
    ringing.advance(MINUTE)
    ringing.timers.stop()
    ringing.timers.stop()

    ringing.open.pop()(Returned(None))
    ringing.advance(10 * MINUTE)

    assert len(ringing.runs) == 1
    # The run that ended was kept all the same.
    assert '"last": "2030-01-01T12:01:00+00:00"' in ringing.store_text()


def test_leaves_out_a_bad_schedule_and_says_why(
    desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        ringing = desk(timer("daily"))

    ringing.advance(timedelta(days=2))
    assert ringing.runs == []
    [dropped] = ringing.timers.dropped
    assert dropped.name == "nightly"
    assert dropped.reason.startswith("its schedule 'daily' is refused, it is no schedule: write {second}")
    assert f"The timer function 'nightly' is left out: {dropped.reason}." in caplog.text
    assert ringing.timers.told(ringing.function) == "never"


def test_rings_in_the_zone_of_the_settings(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("0 0 14 * * *"), WEBSITE_TIME_ZONE="Europe/Oslo")

    assert ringing.timers.told(ringing.function) == "0 0 14 * * * (Europe/Oslo), next at 2030-01-01 14:00:00"
    ringing.advance(60 * MINUTE)
    assert ringing.begun == ["01 13:00:00"]


@pytest.mark.parametrize("zone", ["Eastern Standard Time", "../secrets", "Europe"])
def test_refuses_a_zone_that_is_none(desk: Callable[..., Desk], zone: str) -> None:
    ringing = desk(timer("0 0 14 * * *"), WEBSITE_TIME_ZONE=zone)

    [dropped] = ringing.timers.dropped
    assert f"WEBSITE_TIME_ZONE has {zone!r}, which is no time zone" in dropped.reason


def test_tells_of_its_own_functions_only(desk: Callable[..., Desk]) -> None:
    ringing = desk(timer("00:05:00"))
    other = Binding(type=HTTP, name="req")
    stranger = Function(
        name="web", trigger=other, bindings=(), call=print, is_async=False, directory="", wants_context=False
    )

    assert ringing.timers.told(ringing.function) == "00:05:00 (UTC), next at 2030-01-01 12:05:00"
    assert ringing.timers.told(stranger) is None

"""Timer functions run by the clock, in virtual time as in real time."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from driver import APPS, Server, polled

from devhost.announcement import lines
from devhost.host import Host
from devhost.options import HostOptions
from devhost.testing import LocalHost
from devhost.testing.time_keeper import TimeKeeper
from devhost.testing.virtual_clock import START, VirtualClock

APP = APPS / "timers"
HOUR = 3600
SETTINGS = {"SWEEP": "06:00:00", "AzureWebJobs.switched_off.Disabled": "true"}


def host_of(state: Path) -> LocalHost:
    return LocalHost(APP, state=state, settings=SETTINGS)


def seen(host: LocalHost, name: str) -> list[list[Any]]:
    return [entry for entry in host.request("GET", "/api/seen").json() if entry[0] == name]


def test_rings_as_virtual_time_passes(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.advance(24 * HOUR)

        assert len(seen(host, "hourly")) == 24
        assert [host.result(status.instance_id) for status in host.statuses()] == [
            "swept, in time, by 06:00:00"
        ] * 4
        assert [seen(host, name)[0][0] for name in ("opening", "broken")] == ["opening", "broken"]
        assert seen(host, "switched_off") == seen(host, "never") == []


def test_tells_each_run_of_the_one_before(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.advance(2 * HOUR)

        assert seen(host, "hourly") == [
            ["hourly", False, "0001-01-01T00:00:00.000000Z", "2030-01-01T01:00:00.000000Z"],
            ["hourly", False, "2030-01-01T01:00:00.000000Z", "2030-01-01T02:00:00.000000Z"],
        ]


def test_a_function_that_fails_is_rung_again(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.advance(48 * HOUR)

        assert len(seen(host, "broken")) == 2


def test_does_not_ring_twice_after_a_restart_in_time(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.advance(HOUR)

    with host_of(tmp_path) as host:
        assert host.clock.now() == START + timedelta(hours=1)
        host.advance(HOUR)

        assert seen(host, "hourly") == [
            ["hourly", False, "2030-01-01T01:00:00.000000Z", "2030-01-01T02:00:00.000000Z"]
        ]


def test_makes_up_once_for_what_was_missed_while_the_host_was_down(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.advance(HOUR)

    async def later(now: datetime) -> list[list[Any]]:
        clock = VirtualClock(asyncio.get_running_loop(), now)
        host = await Host.open(
            HostOptions(app=APP, port=0, state=tmp_path, extra_settings=SETTINGS), clock=clock
        )
        try:
            await TimeKeeper(host, clock).settle(5)
            return list(host.module.seen)
        finally:
            await host.close()

    missed = asyncio.run(later(START + timedelta(hours=5, minutes=10)))

    assert sorted(missed) == [
        ["broken", True, "0001-01-01T00:00:00.000000Z", "2030-01-01T02:30:00.000000Z"],
        ["hourly", True, "2030-01-01T01:00:00.000000Z", "2030-01-01T02:00:00.000000Z"],
        # Not missed, but asked for at every start.
        ["opening", False, "2030-01-01T00:00:00.000000Z", "2031-01-01T00:00:00.000000Z"],
    ]


def test_announces_what_is_due_and_what_never_is(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        told = "\n".join(lines(host.host, 1))

    assert "  hourly   timer: 0 0 * * * * (UTC), next at 2030-01-01 01:00:00\n" in told
    assert "  never: left out, its schedule '0 0 * * *  monday morning' is refused, it has 7 fields" in told


def test_rings_in_real_time(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"Values": {**SETTINGS, "SWEEP": "00:00:00.3"}}), encoding="utf-8")
    ringing = Server("timers", "sticky", tmp_path, "--settings", str(settings))
    try:

        def swept() -> bool:
            entries = ringing.request("GET", "/api/seen", None, {}).json()
            return [entry[0] for entry in entries].count("sweep") > 2

        assert polled(swept)
    finally:
        assert ringing.stop() == 0

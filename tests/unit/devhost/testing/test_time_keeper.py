"""Virtual time passes when nothing else can happen, and not before."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.engine.clock import RealClock
from devhost.host import Host
from devhost.options import HostOptions
from devhost.testing import VirtualClock
from devhost.testing.time_keeper import TimeKeeper
from devhost.testing.virtual_clock import START

MakeApp = Callable[..., Path]
Scene = Callable[["Stage"], Coroutine[Any, Any, Any]]

APP = """
import asyncio, threading
from datetime import timedelta

CLOCK = None
GATE = threading.Event()
WORKING = threading.Event()

@app.orchestration_trigger(context_name="context")
def nap(context):
    for seconds in context.get_input():
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
        context.set_custom_status(f"{context.current_utc_datetime:%H:%M:%S}")
    return f"{context.current_utc_datetime:%H:%M:%S}"

@app.orchestration_trigger(context_name="context")
def wait(context):
    events = [context.wait_for_external_event(name) for name in context.get_input()]
    return (yield context.task_all(events))

@app.orchestration_trigger(context_name="context")
def run(context):
    bell = context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    work = [context.call_activity(name) for name in context.get_input()]
    winner = yield context.task_any([bell, *work])
    yield context.task_all(work)
    bell.is_completed or bell.cancel()
    return "bell" if winner == bell else winner.result

@app.activity_trigger(input_name="n")
def real_work(n):
    WORKING.set()
    return "done" if GATE.wait(30) else "late"

@app.activity_trigger(input_name="n")
def pause(n):
    CLOCK.pause(30)
    return "paused"

@app.activity_trigger(input_name="n")
async def sleep(n):
    await CLOCK.sleep(30)
    return "slept"

@app.activity_trigger(input_name="n")
async def sleep_twice(n):
    await asyncio.gather(CLOCK.sleep(90), CLOCK.sleep(120))
    return "slept"

@app.activity_trigger(input_name="n")
async def race(n):
    began = CLOCK.now()
    naps = [asyncio.ensure_future(nap_of(seconds)) for seconds in (600, 30)]
    await asyncio.wait(naps, return_when=asyncio.FIRST_COMPLETED)
    winner = next(nap for nap in naps if nap.done())
    naps[0].cancel()
    return [winner.result(), (CLOCK.now() - began).total_seconds()]

async def nap_of(seconds):
    async with asyncio.timeout(60):
        await CLOCK.sleep(seconds)
    return seconds

@app.activity_trigger(input_name="n")
async def give_up(n):
    naps = [asyncio.ensure_future(CLOCK.sleep(seconds)) for seconds in (30, 600)]
    await asyncio.wait(naps, return_when=asyncio.FIRST_COMPLETED)
    naps[1].cancel()
    await asyncio.to_thread(real_work_of, n)
    return "gave up"

def real_work_of(n):
    WORKING.set()
    GATE.wait(30)
"""


class Stage:
    """A host of the app above with its time keeper."""

    def __init__(self, host: Host, clock: VirtualClock | RealClock) -> None:
        self.host, self.clock, self.keeper = host, clock, TimeKeeper(host, clock)
        vars(host.module)["CLOCK"] = clock

    async def start(self, name: str, given: str) -> str:
        return await self.host.hub.start(name, input_json=f'"{given}"'.replace("'", '\\"'))

    async def output(self, instance_id: str, timeout: float = 20) -> str | None:
        return (await self.keeper.ended(instance_id, timeout)).output_text

    async def status(self, instance_id: str) -> str | None:
        return (await self.host.hub.status(instance_id)).custom_status_json

    @property
    def virtual(self) -> VirtualClock:
        assert isinstance(self.clock, VirtualClock)
        return self.clock

    @property
    def passed(self) -> timedelta:
        return self.clock.now() - START


def staged(make_app: MakeApp, scene: Scene, *, real: bool = False) -> Any:
    async def run() -> Any:
        loop = asyncio.get_running_loop()
        clock = RealClock(loop) if real else VirtualClock(loop)
        host = await Host.open(HostOptions(app=make_app(APP), port=0), clock=clock)
        try:
            return await scene(Stage(host, clock))
        finally:
            host.module.GATE.set()
            await host.close()

    return asyncio.run(run())


def test_jumps_from_timer_to_timer(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("nap", "[3600, 7200, 1]")

        assert await stage.output(instance) == '"03:00:01"'
        assert stage.passed == timedelta(hours=3, seconds=1)

    staged(make_app, scene)


def test_takes_no_time_for_what_needs_none(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        later = await stage.start("nap", "[60]")

        assert await stage.output(await stage.start("nap", "[]")) == '"00:00:00"'
        assert stage.passed == timedelta()
        assert await stage.output(later) == '"00:01:00"'

    staged(make_app, scene)


def test_settling_takes_no_time(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        await stage.start("nap", "[60]")
        await stage.keeper.settle(20)

        assert stage.passed == timedelta()
        assert stage.host.is_quiet

    staged(make_app, scene)


def test_who_waits_in_vain_is_told_for_what(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        await stage.start("run", "['real_work']")
        with pytest.raises(TimeoutError, match=r"Something still runs after 0\.05 s"):
            await stage.keeper.settle(0.05)
        with pytest.raises(TimeoutError, match="has come to 2030-01-01 00:00:00 of 2030-01-01 00:01:00"):
            await stage.keeper.advance(timedelta(seconds=60), 0.05)

    staged(make_app, scene)


def test_advances_by_what_it_is_told_and_stops_at_each_timer_on_the_way(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("nap", "[60, 60, 60]")
        await stage.keeper.advance(timedelta(seconds=150), 20)

        assert stage.passed == timedelta(seconds=150)
        # The second timer was made when the first rang, not when the advance was over.
        assert await stage.status(instance) == '"00:02:00"'
        assert stage.host.waits_of(instance) == ["timer for 2030-01-01T00:03:00.000000Z"]

        await stage.keeper.advance(timedelta(seconds=30), 20)
        assert stage.host.has_ended(instance)

    staged(make_app, scene)


def test_real_work_holds_the_time(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("run", "['real_work']")
        output = asyncio.ensure_future(stage.output(instance))
        await asyncio.to_thread(stage.host.module.WORKING.wait, 20)
        for _ in range(50):
            await asyncio.sleep(0)
        assert stage.passed == timedelta()

        stage.host.module.GATE.set()
        assert await output == '"done"'
        assert stage.passed == timedelta()

    staged(make_app, scene)


@pytest.mark.parametrize(("name", "result"), [("pause", '"paused"'), ("sleep", '"slept"')])
def test_work_asleep_on_the_clock_does_not_hold_the_time(make_app: MakeApp, name: str, result: str) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.output(await stage.start("run", f"['{name}']")) == result
        assert stage.passed == timedelta(seconds=30)

    staged(make_app, scene)


@pytest.mark.parametrize("sleeper", ["sleep", "pause", "sleep_twice"])
def test_real_work_holds_the_time_while_others_sleep(make_app: MakeApp, sleeper: str) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("run", f"['real_work', '{sleeper}']")
        output = asyncio.ensure_future(stage.output(instance))
        await asyncio.to_thread(stage.host.module.WORKING.wait, 20)
        await until(lambda: isinstance(stage.clock, VirtualClock) and stage.clock.next_due() is not None)
        for _ in range(50):
            await asyncio.sleep(0)
        assert stage.passed == timedelta()

        stage.host.module.GATE.set()
        assert await output == '"done"'

    staged(make_app, scene)


def test_what_the_host_cannot_see_holds_the_time(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        reasons = ["a letter is on its way"]
        stage.virtual.hold_while(lambda: reasons[0])
        instance = await stage.start("nap", "[60]")
        output = asyncio.ensure_future(stage.output(instance))
        for _ in range(50):
            await asyncio.sleep(0)
        assert stage.passed == timedelta()

        reasons[0] = ""
        assert await output == '"00:01:00"'

    staged(make_app, scene)


def test_who_waits_in_vain_is_told_what_holds_the_time(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        stage.virtual.hold_while(lambda: "a letter is on its way")
        instance = await stage.start("nap", "[60]")

        with pytest.raises(TimeoutError, match=r"0\.05 s, and the time is held: a letter is on its way"):
            await stage.keeper.settle(0.05)
        with pytest.raises(TimeoutError, match=r"00:01:00, and the time is held: a letter is on its way"):
            await stage.keeper.advance(timedelta(seconds=60), 0.05)
        with pytest.raises(TimeoutError, match=r"000000Z, and the time is held: a letter is on its way"):
            await stage.output(instance, timeout=0.05)

    staged(make_app, scene)


def test_the_shorter_of_two_sleeps_wins_in_time(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.output(await stage.start("run", "['race']")) == "[30, 30.0]"
        assert stage.passed == timedelta(seconds=30)

    staged(make_app, scene)


def test_work_that_gave_up_its_sleep_holds_the_time(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("run", "['give_up']")
        output = asyncio.ensure_future(stage.output(instance))
        await asyncio.to_thread(stage.host.module.WORKING.wait, 20)
        for _ in range(50):
            await asyncio.sleep(0)
        assert stage.passed == timedelta(seconds=30)

        stage.host.module.GATE.set()
        assert await output == '"gave up"'

    staged(make_app, scene)


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not check():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)


def test_says_what_is_waited_for_in_vain(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("wait", "['approved', 'paid']")
        text = (
            f"Instance '{instance}' waits and nothing will ever happen; at 2030-01-01 00:00:00 "
            "it waits for the event 'approved', the event 'paid'."
        )

        with pytest.raises(TimeoutError, match=re.escape(text)):
            await stage.output(instance)

    staged(make_app, scene)


def test_hopes_for_an_event_from_elsewhere(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("wait", "['approved']")
        output = asyncio.ensure_future(stage.output(instance))
        await stage.keeper.settle(20)
        await stage.host.hub.raise_event(instance, "approved", '"yes"')

        assert await output == '["yes"]'

    staged(make_app, scene)


def test_says_what_it_waited_for_when_its_patience_ends(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        instance = await stage.start("run", "['real_work']")
        text = f"Instance '{instance}' has not ended within 0.2 s; at 2030-01-01 00:00:00 it waits for "

        with pytest.raises(TimeoutError, match=re.escape(text) + ".*activity 'real_work'"):
            await stage.output(instance, timeout=0.2)

    staged(make_app, scene)


def test_real_time_passes_by_itself(make_app: MakeApp) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.output(await stage.start("nap", "[0.01]")) is not None
        with pytest.raises(TypeError, match="host the app with clock='virtual'"):
            await stage.keeper.advance(timedelta(seconds=1), 20)

    staged(make_app, scene, real=True)

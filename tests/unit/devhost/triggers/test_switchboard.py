"""All sources work as one."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from devhost.bus.broker import LocalBroker
from devhost.bus.topology import Topology
from devhost.engine.commits import Commits
from devhost.functions.bus_settings import BusSettings
from devhost.functions.catalog import TIMER, Binding, Catalog, Dropped, Function
from devhost.functions.running import Done
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock
from devhost.triggers import SOURCES
from devhost.triggers.bus_plan import BusPlan
from devhost.triggers.memory import Memory
from devhost.triggers.ports import BusLink, Provisions, TriggerSource
from devhost.triggers.service_bus import ServiceBus
from devhost.triggers.switchboard import Switchboard
from devhost.triggers.timers import Timers


class Bell:
    """A source that tells what is done to it."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name, self.diary = name, diary
        self.quiet = True
        self.dropped = (Dropped(name=f"{name}'s", reason="no rope"),)

    @property
    def is_quiet(self) -> bool:
        return self.quiet

    def told(self, function: Function) -> str | None:
        return f"by {self.name}" if function.name == self.name else None

    def start(self) -> None:
        self.diary.append(f"{self.name} starts")

    def stop(self) -> None:
        self.diary.append(f"{self.name} stops")


def named(name: str) -> Function:
    trigger = Binding(type=TIMER, name="t")
    return Function(
        name=name, trigger=trigger, bindings=(), call=print, is_async=False, directory="", wants_context=False
    )


def unused(*_: object, **__: object) -> None:
    raise AssertionError("nobody uses what is provided here")


def invoke(function: Function, make_value: Callable[[], Any], done: Done, *, trace_parent: str = "") -> None:
    unused(function, make_value, done, trace_parent)


def provider(
    loop: asyncio.AbstractEventLoop, store: Store, asked: list[str] | None = None
) -> Callable[[str], Provisions]:
    clock = VirtualClock(loop)

    def provide(source: str) -> Provisions:
        (asked if asked is not None else []).append(source)
        rows = Memory(source=source, store=store, clock=clock, changed=unused, after_commit=unused)
        broker = LocalBroker(store, clock, Commits(store, loop), Topology())
        return Provisions(
            catalog=Catalog(()),
            clock=clock,
            environ={},
            invoke=invoke,
            rows=rows,
            open_path=unused,
            bus=BusLink(broker=broker, settings=BusSettings(), plan=BusPlan()),
        )

    return provide


def given(bell: Bell) -> Callable[[Provisions], TriggerSource]:
    return lambda _: bell


def test_starts_and_stops_every_source_with_what_is_provided_for_it(tmp_path: Path) -> None:
    diary: list[str] = []
    asked: list[str] = []
    bells = {"a": Bell("big", diary), "b": Bell("small", diary)}

    with closing(Store(tmp_path)) as store, closing(asyncio.new_event_loop()) as loop:
        board = Switchboard({name: given(bell) for name, bell in bells.items()}, provider(loop, store, asked))
        board.start()
        board.stop()

    assert asked == ["a", "b"]
    assert diary == ["big starts", "small starts", "big stops", "small stops"]
    assert [dropped.name for dropped in board.dropped] == ["big's", "small's"]
    assert (board.told(named("small")), board.told(named("none"))) == ("by small", None)


@pytest.mark.parametrize("quiet", [True, False])
def test_is_quiet_when_every_source_is(tmp_path: Path, quiet: bool) -> None:
    bells = {"a": Bell("big", []), "b": Bell("small", [])}
    bells["b"].quiet = quiet

    with closing(Store(tmp_path)) as store, closing(asyncio.new_event_loop()) as loop:
        board = Switchboard({name: given(bell) for name, bell in bells.items()}, provider(loop, store))

    assert board.is_quiet is quiet


def test_timers_and_the_bus_are_the_sources() -> None:
    assert dict(SOURCES) == {"timers": Timers, "serviceBus": ServiceBus}

"""Messages are handed to functions under a lock, and settled by how the functions end."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.bus.broker import LocalBroker
from devhost.bus.messages import Sent
from devhost.bus.topology import Queue, Topology
from devhost.engine.commits import Commits
from devhost.functions.bus_settings import BusSettings
from devhost.functions.catalog import HTTP, SERVICE_BUS, Binding, Catalog, Function
from devhost.functions.running import Done, Raised, Returned
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock
from devhost.triggers.bus_plan import planned
from devhost.triggers.memory import Memory
from devhost.triggers.ports import BusLink, Provisions
from devhost.triggers.service_bus import ServiceBus

DEAD = "orders/$deadletterqueue"
SETTINGS = BusSettings(most_calls=2, largest_batch=3, longest_renewal=timedelta(minutes=3))
LOCK = timedelta(minutes=1)


def function(name: str = "take", queue: str = "orders", **attributes: object) -> Function:
    binding = Binding(type=SERVICE_BUS, name="message", attributes={"queueName": queue, **attributes})
    return Function(
        name=name,
        trigger=binding,
        bindings=(binding,),
        call=print,
        is_async=False,
        directory="",
        wants_context=False,
    )


def unused(*_: object) -> None:
    raise AssertionError("the bus opens no path of its own")


class Depot:
    """Functions at the queue `orders`, on a clock of their own; their calls end when the test says so."""

    def __init__(self, folder: Path, functions: tuple[Function, ...]) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock(self.loop)
        self.store = Store(folder)
        commits = Commits(self.store, self.loop)
        declared = Topology(queues={"orders": Queue(lock_duration=LOCK)})
        catalog = Catalog(functions)
        plan = planned(catalog, declared)
        self.broker = LocalBroker(self.store, self.clock, commits, plan.topology)
        self.broker.recover()
        #: What was called: function, argument, trace, and how to end it.
        self.calls: list[tuple[str, Any, str, Done]] = []
        self.bus = ServiceBus(
            Provisions(
                catalog=catalog,
                clock=self.clock,
                environ={},
                invoke=self._invoke,
                rows=Memory(
                    source="serviceBus",
                    store=self.store,
                    clock=self.clock,
                    changed=commits.soon,
                    after_commit=commits.then,
                ),
                open_path=unused,
                bus=BusLink(broker=self.broker, settings=SETTINGS, plan=plan),
            )
        )
        self.bus.start()

    def _invoke(
        self, function: Function, make_value: Callable[[], Any], done: Done, *, trace_parent: str = ""
    ) -> None:
        assert not self.store.dirty, "a delivery is on disk before the function is called"
        self.calls.append((function.name, make_value(), trace_parent, done))

    def send(self, *bodies: str, **members: Any) -> None:
        self.broker.send("orders", [Sent(body=body.encode(), **members) for body in bodies])
        self.settle()

    def settle(self) -> None:
        self.loop.run_until_complete(_turns())

    def end(self, error: Exception | None = None, at: int = 0) -> None:
        """Let the call end that has been running longest, or the one after it."""
        done = self.calls.pop(at)[-1]
        done(Returned(None) if error is None else Raised(error))
        self.settle()

    def advance(self, span: timedelta) -> None:
        goal = self.clock.now() + span
        while (due := self.clock.next_due()) is not None and due <= goal:
            self.clock.jump_to(due)
            self.settle()
        self.clock.jump_to(goal)
        self.settle()

    @property
    def at_work(self) -> list[str]:
        return [value.get_body().decode() for _, value, _, _ in self.calls]

    def lying(self, place: str = "orders") -> list[str]:
        return [one.message.body.decode() for one in self.broker.peek(place)]

    def close(self) -> None:
        self.bus.stop()
        self.broker.stop()
        self.store.close()
        self.loop.close()


async def _turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Callable[..., Depot]]:
    """Opens depots on one state, one after the other."""
    depots: list[Depot] = []

    def opened(*functions: Function) -> Depot:
        for former in depots:
            former.close()
        depots[:] = [Depot(tmp_path, functions or (function(),))]
        return depots[0]

    yield opened
    for last in depots:
        last.close()


def test_completes_what_the_function_has_done(depot: Callable[..., Depot]) -> None:
    working = depot()
    working.send("a")
    assert working.at_work == ["a"]

    working.end()

    assert working.lying() == []
    assert working.bus.is_quiet


def test_gives_back_what_the_function_failed_on(
    depot: Callable[..., Depot], caplog: pytest.LogCaptureFixture
) -> None:
    working = depot()
    working.send("a", message_id="m1")

    working.end(ValueError("no stock"))

    assert working.calls[0][1].delivery_count == 2
    assert "'take' failed on message 'm1' of 'orders', delivery 1: ValueError: no stock" in caplog.text
    working.end(ValueError())
    working.end(ValueError())
    assert (working.at_work, working.lying(), working.lying(DEAD)) == ([], [], ["a"])


class Foreseen(Exception):
    speaks_for_itself = True


def test_what_was_foreseen_takes_one_line(
    depot: Callable[..., Depot], caplog: pytest.LogCaptureFixture
) -> None:
    working = depot()
    working.send("a", message_id="m1")
    caplog.clear()

    try:
        raise Foreseen("no\nstock")
    except Foreseen as error:
        working.end(error)

    told = "'take' failed on message 'm1' of 'orders', delivery 1: Foreseen: no stock"
    assert [record.getMessage() for record in caplog.records] == [told]


def test_takes_no_more_than_may_be_worked_on(depot: Callable[..., Depot]) -> None:
    working = depot()
    working.send("a", "b", "c")
    assert working.at_work == ["a", "b"]

    working.end(at=1)

    assert working.at_work == ["a", "c"]
    assert [one.delivery_count for one in working.broker.peek("orders")] == [1, 1]


def test_takes_many_at_once_and_one_batch_after_the_other(depot: Callable[..., Depot]) -> None:
    working = depot(function(cardinality="MANY"))
    working.send("a", "b", "c", "d")

    [(_, first, trace, _)] = working.calls
    assert [one.get_body() for one in first] == [b"a", b"b", b"c"]
    assert trace == ""
    working.end(ValueError())
    [(_, again, _, _)] = working.calls
    assert [one.delivery_count for one in again] == [2, 2, 2]
    working.end()
    assert [one.get_body() for one in working.calls[0][1]] == [b"d"]


@pytest.mark.parametrize(
    ("properties", "trace"),
    [
        ({"traceparent": "00-1", "Diagnostic-Id": "00-2"}, "00-1"),
        ({"Diagnostic-Id": "00-2"}, "00-2"),
        ({"traceparent": 1}, ""),
    ],
)
def test_carries_a_messages_trace_on(
    depot: Callable[..., Depot], properties: dict[str, Any], trace: str
) -> None:
    working = depot()
    working.send("a", properties=properties)

    assert working.calls[0][2] == trace


def test_renews_locks_while_the_function_runs_but_not_for_ever(
    depot: Callable[..., Depot], caplog: pytest.LogCaptureFixture
) -> None:
    working = depot()
    working.send("a", message_id="m1")

    # Renewed at 50 s, 100 s and 150 s after its receipt; three minutes after it no more.
    working.advance(timedelta(seconds=209))
    assert working.at_work == ["a"]
    working.advance(timedelta(seconds=1))
    assert working.at_work == ["a", "a"]

    with caplog.at_level(logging.WARNING, logger="devhost.bus"):
        working.end()
    assert "'take' took longer than the lock of 'm1' held" in caplog.text
    assert working.lying() == ["a"]
    working.end()
    assert working.lying() == []


def test_what_was_removed_meanwhile_is_not_renewed(depot: Callable[..., Depot]) -> None:
    working = depot(function(cardinality="MANY"))
    working.send("a", "b")
    assert working.broker.remove("orders", 1)

    working.advance(timedelta(seconds=70))

    assert len(working.calls) == 1
    working.end()
    assert working.lying() == []


def test_pauses_longer_and_longer_over_what_fails_among_dead_letters(depot: Callable[..., Depot]) -> None:
    working = depot(function(queue="orders/$DeadLetterQueue"))
    working.send("a", time_to_live=timedelta(seconds=1))
    working.advance(timedelta(seconds=1))
    began = working.clock.now()
    pauses = []
    for _ in range(8):
        before = working.clock.now()
        working.end(ValueError())
        while not working.calls:
            working.advance(timedelta(seconds=1))
        pauses.append((working.clock.now() - before).total_seconds())

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert working.clock.now() - began == timedelta(seconds=183)
    working.end()
    assert working.lying(DEAD) == []


def test_takes_up_where_the_last_host_stood(depot: Callable[..., Depot]) -> None:
    depot().send("a", "b", "c")

    back = depot()
    back.settle()

    assert back.at_work == ["a", "b"]
    assert [value.delivery_count for _, value, _, _ in back.calls] == [2, 2]
    assert back.calls[0][1].sequence_number == 1


def test_hands_out_nothing_once_it_is_stopped(depot: Callable[..., Depot]) -> None:
    working = depot()
    working.send("a")
    working.bus.stop()
    working.bus.stop()

    working.send("b")
    working.end()

    assert (working.at_work, working.lying()) == ([], ["b"])
    working.advance(timedelta(minutes=10))
    assert working.calls == []


def test_tells_of_its_own_functions_only(
    depot: Callable[..., Depot], caplog: pytest.LogCaptureFixture
) -> None:
    silent = function("chat", isSessionsEnabled=True)
    binding = Binding(type=HTTP, name="req")
    stranger = Function(
        name="web",
        trigger=binding,
        bindings=(),
        call=print,
        is_async=False,
        directory="",
        wants_context=False,
    )
    working = depot(function(), silent)

    assert [working.bus.told(one) for one in (function(), silent, stranger)] == [
        "queue 'orders'",
        "never",
        None,
    ]
    assert [dropped.name for dropped in working.bus.dropped] == ["chat"]
    assert "The function 'chat' is left out: it asks for sessions" in caplog.text

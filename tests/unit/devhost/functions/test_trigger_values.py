"""Timer and Service Bus functions receive what the SDK makes of what the host sends."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest

from devhost.functions.catalog import Function
from devhost.functions.loading import LoadedApp
from devhost.functions.trigger_values import BusMessage, TimerTick, bus_value, takes_many, timer_value

Load = Callable[..., LoadedApp]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TIMER = '@app.timer_trigger(arg_name="t", schedule="0 * * * * *")\n'
BUS = '@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="C")\n'
MANY = BUS.replace('"C")', '"C", cardinality="MANY")')


@pytest.fixture
def only(load_app: Load) -> Callable[[str], Function]:
    """The one function of an app."""
    return lambda source: load_app(source).catalog.functions[0]


def message(**members: object) -> BusMessage:
    return BusMessage(**{"body": b"\xffx", "message_id": "m1", "enqueued": NOON, **members})  # type: ignore[arg-type]  # checked by what comes out


def test_tells_when_a_timer_is_due(only: Callable[[str], Function]) -> None:
    request: Any = timer_value(only(TIMER + "def f(t): pass"), TimerTick(past_due=True, last=NOON))

    assert request.past_due is True
    status = request.schedule_status
    assert (status["Last"], status["Next"]) == ("2026-01-02T12:00:00.000000Z", None)


def test_tells_no_times_of_a_timer_that_is_not_monitored(only: Callable[[str], Function]) -> None:
    tick = TimerTick(last=NOON, monitored=False, adjusts_for_dst=False)

    request: Any = timer_value(only(TIMER + "def f(t): pass"), tick)

    assert (request.schedule_status, request.schedule) == ({}, {"AdjustForDST": False})


def test_writes_the_year_that_stands_for_never_in_full(only: Callable[[str], Function]) -> None:
    never = datetime.min.replace(tzinfo=UTC)

    request: Any = timer_value(only(TIMER + "def f(t): pass"), TimerTick(last=never))

    assert request.schedule_status["Last"] == "0001-01-01T00:00:00.000000Z"


def test_gives_a_timers_text_where_it_is_asked_for(only: Callable[[str], Function]) -> None:
    text = timer_value(only(TIMER + "def f(t: str): pass"), TimerTick())

    assert '"IsPastDue": false' in text


def test_hands_over_one_message_with_its_properties(only: Callable[[str], Function]) -> None:
    function = only(BUS + "def f(m): pass")

    got = bus_value(
        function,
        [message(subject="s", properties={"a": 1}, sequence_number=7, delivery_count=2, correlation_id="c")],
    )

    assert isinstance(got, func.ServiceBusMessage)
    assert not takes_many(function)
    assert (got.get_body(), got.message_id, got.enqueued_time_utc) == (b"\xffx", "m1", NOON)
    assert (got.subject, got.label, got.sequence_number, got.delivery_count) == ("s", "s", 7, 2)
    assert (got.application_properties, got.user_properties) == ({"a": 1}, {"a": 1})
    assert (got.correlation_id, got.session_id, got.reply_to) == ("c", None, None)


def test_hands_over_a_batch(only: Callable[[str], Function]) -> None:
    function = only(MANY + "def f(m): pass")

    got = bus_value(function, [message(), message(message_id="m2", body=b"y", properties={"b": 2})])

    assert takes_many(function)
    assert [(one.message_id, one.get_body(), one.application_properties) for one in got] == [
        ("m1", b"\xffx", {}),
        ("m2", b"y", {"b": 2}),
    ]
    assert got[0].enqueued_time_utc == NOON


def test_leaves_bytes_as_they_came_under_any_raw_annotation(only: Callable[[str], Function]) -> None:
    assert bus_value(only(BUS + "def f(m: str): pass"), [message()]) == b"\xffx"


def test_cannot_give_a_batch_as_a_text(only: Callable[[str], Function]) -> None:
    with pytest.raises(ValueError, match="'collection_bytes'"):
        bus_value(only(MANY + "def f(m: str): pass"), [message()])

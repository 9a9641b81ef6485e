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
#: As Azure tells it: without a zone.
BARE_NOON = NOON.replace(tzinfo=None)
TIMER = '@app.timer_trigger(arg_name="t", schedule="0 * * * * *")\n'
BUS = '@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="C")\n'
MANY = BUS.replace('"C")', '"C", cardinality="MANY")')
#: What Azure's extension tells of a message that has all of it, except the keys of partitions.
TOLD = {
    *("DeliveryCount", "DeadLetterSource", "LockToken", "ExpiresAtUtc", "ExpiresAt", "EnqueuedTimeUtc"),
    *("EnqueuedTime", "MessageId", "ContentType", "ReplyTo", "SequenceNumber", "To", "Subject", "Label"),
    *("CorrelationId", "ApplicationProperties", "UserProperties", "SessionId"),
}


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
    assert (got.get_body(), got.message_id, got.enqueued_time_utc) == (b"\xffx", "m1", BARE_NOON)
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
    assert got[0].enqueued_time_utc == BARE_NOON


def test_leaves_bytes_as_they_came_under_any_raw_annotation(only: Callable[[str], Function]) -> None:
    assert bus_value(only(BUS + "def f(m: str): pass"), [message()]) == b"\xffx"


def test_cannot_give_a_batch_as_a_text(only: Callable[[str], Function]) -> None:
    with pytest.raises(ValueError, match="'collection_bytes'"):
        bus_value(only(MANY + "def f(m: str): pass"), [message()])


def test_tells_why_a_message_is_dead_among_its_properties_alone(only: Callable[[str], Function]) -> None:
    dead = message(
        dead_letter_reason="TTLExpiredException",
        dead_letter_description="Too late.",
        dead_letter_source="q",
        properties={"a": 1},
    )

    got = bus_value(only(BUS + "def f(m): pass"), [dead])

    assert got.application_properties == {
        "a": 1,
        "DeadLetterReason": "TTLExpiredException",
        "DeadLetterErrorDescription": "Too late.",
    }
    assert got.user_properties == got.application_properties
    assert got.dead_letter_source == "q"
    assert (got.dead_letter_reason, got.dead_letter_error_description) == (None, None)


def test_tells_when_it_came_and_expires_without_a_zone(only: Callable[[str], Function]) -> None:
    held = message(expires=NOON.replace(microsecond=5))

    one = bus_value(only(BUS + "def f(m): pass"), [held])

    assert (one.enqueued_time_utc, one.expires_at_utc) == (BARE_NOON, BARE_NOON.replace(microsecond=5))
    assert one.metadata["ExpiresAt"] == "2026-01-02T12:00:00.000005+00:00"


@pytest.mark.parametrize("many", [False, True])
def test_tells_what_azure_tells_and_no_more(only: Callable[[str], Function], many: bool) -> None:
    dead = message(
        session_id="s",
        reply_to="r",
        to="t",
        content_type="c",
        correlation_id="c",
        subject="l",
        expires=NOON,
        dead_letter_reason="why",
        dead_letter_source="q",
    )

    got = bus_value(only((MANY if many else BUS) + "def f(m): pass"), [dead])

    told = {name.removesuffix("Array") for name in (got[0] if many else got).metadata}
    assert told == TOLD


def test_a_batch_may_hold_what_only_some_messages_have(only: Callable[[str], Function]) -> None:
    held = message(expires=NOON, subject="s", dead_letter_reason="why")

    first, second = bus_value(only(MANY + "def f(m): pass"), [held, message()])

    assert (first.expires_at_utc, first.subject) == (BARE_NOON, "s")
    assert first.application_properties == {"DeadLetterReason": "why"}
    assert (second.expires_at_utc, second.subject, second.application_properties) == (None, None, {})


def test_a_property_that_is_a_time_comes_as_text(only: Callable[[str], Function]) -> None:
    got = bus_value(only(BUS + "def f(m): pass"), [message(properties={"when": NOON})])

    assert got.application_properties == {"when": "2026-01-02T12:00:00.000000Z"}

"""The functions of subscriptions."""

import asyncio
import inspect
import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import msgspec
import pytest
from watcher import Watcher

from dirigent import codec
from dirigent.adapters.services.patience import Patience
from dirigent.domain.dead_letters import Choice
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import StartRun
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claims, event_key
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.deliveries import Cause, Deliveries
from dirigent.telemetry.tracing import joined
from triggers.deliveries import Poison
from triggers.instances import InstancesUnavailable
from triggers.receiving import PAUSES
from triggers.subscribers import BREATH, subscribers

ROOT = Path(__file__).resolve().parents[3]
NAME = "write-orders"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
HOSTS = "00-11111111111111111111111111111111-2222222222222222-01"


def blueprint(heard: Any, watcher: Watcher | None = None) -> df.Blueprint:
    """The functions of the catalogue's subscriptions."""
    tracing = None if watcher is None else watcher.tracing
    return subscribers(heard.parts, heard.catalogue, heard.settings, tracing=tracing)


def call(heard: Any, name: str, message: func.ServiceBusMessage | None = None, watcher: Any = None) -> Any:
    """What the function returns of the message."""
    handler = heard.functions(blueprint(heard, watcher))[name]
    return asyncio.run(handler(message=message or heard.delivered(), client=heard.client))


def bindings(heard: Any) -> dict[str, dict[str, Any]]:
    """By function, its trigger as the host is told of it."""
    app = df.DFApp()
    app.register_functions(blueprint(heard))
    return {each.get_function_name(): each.get_trigger().get_dict_repr() for each in app.get_functions()}


def noted(heard: Any) -> Cause | None:
    """What is noted of the message."""
    return asyncio.run(Deliveries(heard.parts.records).find(NAME, "default", "m-1"))


def test_each_subscription_has_two_functions_of_their_own(heard: Any) -> None:
    other = msgspec.structs.replace(heard.catalogue.subscriptions[NAME], name="archive")
    both = heard.catalogue.subscriptions | {"archive": other}
    heard.catalogue = msgspec.structs.replace(heard.catalogue, subscriptions=both)

    told = bindings(heard)

    assert list(told) == ["on_write_orders", "dead_write_orders", "on_archive", "dead_archive"]
    assert {trigger["topicName"] for trigger in told.values()} == {"orders"}
    assert [trigger["subscriptionName"] for trigger in told.values()] == [
        NAME,
        f"{NAME}/$DeadLetterQueue",
        "archive",
        "archive/$DeadLetterQueue",
    ]
    assert {trigger["connection"] for trigger in told.values()} == {heard.settings.bus_connection}


def test_every_body_is_taken_as_bytes_so_that_none_forges_what_the_bus_says(heard: Any) -> None:
    kinds = {name: trigger["dataType"] for name, trigger in bindings(heard).items()}

    assert kinds == dict.fromkeys(("on_write_orders", "dead_write_orders"), func.DataType.BINARY)


def test_a_message_stays_locked_for_as_long_as_its_delivery_may_wait() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    told = host["extensions"]["serviceBus"]["maxAutoLockRenewalDuration"]
    hours, minutes, seconds = map(int, told.split(":"))

    # A start that was cut short is waited for besides, for two minutes at most.
    longest = sum(PAUSES) + (len(PAUSES) + 1) * Patience().limit + 120
    assert timedelta(hours=hours, minutes=minutes, seconds=seconds) > timedelta(seconds=longest)


def test_the_local_hosts_bus_is_told_the_rule(heard: Any) -> None:
    told = bindings(heard)

    assert told["on_write_orders"]["filter"] == heard.catalogue.subscriptions[NAME].rule
    assert "filter" not in told["dead_write_orders"]


def test_azures_bus_has_its_rules_from_elsewhere(heard: Any) -> None:
    heard.settings = replace(heard.settings, bus="service-bus")

    assert "filter" not in bindings(heard)["on_write_orders"]


def test_without_a_bus_there_are_no_functions(heard: Any) -> None:
    heard.settings = replace(heard.settings, bus="none")

    assert bindings(heard) == {}


def test_the_worker_can_index_them(heard: Any) -> None:
    for name, handler in heard.functions(blueprint(heard)).items():
        parameters = inspect.signature(handler).parameters
        assert inspect.iscoroutinefunction(handler)
        assert handler.__name__ == name
        assert parameters["message"].annotation is func.ServiceBusMessage
        assert list(parameters) == ["message", "client"]


def test_an_event_starts_its_run_and_nothing_is_returned(heard: Any) -> None:
    assert call(heard, "on_write_orders") is None
    assert len(heard.client.started) == 1


def test_a_duplicate_is_done_without_a_word_to_the_bus(heard: Any) -> None:
    call(heard, "on_write_orders")
    call(heard, "on_write_orders")

    assert len(heard.client.started) == 1


def test_poison_is_raised_and_its_cause_noted(heard: Any) -> None:
    with pytest.raises(Poison, match="no JSON object"):
        call(heard, "on_write_orders", heard.delivered(b"[]", DeliveryCount=2))

    assert noted(heard) == Cause(
        category=Category.PERMANENT,
        reason="body",
        description="The body is no JSON object: send the event's data as one.",
        delivery_count=2,
        noted_at=heard.clock.now(),
    )


def test_what_was_noted_goes_when_a_later_delivery_is_handled(heard: Any) -> None:
    with pytest.raises(Poison):
        call(heard, "on_write_orders", heard.delivered(b"[]"))
    call(heard, "on_write_orders", heard.delivered(DeliveryCount=2))

    assert noted(heard) is None


def test_durable_that_never_answers_is_noted_as_passing(heard: Any) -> None:
    heard.client.is_down = True
    with pytest.raises(InstancesUnavailable):
        call(heard, "on_write_orders")

    found = noted(heard)
    assert found is not None
    assert (found.category, found.reason) == (Category.TRANSIENT, "unavailable")
    assert "Durable Functions did not answer" in found.description


def test_what_nobody_foresaw_is_noted_without_its_words(heard: Any) -> None:
    class Odd:
        async def insert(self, *_: Any) -> str:
            raise ZeroDivisionError("a secret")

        def __getattr__(self, name: str) -> Any:
            return getattr(records, name)

    records, odd = heard.parts.records, Odd()
    heard.parts = replace(heard.parts, records=odd)
    with pytest.raises(ZeroDivisionError):
        call(heard, "on_write_orders")

    found = noted(heard)
    assert found is not None
    assert (found.category, found.reason) == (Category.PERMANENT, "handler_failed")
    assert "ZeroDivisionError" in found.description
    assert "secret" not in found.description


def test_a_cause_that_cannot_be_noted_hides_none(heard: Any) -> None:
    class Away:
        async def merge(self, *_: Any) -> str:
            raise RecordsUnavailable("away")

        def __getattr__(self, name: str) -> Any:
            return getattr(records, name)

    records, away = heard.parts.records, Away()
    heard.parts = replace(heard.parts, records=away)

    with pytest.raises(Poison):
        call(heard, "on_write_orders", heard.delivered(b"[]"))


def test_a_replay_for_another_is_passed_over(heard: Any) -> None:
    properties = {"replay_for": "archive", "dead_letter": "x", "replay": 1}
    for name in ("on_write_orders", "dead_write_orders"):
        call(heard, name, heard.delivered(UserProperties=properties))

    assert heard.client.started == []
    assert letters(heard) == []


def letters(heard: Any) -> list[str]:
    """The events that are buried."""
    found = DeadLetters(heard.parts.records, heard.parts.artifacts)
    return [letter.event for letter in asyncio.run(found.page("default", Choice())).letters]


def test_what_the_bus_gave_up_is_buried_and_told(heard: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        call(heard, "dead_write_orders", heard.delivered(DeadLetterReason="TTLExpiredException"))

    assert letters(heard) == ["m-1"]
    [record] = [one for one in caplog.records if "came to nothing" in one.message]
    assert "subscription=write-orders event=m-1 event_type=Placed correlation_id=order-7" in record.message
    assert "category=TIMEOUT reason=TTLExpiredException" in record.message


def test_what_was_started_after_all_is_not_buried(heard: Any) -> None:
    call(heard, "on_write_orders")
    [run] = heard.client.started
    asyncio.run(Claims(heard.parts.records).mark("default", event_key(NAME, "m-1"), run=run))
    call(heard, "dead_write_orders")

    assert letters(heard) == []


def test_a_dead_letter_that_nobody_can_keep_does_not_come_again_at_once(heard: Any) -> None:
    class Odd:
        async def get(self, *_: Any) -> Any:
            raise ZeroDivisionError

        def __getattr__(self, name: str) -> Any:
            return getattr(records, name)

    records, odd = heard.parts.records, Odd()
    heard.parts = replace(heard.parts, records=odd)
    began = heard.clock.now()

    with pytest.raises(ZeroDivisionError):
        call(heard, "dead_write_orders")

    assert heard.clock.now() - began == timedelta(seconds=BREATH)
    assert BREATH >= 5


def test_a_dead_letter_that_cannot_even_be_read_does_not_come_again_at_once(heard: Any) -> None:
    class Unread(func.ServiceBusMessage):
        def get_body(self) -> bytes:
            raise ZeroDivisionError

    began = heard.clock.now()
    with pytest.raises(ZeroDivisionError):
        call(heard, "dead_write_orders", Unread(body=b""))

    assert heard.clock.now() - began == timedelta(seconds=BREATH)


def start(heard: Any) -> StartRun:
    """What the one run was started with."""
    [run] = heard.client.started
    return codec.from_json(StartRun, heard.client.instances[run]["input"])


def test_a_run_goes_on_in_the_trace_of_its_event(heard: Any) -> None:
    call(heard, "on_write_orders", heard.delivered(UserProperties={"traceparent": PARENT}))

    assert start(heard).traceparent == PARENT


def test_a_host_that_works_in_another_trace_does_not_break_it(heard: Any) -> None:
    with joined(HOSTS):
        call(heard, "on_write_orders", heard.delivered(UserProperties={"traceparent": PARENT}))

    assert start(heard).traceparent == PARENT


def test_a_host_that_goes_on_in_the_trace_is_the_runs_parent(heard: Any) -> None:
    within = PARENT.replace("00f067aa0ba902b7", "1111111111111111")
    with joined(within):
        call(heard, "on_write_orders", heard.delivered(UserProperties={"traceparent": PARENT}))

    assert start(heard).traceparent == within


def test_an_event_without_a_trace_is_heard_in_the_hosts(heard: Any) -> None:
    with joined(HOSTS):
        call(heard, "on_write_orders")

    assert start(heard).traceparent == HOSTS


def test_where_somebody_watches_the_run_is_below_the_hearing(heard: Any) -> None:
    watcher = Watcher()
    message = heard.delivered(UserProperties={"traceparent": PARENT})
    call(heard, "on_write_orders", message, watcher)

    [span] = watcher.spans
    assert span.name == "hear write-orders"
    assert f"{span.context.span_id:016x}" in str(start(heard).traceparent)
    assert dict(span.attributes or {}) == {
        "dirigent.subscription": NAME,
        "dirigent.workflow": "content-creation",
        "dirigent.event": "m-1",
        "dirigent.correlation_id": "order-7",
        "dirigent.task_id": heard.client.started[0],
        "dirigent.repeated": False,
    }


def test_a_hearing_that_fails_says_so_in_its_span(heard: Any) -> None:
    watcher = Watcher()
    with pytest.raises(Poison):
        call(heard, "on_write_orders", heard.delivered(b"[]"), watcher)

    [span] = watcher.spans
    told = span.attributes or {}
    assert (told["error.type"], told["dirigent.category"]) == ("body", "PERMANENT")

"""Events carry what the SDK reads, in its own spelling."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.engine import history
from devhost.engine.history import COMMANDS, COMPLETES, EventType
from devhost.engine.messages import Event

NOW = "2030-01-01T00:00:00.000000Z"
OF_EACH_KIND: list[Event] = [
    history.orchestrator_started(NOW),
    history.orchestrator_completed(NOW),
    history.execution_started(
        NOW, name="a", version="", input_json=None, instance_id="i", execution_id="e", parent=None
    ),
    history.execution_completed(NOW, status="Completed", result="1"),
    history.execution_terminated(NOW, "why"),
    history.execution_suspended(NOW, "why"),
    history.execution_resumed(NOW, None),
    history.task_scheduled(NOW, 3, name="a", input_json="1"),
    history.task_completed(NOW, 3, None),
    history.task_failed(NOW, 3, reason="r", details="d"),
    history.child_created(NOW, 3, name="c", instance_id="k", version="", input_json=None),
    history.child_completed(NOW, 3, "1"),
    history.child_failed(NOW, 3, "r"),
    history.timer_created(NOW, 3, NOW),
    history.timer_fired(NOW, 3, NOW),
    history.event_raised(NOW, "go", "1"),
    history.event_sent(NOW, 3, target="@e@k", request={"op": "add", "id": "g"}),
]


@pytest.mark.parametrize("event", OF_EACH_KIND, ids=lambda event: EventType(event["EventType"]).name)
def test_every_event_has_the_four_members_the_sdk_demands(event: Event) -> None:
    assert (event["IsPlayed"], event["Timestamp"]) == (False, NOW)
    assert json.loads(json.dumps(event)) == event


@pytest.mark.parametrize("event", OF_EACH_KIND, ids=lambda event: EventType(event["EventType"]).name)
def test_only_events_that_record_a_command_are_numbered(event: Event) -> None:
    assert (event["EventId"] == 3) == (event["EventType"] in COMMANDS)
    assert (event["EventId"] == -1) == (event["EventType"] not in COMMANDS)


@pytest.mark.parametrize("event", OF_EACH_KIND, ids=lambda event: EventType(event["EventType"]).name)
def test_every_completion_names_the_task_it_completes(event: Event) -> None:
    if event["EventType"] in COMPLETES:
        assert event[COMPLETES[event["EventType"]]] == 3


def test_there_is_a_maker_for_each_kind() -> None:
    assert {event["EventType"] for event in OF_EACH_KIND} == set(EventType)


def test_members_the_sdk_has_no_default_for_are_always_there() -> None:
    by_kind = {event["EventType"]: event for event in OF_EACH_KIND}

    assert "Version" in by_kind[EventType.EXECUTION_STARTED]
    assert "Result" in by_kind[EventType.TASK_COMPLETED]
    assert "Result" in by_kind[EventType.CHILD_COMPLETED]
    assert "TimerId" in by_kind[EventType.TIMER_FIRED]


def test_a_message_to_an_entity_travels_as_text() -> None:
    event = history.event_sent(NOW, 1, target="@e@k", request={"op": "add", "id": "g"})

    assert (event["Name"], event["InstanceId"]) == ("op", "@e@k")
    assert json.loads(event["Input"]) == {"op": "add", "id": "g"}


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_tells_the_instant_to_the_microsecond(when: datetime) -> None:
    assert history.instant(history.stamp(when)) == when
    assert len(history.stamp(when)) == 27


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stamps_sort_as_their_instants(one: datetime, other: datetime) -> None:
    assert (history.stamp(one) < history.stamp(other)) == (one < other)


def test_a_stamp_is_in_utc_whatever_the_zone() -> None:
    east = timezone(timedelta(hours=5, minutes=30))

    assert history.stamp(datetime(2030, 1, 1, 5, 30, tzinfo=east)) == NOW

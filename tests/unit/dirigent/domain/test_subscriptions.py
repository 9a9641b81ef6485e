"""Which events reach a subscription, and what its workflow is started with."""

from datetime import UTC, datetime

import pytest

from devhost.bus.filters import Filter
from devhost.bus.messages import Sent
from dirigent.domain.events import Event, Origin, Replay, message_of
from dirigent.domain.subscriptions import Subscription, given

ORIGIN = Origin(
    subscription="analyses",
    topic="data",
    type="DataReceived",
    event="e-1",
    correlation_id="c-1",
    enqueued_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
)
DATA = {"text": "Oslo's <boats>", "count": 3, "tags": ["a", 1], "more": {"é": None}, "none": None}


def subscription(*, text: str | None = None, **templates: str) -> Subscription:
    return Subscription(name="analyses", topic="data", workflow="analysis", filter=text, given=templates)


def passes(rule: str, replay: Replay | None = None) -> bool:
    event = Event(
        topic="data", type="DataReceived", id="e", data="{}", correlation_id="c", account="a", replay=replay
    )
    message = message_of(event)
    return Filter.parse(rule).matches(
        Sent(body=message.body, subject=message.subject, properties=message.properties)
    )


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        (None, True),
        ("type = 'DataReceived'", True),
        ("type = 'Other'", False),
        ("a = 1 OR type = 'B'", False),
    ],
)
def test_hears_what_its_filter_lets_through(text: str | None, *, is_heard: bool) -> None:
    assert passes(subscription(text=text).rule) is is_heard


@pytest.mark.parametrize("text", [None, "type = 'DataReceived'", "type = 'Other' OR type = 'DataReceived'"])
def test_hears_replays_that_are_for_it_and_no_others(text: str | None) -> None:
    own, other = (Replay(dead_letter="d", number=1, subscription=name) for name in ("analyses", "analyses-2"))

    assert passes(subscription(text=text).rule, replay=own)
    assert not passes(subscription(text=text).rule, replay=other)


def test_a_replay_reaches_it_whatever_its_filter_says_today() -> None:
    replay = Replay(dead_letter="d", number=1, subscription="analyses")

    assert passes(subscription(text="type = 'Other'").rule, replay=replay)


def test_the_data_is_the_input_where_nothing_else_is_said() -> None:
    assert given(subscription(), ORIGIN, DATA) == DATA


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{data.text}}", "Oslo's <boats>"),
        (" {{ data.count }} ", 3),
        ("{{data.tags}}", ["a", 1]),
        ("{{data.more}}", {"é": None}),
        ("On {{data.text}}: {{data.count}}, {{data.tags}}", 'On Oslo\'s <boats>: 3, ["a",1]'),
        ("({{data.missing}}{{data.none}})", "()"),
        ("{{event.id}}", "e-1"),
        ("{{event.type}} on {{event.topic}}", "DataReceived on data"),
        ("{{event.correlation_id}}", "c-1"),
        ("{{event.time}}", "2026-03-01T12:30:00Z"),
        ("{{data}}", '{"text":"Oslo\'s <boats>","count":3,"tags":["a",1],"more":{"é":null},"none":null}'),
        ("as it is", "as it is"),
        ("{{data.text.length}}", "{{data.text.length}}"),
    ],
)
def test_a_field_is_what_its_template_says(template: str, value: object) -> None:
    assert given(subscription(field=template), ORIGIN, DATA) == {"field": value}


@pytest.mark.parametrize("template", ["{{data.missing}}", "{{data.none}}"])
def test_leaves_out_what_the_event_does_not_say(template: str) -> None:
    assert given(subscription(field=template, other="x"), ORIGIN, DATA) == {"other": "x"}


def test_what_data_says_is_no_template() -> None:
    data = {"text": "{{event.id}} {{data.secret}}", "secret": "s"}

    assert given(subscription(field="See {{data.text}}"), ORIGIN, data) == {
        "field": "See {{event.id}} {{data.secret}}"
    }

"""Subscriptions, as declared: which events of a topic start which workflow."""

import json
from collections.abc import Mapping

import msgspec

from dirigent.domain import prompts
from dirigent.domain.events import REPLAY_FOR, Origin
from dirigent.domain.messages import Message

#: What Service Bus lets subscriptions be called.
LONGEST_NAME = 50
#: As long as a run may take.
EVENT_WAIT = 3600.0

#: What templates call an event's data, and the event; of the latter they name one of these facts.
DATA, EVENT = "data", "event"
FACTS = ("id", "type", "topic", "correlation_id", "time")


class Subscription(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Whoever hears of events of a topic, and what they start."""

    name: str
    topic: str
    workflow: str
    description: str = ""
    #: Over the messages' properties, as Service Bus reads it; None for all events of the topic.
    filter: str | None = None
    #: The workflow's input, field by field a template over `data` and `event`; empty: the data is the input.
    given: dict[str, str] = msgspec.field(default_factory=dict)
    #: Seconds its runs wait where they are refused for having come too often or too early. Nobody waits for
    #: their answer, and events come in bursts: longer than whoever asks would wait.
    max_wait: float = EVENT_WAIT

    @property
    def rule(self) -> str:
        """The filter that the bus is to have: a replay reaches whom it is for, and nobody else."""
        own = f"{REPLAY_FOR} = '{self.name}'"
        usual = (
            f"{REPLAY_FOR} IS NULL" if self.filter is None else f"{REPLAY_FOR} IS NULL AND ({self.filter})"
        )
        return f"{own} OR ({usual})"


def given(subscription: Subscription, origin: Origin, data: Mapping[str, object]) -> dict[str, object]:
    """What the workflow is started with by an event of that origin and with that data, not looked at yet."""
    if not subscription.given:
        return dict(data)
    known = {f"{EVENT}.{name}": value for name, value in _facts(origin).items()}
    values = {field: _value(template, known, data) for field, template in subscription.given.items()}
    # What an event does not say is left out, and whoever needs it says so.
    return {field: value for field, value in values.items() if value is not None}


def _facts(origin: Origin) -> dict[str, str]:
    return {
        "id": origin.event,
        "type": origin.type,
        "topic": origin.topic,
        "correlation_id": origin.correlation_id,
        "time": msgspec.to_builtins(origin.enqueued_at),
    }


def _value(template: str, known: Mapping[str, str], data: Mapping[str, object]) -> object:
    name = prompts.sole(template)
    # No input field holds an object: the data as a whole is always told as text.
    if name is not None and name != DATA:
        return _read(name, known, data)
    return prompts.plain(
        template, {name: _text(_read(name, known, data)) for name in prompts.variables(template)}
    )


def _read(name: str, known: Mapping[str, str], data: Mapping[str, object]) -> object:
    head, _, field = name.partition(".")
    if head != DATA:
        return known.get(name)
    return data.get(field) if field else data


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

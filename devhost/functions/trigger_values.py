"""The arguments of timer and Service Bus functions, made by the SDK's converters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from azure.functions.meta import Datum

from devhost.functions import conversions
from devhost.functions.catalog import SERVICE_BUS, TIMER, Function


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTick:
    """One firing of a timer; times are aware."""

    past_due: bool = False
    last: datetime | None = None
    next: datetime | None = None
    last_updated: datetime | None = None
    #: Whether the schedule is monitored; without it Azure tells no times.
    monitored: bool = True
    adjusts_for_dst: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BusMessage:
    """One delivery of a Service Bus message."""

    body: bytes
    message_id: str
    enqueued: datetime
    sequence_number: int = 0
    delivery_count: int = 1
    lock_token: str = field(default_factory=lambda: str(uuid4()))
    content_type: str | None = None
    correlation_id: str | None = None
    subject: str | None = None
    session_id: str | None = None
    reply_to: str | None = None
    to: str | None = None
    expires: datetime | None = None
    dead_letter_reason: str | None = None
    dead_letter_description: str | None = None
    dead_letter_source: str | None = None
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Collection:
    """The SDK reads a batch's bodies from a member of this name."""

    bytes: list[bytes]


def timer_value(function: Function, tick: TimerTick) -> Any:
    """A TimerRequest, or its JSON text where the parameter asks for `str` or `bytes`."""
    status = {
        "Last": _iso(tick.last),
        "Next": _iso(tick.next),
        "LastUpdated": _iso(tick.last_updated),
    }
    text = json.dumps(
        {
            "Schedule": {"AdjustForDST": tick.adjusts_for_dst},
            "ScheduleStatus": status if tick.monitored else None,
            "IsPastDue": tick.past_due,
        }
    )
    return conversions.decode(_decoder(function, TIMER), Datum(text, "json"))


def bus_value(function: Function, messages: Sequence[BusMessage]) -> Any:
    """A ServiceBusMessage, or a list of them where the trigger's cardinality is MANY; raw where asked for."""
    decoder = _decoder(function, SERVICE_BUS)
    if takes_many(function):
        bodies = Datum(_Collection([message.body for message in messages]), "collection_bytes")
        if decoder == conversions.GENERIC:
            # What the worker's generic converter says of a batch.
            return conversions.decode(decoder, bodies)
        return conversions.decode(decoder, bodies, _batch_metadata(messages))
    (message,) = messages
    metadata = {name: _datum(value) for name, value in _metadata(message).items() if value is not None}
    return conversions.decode(decoder, Datum(message.body, "bytes"), metadata)


def takes_many(function: Function) -> bool:
    """Whether one call receives a batch."""
    return str(function.trigger.attributes.get("cardinality", "ONE")).upper() == "MANY"


def _decoder(function: Function, binding_type: str) -> str:
    return conversions.GENERIC if function.trigger.name in function.raw_parameters else binding_type


def _metadata(message: BusMessage) -> dict[str, Any]:
    # Azure tells why it was dead-lettered among the message's own properties, and nowhere else.
    reasons = {
        "DeadLetterReason": message.dead_letter_reason,
        "DeadLetterErrorDescription": message.dead_letter_description,
    }
    properties = {name: _plain(value) for name, value in message.properties.items()}
    properties |= {name: text for name, text in reasons.items() if text is not None}
    return {
        # By this member the SDK knows a single message.
        "UserProperties": properties,
        "ApplicationProperties": properties,
        "DeadLetterSource": message.dead_letter_source,
        "ExpiresAt": _offset(message.expires),
        "ExpiresAtUtc": _zoneless(message.expires),
        "MessageId": message.message_id,
        "DeliveryCount": message.delivery_count,
        "EnqueuedTime": _offset(message.enqueued),
        "EnqueuedTimeUtc": _zoneless(message.enqueued),
        "SequenceNumber": message.sequence_number,
        "LockToken": message.lock_token,
        "ContentType": message.content_type,
        "CorrelationId": message.correlation_id,
        "Label": message.subject,
        "Subject": message.subject,
        "SessionId": message.session_id,
        "ReplyTo": message.reply_to,
        "To": message.to,
    }


def _batch_metadata(messages: Sequence[BusMessage]) -> dict[str, Datum]:
    columns = [_metadata(message) for message in messages]
    return {f"{name}Array": _datum([column[name] for column in columns]) for name in columns[0]}


def _datum(value: Any) -> Datum:
    return Datum(json.dumps(value), "json")


def _plain(value: Any) -> Any:
    return _iso(value) if isinstance(value, datetime) else value


def _iso(when: datetime | None) -> str | None:
    return None if when is None else f"{_zoneless(when)}Z"


def _offset(when: datetime | None) -> str | None:
    return None if when is None else f"{_zoneless(when)}+00:00"


def _zoneless(when: datetime | None) -> str | None:
    """As .NET writes what it knows no zone of, though it is UTC."""
    if when is None:
        return None
    # Not strftime: it writes the year 1, which stands for never, without its zeros.
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")

"""Messages as text and bytes for the state file, and back."""

import json
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from devhost.bus.messages import Property, Sent

_TEXTS = (*("message_id", "content_type", "correlation_id", "subject", "session_id", "reply_to", "to"),)


def written(message: Sent) -> str:
    """All of the message but its body."""
    members: dict[str, Any] = {
        name: value for name in _TEXTS if (value := getattr(message, name)) is not None
    }
    if message.time_to_live is not None:
        # Whole numbers: a float of seconds does not keep every microsecond.
        members["time_to_live"] = message.time_to_live // timedelta(microseconds=1)
    if message.scheduled is not None:
        members["scheduled"] = message.scheduled.isoformat()
    if message.properties:
        members["properties"] = {name: _plain(value) for name, value in message.properties.items()}
    return json.dumps(members)


def read(text: str, body: bytes) -> Sent:
    """The message again."""
    members: dict[str, Any] = json.loads(text)
    lived, scheduled = members.pop("time_to_live", None), members.pop("scheduled", None)
    properties = {name: _property(value) for name, value in members.pop("properties", {}).items()}
    return Sent(
        body=body,
        time_to_live=None if lived is None else timedelta(microseconds=lived),
        scheduled=None if scheduled is None else datetime.fromisoformat(scheduled),
        properties=MappingProxyType(properties),
        **members,
    )


def size_of(message: Sent) -> int:
    """About what the message counts on the bus: body, properties and their names."""
    texts = (getattr(message, name) or "" for name in _TEXTS)
    own = sum(_length(name) + _length(str(value)) for name, value in message.properties.items())
    return len(message.body) + sum(map(_length, texts)) + own


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _plain(value: Property) -> object:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _property(value: Any) -> Property:
    return datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value

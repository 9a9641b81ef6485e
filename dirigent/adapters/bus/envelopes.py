"""Requests that messages travel in: one alone with headers, several as JSON."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import hdrs

from dirigent import codec
from dirigent.adapters.bus.limits import size_of, text_of
from dirigent.domain.events import BusMessage, Property
from dirigent.ports.bus import LARGEST_MESSAGE, BusRefused

#: What Service Bus knows several messages by; with parameters it would take them for the body of one.
SEVERAL = "application/vnd.microsoft.servicebus.json"
#: It stops at 4,500 messages in a batch, without saying so.
MOST = 1_000

#: Whoever carries headers may change capitals and what begins with `x-`, and leave out what holds a `_`.
_PLAIN_NAME = re.compile(r"(?!x-)[a-z0-9][a-z0-9-]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: A word, or no digits: dates within quotation marks are read as dates. Neither quotes nor backslashes, for
#: it is nowhere said how a header would hold them.
_PLAIN_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[ !#-/:-\[\]-~]*")
#: No date that is written out, at least.
_TEXT = re.compile(r"(?!.*(GMT|:))[ !#-\[\]-~]*")
_LINE = re.compile(r"[!-~]([ -~]*[!-~])?")
#: Whoever traces requests writes these anew.
_TRACING = frozenset({"baggage", "request-id", "traceparent", "tracestate"})
#: Headers with a meaning of their own, which become no properties.
_OWN = {value.lower() for value in vars(hdrs).values() if isinstance(value, str)} - _TRACING
_OWN |= {"brokerproperties", "proxy-connection"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One request's content, and the messages in it."""

    headers: dict[str, str]
    body: bytes
    messages: tuple[BusMessage, ...]


def envelopes(messages: Sequence[BusMessage]) -> Iterator[Envelope]:
    """The messages in their order, in as few requests as they fit in."""
    together: list[BusMessage] = []
    size = 0
    for message in messages:
        grown = size + _weight(message)
        if together and (grown > LARGEST_MESSAGE or len(together) == MOST):
            yield envelope(together)
            together, grown = [], _weight(message)
        together.append(message)
        size = grown
    if together:
        yield envelope(together)


def envelope(messages: Sequence[BusMessage]) -> Envelope:
    """The messages in one request."""
    if len(messages) == 1:
        return _alone(messages[0])
    body = codec.to_json([_entry(message) for message in messages])
    return Envelope(headers={"Content-Type": SEVERAL}, body=body, messages=tuple(messages))


def _weight(message: BusMessage) -> int:
    # As the bus counts it or as it travels, whichever is more; what is no text travels alone.
    text = _entry(message) if _is_text(message.body) else None
    return LARGEST_MESSAGE if text is None else max(size_of(message), len(codec.to_json(text)) + 1)


def _alone(message: BusMessage) -> Envelope:
    headers = {"BrokerProperties": json.dumps(_broker(message)), "Content-Type": message.content_type}
    headers |= {name: _header(value) for name, value in message.properties.items()}
    single = Envelope(headers=headers, body=message.body, messages=(message,))
    if _fits_headers(message, surely=True):
        return single
    if not _is_text(message.body):
        # Its properties would have to be headers, and its body JSON: neither can be.
        if _fits_headers(message, surely=False):
            return single
        raise BusRefused("refused", f"The message {message.id!r} has no text for its body, nor headers.")
    body = codec.to_json([_entry(message)])
    if len(body) > LARGEST_MESSAGE and _fits_headers(message, surely=False):
        # Quotation marks within quotation marks: JSON makes a large body larger than it is.
        return single
    return Envelope(headers={"Content-Type": SEVERAL}, body=body, messages=(message,))


def _fits_headers(message: BusMessage, *, surely: bool) -> bool:
    """Whether its properties come through as headers, whoever carries them or only if they are let be."""
    kind = message.content_type
    return (
        _LINE.fullmatch(kind) is not None
        and not kind.lower().startswith(SEVERAL)
        and all(_fits_header(name, value, surely=surely) for name, value in message.properties.items())
    )


def _fits_header(name: str, value: Property, *, surely: bool) -> bool:
    form = _PLAIN_NAME if surely else _NAME
    if not form.fullmatch(name) or name.lower() in _OWN or (surely and name.lower() in _TRACING):
        return False
    if isinstance(value, str):
        return (_PLAIN_TEXT if surely else _TEXT).fullmatch(value) is not None
    # Nobody says whether an exponent is read.
    return not (isinstance(value, float) and "e" in repr(value))


def _header(value: Property) -> str:
    return f'"{value}"' if isinstance(value, str) else text_of(value)


def _entry(message: BusMessage) -> dict[str, object]:
    broker = _broker(message) | {"ContentType": message.content_type}
    if message.time_to_live is not None:
        # The form of the documented example, beside the one of the documented list.
        broker["TimeToLiveTimeSpan"] = _span(message.time_to_live)
    return {
        "Body": message.body.decode(),
        "BrokerProperties": broker,
        "UserProperties": dict(message.properties),
    }


def _broker(message: BusMessage) -> dict[str, object]:
    said: dict[str, object] = {
        "MessageId": message.id,
        "CorrelationId": message.correlation_id,
        "Label": message.subject,
    }
    return said if message.time_to_live is None else said | {"TimeToLive": message.time_to_live}


def _span(seconds: float) -> str:
    span = timedelta(seconds=seconds)
    minutes, left = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{span.microseconds:06}0" if span.microseconds else ""
    return f"{span.days}.{hours:02}:{minutes:02}:{left:02}{fraction}"


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True

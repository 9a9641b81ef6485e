"""Messages as Service Bus's REST interface writes them: in headers, or many as one JSON text."""

import base64
import json
import logging
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from devhost.bus.messages import Property, Received, Sent
from devhost.functions.http_exchange import HttpCall, Pairs
from devhost.http.json_text import BadJson, parsed

logger = logging.getLogger(__name__)

#: Says that the body is many messages; with any parameter behind it Service Bus takes the body for one.
BATCH = "application/vnd.microsoft.servicebus.json"

_HEADERS = """
accept accept-charset accept-encoding accept-language allow authorization baggage brokerproperties
cache-control connection content-encoding content-language content-length content-location content-md5
content-range content-type cookie correlation-context date expect expires forwarded from host if-match
if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified max-forwards origin
postman-token pragma proxy-authorization proxy-connection range referer request-id servicebusauthorization te
trailer transfer-encoding upgrade upgrade-insecure-requests user-agent via warning
"""
#: Headers that speak of the request; every other one is a property of the message.
_OF_THE_REQUEST = frozenset(_HEADERS.split())
#: Tracers add these to any request, bare; as properties of a message they are text in quotes.
_OF_TRACERS = frozenset({"traceparent", "tracestate"})
_PREFIXES = ("x-ms-", "sec-", "x-forwarded-")

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")
_NAME_OF_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
#: Longer than any message lives; .NET's longest span would lead past the end of the calendar.
_FOREVER = timedelta(days=36_500)
#: What a whole number may be that is a property, and how long it is at most.
_LEAST, _MOST, _LONGEST_WHOLE = -(2**63), 2**63 - 1, 20
#: Service Bus's own bound for these names.
_LONGEST_ID = 128


class BadMessage(ValueError):
    """A request that Service Bus would refuse."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


def messages_of(call: HttpCall) -> list[Sent]:
    """The messages that a request sends; `BadMessage` says what is wrong with it."""
    if (call.header("content-type") or "").strip().lower() == BATCH:
        return _batch(call.body)
    if call.media_type == BATCH:
        logger.warning(
            "%s is taken for one message, as on Azure: the Content-Type of a batch has no parameters.",
            call.path,
        )
    broker = _object("The HTTP header BrokerProperties", call.header("BrokerProperties") or "{}")
    properties = _from_headers(call.headers)
    return [_sent(call.body, broker, properties, content_type=call.header("content-type") or None)]


def _batch(body: bytes) -> list[Sent]:
    try:
        listed = parsed(body)
    except BadJson as error:
        raise BadMessage(f"The body of a batch must be a JSON array of messages. {error}") from error
    if not isinstance(listed, list) or not listed:
        raise BadMessage("The body of a batch must be a JSON array of one message or more.")
    return [_batched(number, one) for number, one in enumerate(listed)]


def _batched(number: int, one: Any) -> Sent:
    where = f"Message {number} of the batch"
    if not isinstance(one, dict) or not isinstance(one.get("Body"), str):
        raise BadMessage(f"{where} must be an object with a member Body, which is a string.")
    try:
        body = _body(one["Body"], is_base64=one.get("IsBodyBase64") is True)
    except ValueError as error:
        raise BadMessage(f"The Body of message {number} cannot be read: {error}.") from error
    broker, user = one.get("BrokerProperties") or {}, one.get("UserProperties") or {}
    if not isinstance(broker, dict) or not isinstance(user, dict):
        raise BadMessage(f"{where}: BrokerProperties and UserProperties must be objects.")
    properties = {name: _checked(where, name, value) for name, value in user.items() if value is not None}
    # The broker is told no content type: Azure passes over one among its properties.
    return _sent(body, broker, properties, content_type=None)


def _body(text: str, *, is_base64: bool) -> bytes:
    return base64.b64decode(text, validate=True) if is_base64 else text.encode()


def _checked(where: str, name: str, value: Any) -> Property:
    if isinstance(value, str) and _is_unicode(value):
        return value
    if isinstance(value, int) and _LEAST <= value <= _MOST:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise BadMessage(
        f"{where}: the property {name!r} must be a string, a number of 64 bits or a truth value."
    )


def _is_unicode(text: str) -> bool:
    # Half a surrogate pair, from JSON's escapes or from bytes that are no UTF-8, can be stored nowhere.
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _sent(
    body: bytes, broker: Mapping[str, Any], properties: Mapping[str, Property], *, content_type: str | None
) -> Sent:
    partition, session = _text(broker, "PartitionKey"), _text(broker, "SessionId")
    if partition is not None and session is not None and partition != session:
        raise BadMessage("PartitionKey and SessionId differ: where both are set they must be the same.")
    return Sent(
        body=body,
        message_id=_text(broker, "MessageId") or "",
        content_type=content_type,
        correlation_id=_text(broker, "CorrelationId"),
        subject=_text(broker, "Label"),
        session_id=session,
        reply_to=_text(broker, "ReplyTo"),
        to=_text(broker, "To"),
        time_to_live=_time_to_live(broker),
        scheduled=_instant(broker),
        properties=properties,
    )


def _object(what: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadMessage(f"{what} is invalid: it must be a JSON object, and is {text[:200]!r}.")
    return value


def _text(broker: Mapping[str, Any], name: str) -> str | None:
    value = broker.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _is_unicode(value):
        raise BadMessage(f"{name} of the BrokerProperties must be a string, not {json.dumps(value)[:200]}.")
    if name in {"MessageId", "SessionId", "PartitionKey"} and len(value) > _LONGEST_ID:
        raise BadMessage(f"{name} has {len(value)} characters; {_LONGEST_ID} are allowed.")
    return value


def _time_to_live(broker: Mapping[str, Any]) -> timedelta | None:
    name = "TimeToLive" if broker.get("TimeToLive") is not None else "TimeToLiveTimeSpan"
    value = broker.get(name)
    if value is None:
        return None
    seconds = _seconds(value)
    if seconds is None or not seconds > 0:
        raise BadMessage(
            f"{name} of the BrokerProperties must be a number of seconds above 0, or a span such as "
            f"0.00:01:30, not {json.dumps(value)[:200]}."
        )
    return timedelta(seconds=min(seconds, _FOREVER.total_seconds()))


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        span = _SPAN.fullmatch(value)
        if span is None:
            return float(value) if _NUMBER.fullmatch(value) else None
        days, hours, minutes, seconds = (float(part or 0) for part in span.groups())
        return days * 86_400 + hours * 3600 + minutes * 60 + seconds
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # Of whole numbers JSON may hold what no float does.
    return float(min(value, _FOREVER.total_seconds()))


def _instant(broker: Mapping[str, Any]) -> datetime | None:
    value = _text(broker, "ScheduledEnqueueTimeUtc")
    if value is None:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            when = read(value)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    raise BadMessage(
        f"ScheduledEnqueueTimeUtc of the BrokerProperties must be a time such as "
        f"'Sun, 06 Nov 1994 08:49:37 GMT', not {value[:200]!r}."
    )


def _from_headers(headers: Pairs) -> dict[str, Property]:
    """The message's own properties: headers that do not speak of the request."""
    return {name: value for name, text in headers if (value := _property(name, text.strip())) is not None}


def _property(name: str, text: str) -> Property | None:
    lower = name.lower()
    if lower in _OF_THE_REQUEST or lower.startswith(_PREFIXES):
        return None
    value = _value(text)
    if value is None and lower not in _OF_TRACERS:
        raise BadMessage(
            f"The value {text[:200]} of the HTTP header {name} is invalid: "
            "put a text or a date in double quotes; numbers, true and false stand without, and whole numbers "
            "have 64 bits."
        )
    return value


def _value(text: str) -> Property | None:
    if text in {"true", "false"}:
        return text == "true"
    if _NUMBER.fullmatch(text):
        return _number(text)
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return None
    bare = _unquoted(text)
    return _dated(bare) if _is_unicode(bare) else None


def _number(text: str) -> Property | None:
    if set(text) & set(".eE"):
        number = float(text)
        return number if math.isfinite(number) else None
    # Some thousand digits Python would refuse to read.
    if len(text) > _LONGEST_WHOLE or not _LEAST <= int(text) <= _MOST:
        return None
    return int(text)


def _unquoted(text: str) -> str:
    try:
        # What cannot stand in a header comes escaped as in JSON.
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, str) else text[1:-1]


def _dated(text: str) -> Property:
    if _HTTP_DATE.fullmatch(text):
        try:
            return parsedate_to_datetime(text)
        except ValueError:
            return text
    return text


def headers_of(message: Received) -> Pairs:
    """What a reply that hands a message over says of it."""
    sent = message.message
    custom = dict(sent.properties)
    if message.dead_letter_reason is not None:
        custom["DeadLetterReason"] = message.dead_letter_reason
    if message.dead_letter_description is not None:
        custom["DeadLetterErrorDescription"] = message.dead_letter_description
    return (
        ("Content-Type", _printable(sent.content_type) or "application/octet-stream"),
        ("BrokerProperties", json.dumps(_broker_properties(message), separators=(",", ":"))),
        *_as_headers(custom.items()),
    )


def _broker_properties(message: Received) -> dict[str, Any]:
    sent = message.message
    said = {
        "DeliveryCount": message.delivery_count,
        "EnqueuedSequenceNumber": message.sequence_number,
        "EnqueuedTimeUtc": _http_date(message.enqueued),
        "ExpiresAtUtc": _http_date(message.expires),
        "LockToken": message.lock_token,
        "LockedUntilUtc": _http_date(message.locked_until),
        "MessageId": sent.message_id,
        "CorrelationId": sent.correlation_id,
        "Label": sent.subject,
        "SessionId": sent.session_id,
        "ReplyTo": sent.reply_to,
        "To": sent.to,
        "DeadLetterSource": message.dead_letter_source,
        "ScheduledEnqueueTimeUtc": _http_date(sent.scheduled),
        "SequenceNumber": message.sequence_number,
        "State": "Active",
        "TimeToLive": None if sent.time_to_live is None else sent.time_to_live.total_seconds(),
    }
    return {name: value for name, value in said.items() if value is not None}


def _http_date(when: datetime | None) -> str | None:
    return None if when is None else format_datetime(when.astimezone(UTC), usegmt=True)


def _as_headers(properties: Iterable[tuple[str, Property]]) -> Iterable[tuple[str, str]]:
    for name, value in properties:
        if not _NAME_OF_HEADER.fullmatch(name) or name.lower() in _OF_THE_REQUEST:
            logger.warning("The property %.200r cannot be a header, and is left out of the reply.", name)
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif isinstance(value, datetime):
            yield name, f'"{_http_date(value)}"'
        else:
            yield name, json.dumps(value)


def _printable(text: str | None) -> str | None:
    return text if text and text.isascii() and text.isprintable() else None

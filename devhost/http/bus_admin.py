"""The host's own pages of the bus: look at it, put something in, take something out."""

import base64
import math
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devhost.bus.messages import Property, Received, Sent
from devhost.bus.ports import MOST_DIGITS, Broker, PlaceFigures, TooLarge, UnknownPlace
from devhost.engine.errors import InvalidRequest
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.http.json_text import BadJson, compact, parsed
from devhost.http.queries import Query
from devhost.http.replies import NOT_FOUND, refusal

#: Where the pages lie.
ROOT = "admin/servicebus"
#: Messages of one page, unless the call says otherwise and at most.
_USUAL, _MOST = 100, 1000

#: Members of what is put in, in lower case → what they are to the message.
_TEXTS = {
    "messageid": "message_id",
    "correlationid": "correlation_id",
    "subject": "subject",
    "contenttype": "content_type",
    "sessionid": "session_id",
    "replyto": "reply_to",
    "to": "to",
}
_KNOWN = (
    "body, properties, messageId, correlationId, subject, timeToLive, contentType, sessionId, replyTo, to"
)


class BusAdmin:
    """Answers what comes in under the root."""

    def __init__(self, broker: Broker, settled: Callable[[], Awaitable[None]]) -> None:
        self._broker = broker
        self._settled = settled

    async def answer(self, call: HttpCall, pieces: tuple[str, ...]) -> HttpReply:
        """The reply to a call whose path, below the root, has these decoded pieces."""
        try:
            reply = self._routed(call, "/".join(pieces))
        except (InvalidRequest, BadJson) as error:
            return refusal(400, str(error), error)
        except UnknownPlace as error:
            return refusal(404, unknown(error), error)
        except TooLarge as error:
            return refusal(413, str(error), error)
        await self._settled()
        return reply

    def _routed(self, call: HttpCall, path: str) -> HttpReply:
        match call.method:
            case "GET":
                if (subscriptions := self._broker.topics().get(path.lower())) is not None:
                    return refusal(404, _topic(path.lower(), subscriptions, f"{call.origin}/{ROOT}"))
                told = self._messages(call, path) if path else self.figures()
                return json_reply(200, told, ("Cache-Control", "no-store"))
            case "POST" if path:
                return self._put(call, path)
            case "DELETE" if path:
                return self._take_out(path)
        return NOT_FOUND

    def figures(self) -> dict[str, Any]:
        """Every place with its figures and rules, every topic, and what lies where no place is any more."""
        return {
            "topics": {name: list(subscriptions) for name, subscriptions in self._broker.topics().items()},
            "places": [_figures(one) for one in self._broker.figures()],
            "leftBehind": self._broker.left_behind(),
        }

    def _messages(self, call: HttpCall, place: str) -> dict[str, Any]:
        query = Query(call)
        first, most = query.whole("first") or 0, query.whole("most")
        count = min(_USUAL if most is None else max(most, 0), _MOST)
        return {
            "place": place.lower(),
            "messages": [_message(one) for one in self._broker.peek(place, first=first, most=count)],
        }

    def _put(self, call: HttpCall, name: str) -> HttpReply:
        message = _sent(parsed(call.body))
        self._broker.send(name, [message])
        return json_reply(201, {"place": name.lower(), "messageId": message.message_id})

    def _take_out(self, path: str) -> HttpReply:
        place, _, number = path.rpartition("/")
        if not place or not number.isascii() or not number.isdecimal():
            raise InvalidRequest("Name a message by its place and its sequence number, such as orders/12.")
        if len(number) <= MOST_DIGITS and self._broker.remove(place, int(number)):
            return HttpReply(status=204)
        return refusal(404, f"There is no message {number:.30} in {place.lower()!r}.")


def _topic(name: str, subscriptions: Iterable[str], root: str) -> str:
    addresses = [f"{root}/{name}/subscriptions/{one}" for one in subscriptions]
    told = f"{name!r} is a topic, and holds no messages"
    if not addresses:
        return f"{told}: nobody subscribes to it."
    return f"{told}: they lie with its subscriptions, at {', '.join(addresses)}."


def unknown(error: UnknownPlace) -> str:
    """The sentence on a place that is not there, with those that are."""
    return f"{error} There are: {', '.join(error.known) or 'none'}."


def _figures(one: PlaceFigures) -> dict[str, Any]:
    return {
        "place": one.place,
        "kind": one.kind,
        "active": one.active,
        "locked": one.locked,
        "scheduled": one.scheduled,
        "dead": one.dead,
        "rules": list(one.rules),
        "maxDeliveryCount": one.max_delivery_count,
        "lockSeconds": one.lock_duration.total_seconds(),
        "timeToLiveSeconds": _seconds(one.time_to_live),
    }


def _message(one: Received) -> dict[str, Any]:
    sent = one.message
    said = {
        "sequenceNumber": one.sequence_number,
        "messageId": sent.message_id,
        "correlationId": sent.correlation_id,
        "subject": sent.subject,
        "contentType": sent.content_type,
        "sessionId": sent.session_id,
        "replyTo": sent.reply_to,
        "to": sent.to,
        "enqueued": _instant(one.enqueued),
        "expires": _instant(one.expires),
        "scheduled": _instant(sent.scheduled),
        "timeToLiveSeconds": _seconds(sent.time_to_live),
        "deliveryCount": one.delivery_count,
        "lockedUntil": _instant(one.locked_until),
        "deadLetterReason": one.dead_letter_reason,
        "deadLetterDescription": one.dead_letter_description,
        "deadLetterSource": one.dead_letter_source,
        "properties": {name: _plain(value) for name, value in sent.properties.items()},
        **_body(sent.body),
    }
    return {name: value for name, value in said.items() if value is not None}


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"bodyBase64": base64.b64encode(body).decode()}


def _plain(value: Property) -> object:
    return _instant(value) if isinstance(value, datetime) else value


def _instant(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _sent(said: Any) -> Sent:
    if not isinstance(said, dict) or "body" not in {name.lower() for name in said}:
        raise InvalidRequest('The body must be a JSON object with a member "body".')
    members = {name.lower(): value for name, value in said.items()}
    body = members.pop("body")
    texts = {_TEXTS[name]: _text(name, members.pop(name)) for name in _TEXTS if name in members}
    properties, life = _properties(members.pop("properties", None)), members.pop("timetolive", None)
    if members:
        raise InvalidRequest(f"The member {next(iter(members))!r} is not known: there are {_KNOWN}.")
    texts.setdefault("message_id", uuid.uuid4().hex)
    # Text goes in as it is; whatever else JSON holds, as JSON.
    if not isinstance(body, str):
        texts.setdefault("content_type", "application/json")
    content = body if isinstance(body, str) else compact(body)
    blank = Sent(body=content.encode("utf-8", "replace"), time_to_live=_life(life), properties=properties)
    return replace(blank, **texts)  # type: ignore[arg-type]  # every member named in _TEXTS is a text


def _text(name: str, value: Any) -> str:
    if isinstance(value, str) and value and value.isprintable():
        return value
    raise InvalidRequest(f"The member {name!r} must be a text that is not empty.")


def _properties(said: Any) -> Mapping[str, Property]:
    if said is None:
        return {}
    if not isinstance(said, dict) or not all(isinstance(value, str | int | float) for value in said.values()):
        raise InvalidRequest('"properties" must be an object of texts, numbers and truth values.')
    return said


def _life(seconds: Any) -> timedelta | None:
    if seconds is None:
        return None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < math.inf:
        return timedelta(seconds=min(seconds, 1e9))
    raise InvalidRequest('"timeToLive" must be a number of seconds above 0.')

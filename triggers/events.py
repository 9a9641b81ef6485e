"""The route that tells events."""

import secrets
from collections.abc import Mapping
from math import isfinite

import azure.durable_functions as df
import azure.functions as func
from msgspec import UnsetType

from dirigent import codec
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.events import LONGEST_TIME_TO_LIVE, RESERVED, Event, Property, message_of
from dirigent.domain.inputs import Problem
from dirigent.domain.messages import Message
from dirigent.domain.spelling import suggestion
from dirigent.ports import Parts
from dirigent.ports.bus import BusRefused, BusUnavailable
from dirigent.settings import Settings
from dirigent.telemetry.tracing import Attributes, Tracing, asked, carried, joined
from triggers.bodies import read
from triggers.identity import Caller, caller
from triggers.problems import BREATHER, Refused, answered
from triggers.replies import reply
from triggers.routes import add_route

TELL = "events/{topic}"
#: Events in one request, and characters of an id: the number of a replay has room behind it.
MOST, LONGEST_ID = 100, 100
LONGEST_TYPE, LONGEST_CORRELATION, LONGEST_PROPERTY = 128, 128, 1_000
MOST_PROPERTIES = 50
MEMBERS = ("type", "data", "id", "correlation_id", "time_to_live", "properties")
#: How the bus refuses, and how that is answered; anything else is for whoever runs the app.
_STATUSES = {"unknown_topic": 404, "too_large": 413, "no_bus": 503}


def events(
    parts: Parts, catalogue: Catalogue, settings: Settings, *, tracing: Tracing | None = None
) -> df.Blueprint:
    """The route by which callers tell events."""
    desk = _Desk(parts, catalogue, settings, tracing or Tracing())

    async def tell_event(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.tell(req))

    blueprint = df.Blueprint()
    add_route(blueprint, "POST", TELL, tell_event)
    return blueprint


class _Desk:
    """Takes events: checks them, lays them on the bus, replies."""

    def __init__(self, parts: Parts, catalogue: Catalogue, settings: Settings, tracing: Tracing) -> None:
        self._bus, self._settings, self._tracing = parts.bus, settings, tracing
        subscriptions = catalogue.subscriptions.values()
        #: Who hears of each topic.
        self._topics = {
            topic: sorted(one.name for one in subscriptions if one.topic == topic)
            for topic in catalogue.topics()
        }

    async def tell(self, request: func.HttpRequest) -> func.HttpResponse:
        """Lay the events of the body on the topic."""
        # First: strangers are not told what there is.
        asks = caller(request, self._settings)
        topic = self._topic(request.route_params["topic"])
        body = read(request, limit=self._settings.body_limit)
        told = _told(body, request.headers.get("Idempotency-Key"))
        attributes: Attributes = {"dirigent.topic": topic, "dirigent.events": len(told)}
        with (
            joined(asked(request.headers.get("traceparent"))),
            self._tracing.span(f"tell {topic}", attributes),
        ):
            await self._send(topic, tuple(_event(one, topic, asks) for one in told))
        values = {"topic": topic, "events": _lines(told), "subscriptions": self._topics[topic]}
        return reply(values, status=202)

    def _topic(self, name: str) -> str:
        if name in self._topics:
            return name
        hint = suggestion(name, self._topics, kind="the topics")
        raise Refused(404, f"There is no topic {name[:100]!r}: {hint}")

    async def _send(self, topic: str, events: tuple[Event, ...]) -> None:
        # Whoever sends the same once more, with these ids, tells nobody twice.
        members: dict[str, object] = {"events": [{"id": event.id, "type": event.type} for event in events]}
        try:
            await self._bus.send(topic, tuple(message_of(event) for event in events))
        except BusUnavailable as error:
            raise Refused(
                503,
                f"The bus does not answer. Try again in {BREATHER} seconds, with the ids of `events`: some "
                "may have arrived, and the same id is the same event.",
                headers={"Retry-After": str(BREATHER)},
                members=members,
            ) from error
        except BusRefused as refused:
            status = _STATUSES.get(refused.reason, 502)
            raise Refused(status, refused.sentence, members={"reason": refused.reason} | members) from refused


class _Told(Message, frozen=True, kw_only=True):
    """An event as the body tells it."""

    type: str
    data: dict[str, object]
    id: str
    correlation_id: str
    time_to_live: float | None
    properties: dict[str, Property]


def _event(told: _Told, topic: str, asks: Caller) -> Event:
    trace = carried()
    return Event(
        topic=topic,
        type=told.type,
        id=told.id,
        data=codec.to_json(told.data).decode(),
        correlation_id=told.correlation_id,
        account=asks.account,
        user=asks.user,
        time_to_live=told.time_to_live,
        traceparent=None if isinstance(trace, UnsetType) else trace,
        properties=told.properties,
    )


def _lines(told: tuple[_Told, ...]) -> list[dict[str, str]]:
    return [{"id": one.id, "type": one.type, "correlation_id": one.correlation_id} for one in told]


def _told(body: object, key: str | None) -> tuple[_Told, ...]:
    """The body's events; `Refused` names all that will not do."""
    is_list = isinstance(body, list)
    listed = body if isinstance(body, list) else [body]
    if not 1 <= len(listed) <= MOST:
        raise Refused(400, f"The body is a list of {len(listed)} events: send 1 to {MOST} at once.")
    problems: list[Problem] = []
    told = []
    for place, one in enumerate(listed):
        reader = _Reader(one, f"[{place}]" if is_list else "")
        told.append(reader.told(key if key is None or not is_list else f"{key}.{place}"))
        problems += reader.problems
    if len({one.id for one in told}) < len(told) and not problems:
        problems.append(Problem(field="id", message="Two events of the list have one id: they would be one."))
    if problems:
        sentence = " ".join(problem.message for problem in problems[:5])
        raise Refused(400, sentence, fields=tuple(problems[:50]))
    return tuple(told)


class _Reader:
    """Reads one event, and notes what is wrong with it."""

    def __init__(self, body: object, where: str) -> None:
        self._where = where
        self.problems: list[Problem] = []
        self._body: Mapping[str, object] = {}
        if isinstance(body, dict):
            self._body = body
        else:
            self._refuse("", 'is no event: send a JSON object such as {"type": "…", "data": {}}.')

    def _refuse(self, name: str, why: str) -> None:
        field = f"{self._where}.{name}".strip(".") if name else self._where
        told = f"The member {field!r}" if field else "The body"
        self.problems.append(Problem(field=field, message=f"{told} {why}"))

    def told(self, key: str | None) -> _Told:
        for name in self._body:
            if name not in MEMBERS:
                self._refuse(name[:100], f"is unknown: {suggestion(name, MEMBERS, kind='the members')}")
        made = self._id(key)
        return _Told(
            type=self._text("type", LONGEST_TYPE, needed=True) or "",
            data=self._data(),
            id=made,
            correlation_id=self._text("correlation_id", LONGEST_CORRELATION) or made,
            time_to_live=self._seconds(),
            properties=self._properties(),
        )

    def _id(self, key: str | None) -> str:
        own = self._text("id", LONGEST_ID)
        if key is None:
            return own or secrets.token_hex(16)
        if own is not None and own != key:
            self._refuse("id", "differs from the header Idempotency-Key, which says the same: send one.")
        if not (0 < len(key) <= LONGEST_ID and all("!" <= sign <= "~" for sign in key)):
            remedy = f"1 to {LONGEST_ID} visible ASCII characters; a UUID will do."
            self.problems.append(Problem(field="", message=f"The Idempotency-Key is not {remedy}"))
        return key

    def _text(self, name: str, longest: int, *, needed: bool = False) -> str | None:
        value = self._body.get(name)
        if value is None and not needed:
            return None
        is_fit = isinstance(value, str) and 0 < len(value) <= longest
        if is_fit and isinstance(value, str) and value.isprintable() and value == value.strip():
            return value
        self._refuse(name, f"is not 1 to {longest} printable characters, without blanks around them.")
        return None

    def _data(self) -> dict[str, object]:
        value = self._body.get("data")
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self._refuse("data", "is no JSON object.")
        return {}

    def _seconds(self) -> float | None:
        value = self._body.get("time_to_live")
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if is_number and isinstance(value, int | float) and 1 <= value <= LONGEST_TIME_TO_LIVE:
            return float(value)
        self._refuse("time_to_live", f"is not a number of seconds from 1 to {LONGEST_TIME_TO_LIVE}.")
        return None

    def _properties(self) -> dict[str, Property]:
        value = self._body.get("properties")
        if value is None:
            return {}
        if not isinstance(value, dict) or len(value) > MOST_PROPERTIES:
            self._refuse("properties", f"is no JSON object of at most {MOST_PROPERTIES} members.")
            return {}
        for name, one in value.items():
            if (why := _wrong(name, one)) is not None:
                self._refuse(f"properties.{name[:100]}", why)
        return value


def _wrong(name: str, value: object) -> str | None:
    """What is wrong with a property, if anything is."""
    if name.lower() in _RESERVED:
        return "is a property that the app sets itself: choose another name."
    if not (name.isascii() and name.isidentifier() and len(name) <= 100):
        return "has no name of ASCII letters, digits and `_`, which is what filters can read."
    if isinstance(value, str):
        if len(value) <= LONGEST_PROPERTY and value.isprintable():
            return None
        return f"is not a text of up to {LONGEST_PROPERTY} printable characters."
    if isinstance(value, bool | int | float):
        return None
    return "is not a text, a number, true or false."


#: Headers, by which properties travel, have no capitals.
_RESERVED = frozenset(name.lower() for name in RESERVED)

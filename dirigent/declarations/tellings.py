"""Steps that tell events: what their messages carry, and whether anybody hears of them."""

from collections.abc import Collection, Iterable

from msgspec import Struct, field

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.shapes import Shape
from dirigent.domain.events import RESERVED
from dirigent.domain.spelling import twin

_RESERVED = frozenset(name.casefold() for name in RESERVED)


class Told(Struct, frozen=True):
    """What steps tell on one topic."""

    types: set[str] = field(default_factory=set)
    #: In small letters.
    properties: set[str] = field(default_factory=set)


def told_by(shapes: Iterable[Shape]) -> dict[str, Told] | None:
    """What all their steps tell, by topic; None where some of it could not be read."""
    found: dict[str, Told] = {}
    for shape in shapes:
        if not shape.is_whole:
            return None
        for way in (way for part in shape.parts for way in part.ways()):
            topic, event = way.text("topic"), way.text("event")
            if topic is None or event is None:
                continue
            told = found.setdefault(topic, Told())
            told.types.add(event)
            if isinstance(properties := way.values.get("properties"), Draft):
                told.properties.update(name.casefold() for name in properties.places)
    return found


def examine_tellings(shape: Shape, topics: Collection[str] | None, report: Report) -> None:
    """Report every topic that is nearly one of these, and every property that may not be called so."""
    for part in shape.parts:
        for way in part.ways():
            topic = way.text("topic")
            if topic is not None and topics is not None and topic not in topics:
                _examine_topic(topic, way, topics, report)
            if isinstance(properties := way.values.get("properties"), Draft):
                _examine_properties(properties, report)


def _examine_topic(topic: str, way: Draft, topics: Collection[str], report: Report) -> None:
    meant = twin(topic, topics)
    if meant is not None:
        why = f"Nobody subscribes to {topic!r}, which looks like {meant!r}: did you mean {meant!r}?"
        report.add(way.at("topic"), f"{why} If not, call it otherwise.")


def _examine_properties(properties: Draft, report: Report) -> None:
    known: dict[str, str] = {}
    for name in properties.places:
        if name.casefold() in _RESERVED:
            why = f"{name!r} is reserved, events are marked by it: choose another name."
            report.add(properties.at(name), why)
        if (other := known.setdefault(name.casefold(), name)) != name:
            why = f"The property differs from {other!r} in capitals only, which do not matter: rename one."
            report.add(properties.at(name), why)

"""What subscriptions ask for, held against what steps tell: a slip would keep every event out, in silence."""

from collections.abc import Collection, Mapping

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.tellings import Told
from dirigent.domain.events import TYPE
from dirigent.domain.filters import Clause, clauses
from dirigent.domain.spelling import twin

#: What others call the event's type, and declarations do.
_MISTAKEN = frozenset(("event", "event_type", "eventtype"))


def examine_hearing(draft: Draft, told: Mapping[str, Told] | None, report: Report) -> None:
    """Report what lets no event through, as far as what is told is known."""
    event, own = draft.text("event"), draft.text("filter")
    asked = () if own is None else clauses(own)
    if event is not None and any(TYPE in clause.properties for clause in asked):
        why = f"The filter looks at {TYPE!r}, and `event` says it already: keep one of the two."
        report.add(draft.at("filter"), why)
        return
    topic = draft.text("topic")
    if told is None or topic is None:
        return
    here = told.get(topic, Told())
    if event is not None:
        _examine_type(event, topic, here.types, draft.at("event"), report)
    for clause in asked:
        _examine_clause(clause, topic, here, draft.at("filter"), report)


def _examine_clause(clause: Clause, topic: str, here: Told, place: Place, report: Report) -> None:
    if TYPE in clause.properties:
        for text in clause.texts:
            _examine_type(text, topic, here.types, place, report)
    for name in clause.bare:
        if name.casefold() in _MISTAKEN and name.casefold() not in here.properties:
            why = f"No step sets the property {name!r} on the topic {topic!r}: the event's type is the"
            report.add(place, f"{why} property {TYPE!r}. If somebody else sets it, write user.{name}.")


def _examine_type(event: str, topic: str, types: Collection[str], place: Place, report: Report) -> None:
    if event in types:
        return
    meant = twin(event, types) or next((one for one in sorted(types) if _bare(one) == _bare(event)), None)
    if meant is not None:
        why = f"No step tells {event!r} on the topic {topic!r}, which looks like {meant!r}"
        report.add(place, f"{why}: did you mean {meant!r}? If not, call it otherwise.")


def _bare(event: str) -> str:
    return event.casefold().translate({ord(sign): None for sign in "-_."})

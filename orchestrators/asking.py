"""The one path to an agent: calls go out, and each again by durable timers, until a pattern is settled."""

from datetime import datetime
from typing import Any, TypeVar

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.passages import Passage
from dirigent.domain.patterns import Pattern
from dirigent.domain.runs import AskAlone, Perform, StartRun
from dirigent.domain.waves import Wave
from dirigent.ports.orchestration import Context, Steps
from orchestrators.flights import Flight
from orchestrators.gates import permitted, settle
from orchestrators.hearing import ended, now, was_cut
from orchestrators.stopping import Stops
from orchestrators.waiting import listed, tell

Course = TypeVar("Course", bound=Pattern)

#: What gates are told of a call that nobody waits for any more: nothing that speaks of anybody.
UNHEARD = Failed(failure=Failure(category=Category.TIMEOUT, message="nobody waited for it"), attempts=0)


def asking(
    context: Context,
    start: StartRun,
    pattern: Course,
    deadline: datetime,
    admission: Passage | None = None,
) -> Steps:
    """The pattern once it is settled; nothing is raised."""
    wave = Wave.of(start, (), deadline, now=now(context), admission=admission)
    flight, stops = Flight(context), Stops(context, start)
    said = wave.waits(), pattern.lost
    while pattern.settled is None:
        wave = wave.join(pattern.ready, now(context)).expire(now(context))
        pattern = pattern.begun()
        if wave.is_due(now(context)):
            wave = yield from permitted(context, wave)
            wave = _sent(context, wave, flight)
        if not wave.is_heard:
            due = wave.wakes(now(context))
            if due is not None and wave.is_unlisted and (yield from listed(context, start)):
                wave = wave.listed()
            news = wave.waits(), pattern.lost
            if news != said and (due is not None or pattern.lost):
                tell(context, *news)
                said = news
            # Taken before the run was listed: that may have lasted for longer than the wait.
            heard = yield from _landed(wave, pattern, flight, stops, due)
            heard |= _overdue(context, wave, flight, stops)
            settle(context, wave, heard)
            wave = wave.hear(heard, now(context)).expire(now(context))
        wave, outcomes = wave.reported()
        if outcomes:
            pattern = pattern.hear(outcomes, now(context))
        pattern = pattern.expire(now(context))
        wave = _dropped(context, wave, pattern, flight, stops)
    flight.land()
    yield from stops.end(flight)
    return pattern


def _sent(context: Context, wave: Wave, flight: Flight) -> Wave:
    orders = wave.orders(now(context))
    for place, order in orders.items():
        flight.add(place, _task(context, wave, place, order))
    return wave.ordered(orders)


def _task(context: Context, wave: Wave, place: int, order: Perform | AskAlone | StartRun) -> Any:
    step = wave.pending[place].call.step
    if isinstance(order, Perform):
        return context.call_activity(step.activity, codec.encode(order))
    name = "ask_alone" if step.nested is None else step.nested.pattern
    return context.call_sub_orchestrator(name, codec.encode(order), wave.instance(place))


def _landed(wave: Wave, pattern: Pattern, flight: Flight, stops: Stops, due: datetime | None) -> Steps:
    """What came of calls: of the next that ends, or of all where nothing can follow before."""
    until = min((one for one in (due, pattern.due) if one is not None), default=None)
    is_patient = pattern.is_patient
    heard: dict[int, Outcome] = {}
    keys = flight.landed()
    while True:
        for key in keys:
            task = flight.take(key)
            if stops.heard(key, task):
                continue
            one = wave.pending[key]
            heard[key] = outcome = ended(task, one.call)
            # A gate that waits for how its trial ends keeps others waiting.
            is_patient = is_patient and isinstance(outcome, Done) and not one.is_trial
            if one.call.step.nested is not None and was_cut(task):
                # Whoever ended it has left running what it had begun.
                stops.begin({wave.instance(key): one.call.step}, flight, is_there=False)
        if heard and (not is_patient or stops.are_all_of(flight)):
            return heard
        key = yield from flight.next(until)
        if key is None:
            return heard
        keys = [key]


def _overdue(context: Context, wave: Wave, flight: Flight, stops: Stops) -> dict[int, Outcome]:
    """Calls made apart that should have ended by themselves long ago: somebody suspended them, it may be."""
    late = [place for place in wave.overdue(now(context)) if place in flight]
    _end(wave, late, flight, stops)
    return {place: wave.too_late(place) for place in late}


def _end(wave: Wave, places: list[int], flight: Flight, stops: Stops) -> None:
    """Wait no longer for these calls; instances that were begun for them are ended."""
    for place in places:
        flight.take(place)
    apart = {
        wave.instance(place): wave.pending[place].call.step
        for place in places
        if wave.pending[place].call.is_apart
    }
    if apart:
        stops.begin(apart, flight)


def _dropped(context: Context, wave: Wave, pattern: Pattern, flight: Flight, stops: Stops) -> Wave:
    """The wave without what nobody waits for any more; instances that were begun for it are ended."""
    gone = wave.awaited(pattern.unwanted)
    if not gone:
        return wave
    under_way = [place for place in gone if place in flight]
    _end(wave, under_way, flight, stops)
    settle(context, wave, dict.fromkeys(under_way, UNHEARD))
    return wave.drop(gone, now(context))

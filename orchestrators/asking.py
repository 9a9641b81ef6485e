"""The one path to an agent: calls go out in waves, and each again by durable timers until it is settled."""

from collections.abc import Mapping
from datetime import datetime

from dirigent import codec
from dirigent.domain.outcomes import Outcome
from dirigent.domain.passages import Passage
from dirigent.domain.pendings import Call
from dirigent.domain.runs import Perform, StartRun
from dirigent.domain.waves import Wave
from dirigent.ports.orchestration import Context, Steps
from orchestrators.gates import permitted, settle
from orchestrators.hearing import all_done, now, outcome_of
from orchestrators.waiting import listed, waiting


def asking(
    context: Context,
    start: StartRun,
    calls: tuple[Call, ...],
    deadline: datetime,
    admission: Passage | None = None,
) -> Steps:
    """The outcomes of the calls, in their order; nothing is raised."""
    wave = Wave.of(start, calls, deadline, now=now(context), admission=admission).expire(now(context))
    while not wave.is_over:
        if (due := wave.next_due(now(context))) is not None:
            if wave.is_unlisted and (yield from listed(context, start)):
                wave = wave.listed()
            yield from waiting(context, due, wave.waits())
            wave = wave.expire(now(context))
        wave = yield from permitted(context, wave)
        orders = wave.orders(now(context))
        names = {place: wave.pending[place].call.step.activity for place in orders}
        heard = yield from _performed(context, orders, names)
        settle(context, wave, heard)
        wave = wave.hear(heard, now(context))
    return wave.outcomes


def _performed(context: Context, orders: Mapping[int, Perform], names: Mapping[int, str]) -> Steps:
    tasks = {
        place: context.call_activity(names[place], codec.encode(order)) for place, order in orders.items()
    }
    yield from all_done(context, tasks)
    heard: dict[int, Outcome] = {}
    for place, task in tasks.items():
        heard[place] = yield from outcome_of(task, names[place])
    return heard

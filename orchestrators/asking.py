"""The one path to an agent: calls go out in waves, and each again by durable timers until it is settled."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dirigent import codec
from dirigent.domain.outcomes import Category, Failed, Failure, Outcome
from dirigent.domain.runs import Perform, StartRun
from dirigent.domain.waves import Call, Wave
from dirigent.ports.orchestration import Context, Steps


def asking(context: Context, start: StartRun, calls: tuple[Call, ...], deadline: datetime) -> Steps:
    """The outcomes of the calls, in their order; nothing is raised."""
    wave = Wave.of(start, calls, deadline).expire(now(context))
    while not wave.is_over:
        if (due := wave.next_due(now(context))) is not None:
            # For whoever looks meanwhile: a run that waits says for what, and why.
            context.set_custom_status({"waits": codec.encode(wave.waits())})
            yield context.create_timer(due)
            wave = wave.expire(now(context))
        orders = wave.orders(now(context))
        names = {place: wave.pending[place].call.step.activity for place in orders}
        heard = yield from _performed(context, orders, names)
        wave = wave.hear(heard, now(context))
    return wave.outcomes


def _performed(context: Context, orders: Mapping[int, Perform], names: Mapping[int, str]) -> Steps:
    tasks = {
        place: context.call_activity(names[place], codec.encode(order)) for place, order in orders.items()
    }
    if len(tasks) > 1:
        # All are scheduled by this one yield; it raises with the first that fails, while the others go on.
        yield from _settled(context.task_all(list(tasks.values())))
    heard: dict[int, Outcome] = {}
    for place, task in tasks.items():
        heard[place] = yield from outcome_of(task, names[place])
    return heard


def outcome_of(task: Any, activity: str) -> Steps:
    """What an activity returned, or a failure when it died without an answer."""
    returned, error = yield from _settled(task)
    if error is not None:
        # The error's own text holds the stack, paths and perhaps secrets: it is for the host's log alone.
        message = f"the activity {activity!r} died; the app's log says of what"
        return Failed(failure=Failure(category=Category.TRANSIENT, message=message))
    return codec.decode(Outcome, returned)  # type: ignore[arg-type]  # a union is no type


def _settled(task: Any) -> Steps:
    try:
        return (yield task), None
    except Exception as error:  # noqa: BLE001 - the SDK raises a bare Exception for a failed activity
        return None, error


def now(context: Context) -> datetime:
    """The orchestration's time, in UTC proper: the SDK's timers ignore the zone they are given."""
    return context.current_utc_datetime.astimezone(UTC)

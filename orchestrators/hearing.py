"""What comes back of what was yielded, with errors as values; and the time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dirigent import codec
from dirigent.domain.outcomes import Category, Failed, Failure, Outcome
from dirigent.ports.orchestration import Context, Steps


def now(context: Context) -> datetime:
    """The orchestration's time, in UTC proper: the SDK's timers ignore the zone they are given."""
    return context.current_utc_datetime.astimezone(UTC)


def outcome_of(task: Any, activity: str) -> Steps:
    """What an activity returned, or a failure when it died without an answer."""
    returned, error = yield from settled(task)
    if error is not None:
        # The error's own text holds the stack, paths and perhaps secrets: it is for the host's log alone.
        message = f"the activity {activity!r} died; the app's log says of what"
        return Failed(failure=Failure(category=Category.TRANSIENT, message=message))
    return codec.decode(Outcome, returned)  # type: ignore[arg-type]  # a union is no type


def all_done(context: Context, tasks: Mapping[int, Any]) -> Steps:
    """Schedule the tasks and return when each has ended, or one has failed."""
    if len(tasks) > 1:
        # All are scheduled by this one yield; it raises with the first that fails, while the others go on.
        yield from settled(context.task_all(list(tasks.values())))


def settled(task: Any) -> Steps:
    """The task's result, or its error."""
    try:
        return (yield task), None
    except Exception as error:  # noqa: BLE001 - the SDK raises a bare Exception for a failed activity
        return None, error

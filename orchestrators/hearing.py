"""What comes back of what was yielded, with errors as values; and the time."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dirigent import codec
from dirigent.domain.outcomes import Category, Failed, Failure, Outcome
from dirigent.domain.pendings import Call
from dirigent.ports.orchestration import Context, Steps

#: Between the reason for an instance's failure and its stack.
_DETAILS = " \n "
#: As `RunFailed` says it, within what hosts write around it.
_FAILED = re.compile(
    r"(?:Orchestrator function '[^']*' failed: )?(?:the run|step '[^']*') failed "
    rf"\(({'|'.join(Category)})\): (.*?)(?:{_DETAILS}|\n\n\$OutOfProcData|\Z)",
    re.DOTALL,
)


def now(context: Context) -> datetime:
    """The orchestration's time, in UTC proper: the SDK's timers ignore the zone they are given."""
    return context.current_utc_datetime.astimezone(UTC)


def outcome_of(task: Any, activity: str) -> Steps:
    """What an activity returned, or a failure when it died without an answer."""
    yield from settled(task)
    return outcome_at(task, activity)


def outcome_at(task: Any, activity: str) -> Outcome:
    """The same of a task that has ended."""
    if isinstance(task.result, Exception):
        # The error's own text holds the stack, paths and perhaps secrets: it is for the host's log alone.
        message = f"the activity {activity!r} died; the app's log says of what"
        return Failed(failure=Failure(category=Category.TRANSIENT, message=message))
    return codec.decode(Outcome, task.result)  # type: ignore[arg-type]  # a union is no type


def ended(task: Any, call: Call) -> Outcome:
    """How a call ended, whoever made it."""
    if not call.is_apart:
        return outcome_at(task, call.step.activity)
    if not isinstance(task.result, Exception):
        return codec.decode(Outcome, task.result["outcome"])  # type: ignore[arg-type]  # a union is no type
    return Failed(failure=_told(str(task.result)))


def was_cut(task: Any) -> bool:
    """Whether somebody ended from outside the instance that made the call."""
    return isinstance(task.result, Exception) and _FAILED.match(str(task.result)) is None


def _told(text: str) -> Failure:
    """What an instance that failed says of why; whoever ended one from outside says it otherwise."""
    found = _FAILED.match(text)
    if found is None:
        why = text.partition(_DETAILS)[0].strip() or "without a reason"
        return Failure(category=Category.PERMANENT, message=f"it was ended from outside: {why}").brief()
    return Failure(category=Category(found[1]), message=found[2].strip()).brief()


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

"""What is kept of a run and of its steps."""

from datetime import datetime

from dirigent.domain.events import Origin
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Turnout, Usage
from dirigent.domain.passages import Passage
from dirigent.domain.runs import Held, Status


class RunError(Message, frozen=True, kw_only=True):
    """Why a run ended without what it was for."""

    category: Category
    message: str
    #: The step that could not be done, if it was one.
    step: str | None = None
    attempts: int = 0
    #: Seconds after which the same may work.
    retry_after: float | None = None
    #: In one word what happened, where more is known than the category.
    reason: str = ""
    #: How far the call that failed had come.
    passage: Passage | None = None


class Degraded(Message, frozen=True, kw_only=True):
    """Whose answer it is in place of the agent's, and why."""

    #: `agent`, `model` or `value`: what was declared as the fallback. `workflow`: inside of it.
    by: str
    #: Name of the agent or model.
    name: str | None = None
    category: Category
    because: str


class RunRecord(Message, frozen=True, kw_only=True):
    """A run as it is kept and listed."""

    run: str
    account: str
    workflow: str
    type: str
    status: Status
    definition: str
    input: Held
    created_at: datetime
    updated_at: datetime
    user: str | None = None
    claim: str | None = None
    completed_at: datetime | None = None
    #: JSON text of the result's object.
    result: Held | None = None
    error: RunError | None = None
    #: How it came through its account's gate.
    admission: Passage | None = None
    #: The run that this one is a step of.
    parent: str | None = None
    #: What is missing in its result, where anything may be.
    turnout: Turnout | None = None
    #: The event that it was started by.
    origin: Origin | None = None
    #: What belongs together across runs has the same: the event's, or the id of the task it began with.
    correlation_id: str = ""


class StepRecord(Message, frozen=True, kw_only=True):
    """A step that was done: written once, and from then on the same for everybody."""

    step: str
    #: Its place among the workflow's steps, from 0.
    position: int
    #: Under which name the task shows it.
    record: str
    #: Under which name later steps and the result know its value.
    output: str
    value: Held
    started_at: datetime
    completed_at: datetime
    attempts: int = 1
    agent: str | None = None
    #: The model as it named itself.
    model: str | None = None
    usage: Usage = Usage()
    #: Why the model stopped, and how its provider calls the call.
    finish: str | None = None
    request_id: str | None = None
    #: How the call came through its deployment's gate.
    passage: Passage | None = None
    degraded: Degraded | None = None
    #: Whether the value is JSON text and no plain text.
    is_json: bool = False
    #: What it tells of was written down, and not done.
    is_simulated: bool = False
    #: Which way the step went, where it chooses; empty for the way of all other values.
    branch: str | None = None
    #: The run that the step is.
    child: str | None = None
    #: Of a step that is a run: what is missing in its result.
    turnout: Turnout | None = None

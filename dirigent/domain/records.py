"""What is kept of a run and of its steps."""

from datetime import datetime

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Usage
from dirigent.domain.runs import Held, Status


class RunError(Message, frozen=True, kw_only=True):
    """Why a run ended without what it was for."""

    category: Category
    message: str
    #: The step that could not be done, if it was one.
    step: str | None = None
    attempts: int = 0


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

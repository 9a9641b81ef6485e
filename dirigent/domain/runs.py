"""What a run is told at its start, and what its activities are told."""

from datetime import datetime
from enum import StrEnum

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Failed
from dirigent.domain.retries import RetryPolicy


class Status(StrEnum):
    """How a run stands, in the words of the HTTP API."""

    PENDING = "pending"  #: accepted, nothing done yet
    IN_PROGRESS = "in_progress"  #: it has opened its record
    COMPLETED = "completed"  #: what it was for is done
    FAILED = "failed"  #: it ended without; its error says why
    CANCELLED = "cancelled"  #: somebody ended it


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class Held(Message, frozen=True, kw_only=True):
    """A text, carried along when it is short, else a reference to where it is kept."""

    text: str | None = None
    #: Name of the artifact that holds the text.
    artifact: str | None = None


class PlannedStep(Message, frozen=True, kw_only=True, omit_defaults=False):
    """As much of a step as the orchestrator must know; prompts and agents stay in the definition."""

    name: str
    #: The activity that performs it.
    activity: str
    #: Seconds one attempt may take.
    timeout: float
    retry: RetryPolicy = RetryPolicy()
    agent: str | None = None
    #: What the call goes to, in order of preference: each has a gate.
    deployments: tuple[str, ...] = ()


class StartRun(Message, frozen=True, kw_only=True, omit_defaults=False):
    """All a run needs, frozen when it is accepted: editing the catalogue changes later runs only."""

    run: str
    account: str
    workflow: str
    #: The workflow's `type`, which its tasks show.
    type: str
    #: Hash and so name of the frozen definition: workflow, agents, models.
    definition: str
    plan: tuple[PlannedStep, ...]
    #: JSON text of the input's object.
    input: Held
    created_at: datetime
    #: Seconds the run may take in all.
    timeout: float
    user: str | None = None
    #: Key of the idempotency claim that the run marks as started.
    claim: str | None = None


class Perform(Message, frozen=True, kw_only=True):
    """Perform one step of a run; the first also opens the run's record, the last closes it."""

    run: str
    account: str
    definition: str
    step: str
    #: 1 for the first try.
    attempt: int
    #: Nothing is started later than this, and what is under way by then has failed.
    not_after: datetime
    #: Seconds the attempt may take from its beginning.
    timeout: float
    opening: StartRun | None = None
    closes: bool = False


class CloseRun(Message, frozen=True, kw_only=True):
    """Write down that a run ended without what it was for."""

    opening: StartRun
    failed: Failed
    #: The step that could not be done, if it was one.
    step: str | None = None

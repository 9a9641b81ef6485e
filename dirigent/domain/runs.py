"""What a run is told at its start, and what its activities are told."""

from datetime import datetime
from enum import StrEnum

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Failed, Failure
from dirigent.domain.passages import Passage
from dirigent.domain.retries import RetryPolicy


class Status(StrEnum):
    """How a run stands, in the words of the HTTP API."""

    PENDING = "pending"  #: accepted, nothing done yet
    IN_PROGRESS = "in_progress"  #: its first step has begun
    COMPLETED = "completed"  #: what it was for is done
    FAILED = "failed"  #: it ended without; its error says why
    CANCELLED = "cancelled"  #: somebody ended it


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class Held(Message, frozen=True, kw_only=True):
    """A text, carried along when it is short, else a reference to where it is kept."""

    text: str | None = None
    #: Name of the artifact that holds the text.
    artifact: str | None = None


class Substitute(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Who answers when a step's agent cannot; without a deployment, a fixed value does."""

    agent: str | None = None
    #: Where the agent's calls are counted.
    home: str | None = None
    deployment: str | None = None
    timeout: float
    retry: RetryPolicy = RetryPolicy()


class PlannedStep(Message, frozen=True, kw_only=True, omit_defaults=False):
    """As much of a step as the orchestrator must know; prompts and agents stay in the definition."""

    name: str
    #: The activity that performs it.
    activity: str
    #: Seconds one attempt may take.
    timeout: float
    retry: RetryPolicy = RetryPolicy()
    agent: str | None = None
    #: What the call goes to; its gate counts the agent's calls.
    deployments: tuple[str, ...] = ()
    fallback: Substitute | None = None
    #: Seconds for all attempts and the waits between them; None is as long as the run.
    total_timeout: float | None = None


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
    #: Seconds to wait where a gate refuses. None: it was accepted before there were gates, and passes none.
    max_wait: float | None = None


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
    #: What a gate permitted begins by then or not at all.
    begin_by: datetime | None = None
    opening: StartRun | None = None
    closes: bool = False
    #: For an earlier step a fallback answered.
    is_degraded: bool = False
    #: How the run was admitted; told when it opens its record.
    admission: Passage | None = None
    #: How the call was permitted.
    passage: Passage | None = None
    #: Because of this the agent's fallback is to answer.
    instead_of: Failure | None = None


class OpenRun(Message, frozen=True, kw_only=True):
    """Write down that a run waits to begin: who looks for it finds it."""

    opening: StartRun


class CloseRun(Message, frozen=True, kw_only=True):
    """Write down that a run ended without what it was for."""

    opening: StartRun
    failed: Failed
    #: The step that could not be done, if it was one.
    step: str | None = None
    admission: Passage | None = None

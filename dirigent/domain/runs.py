"""What a run is told at its start, and what its activities are told."""

from datetime import datetime
from enum import StrEnum
from typing import Self

import msgspec
from msgspec.structs import replace

from dirigent.domain.elections import Election, Poll
from dirigent.domain.events import Origin
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Failed, Failure, Turnout, Usage
from dirigent.domain.passages import Passage
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.teams import Team


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
    #: The step is a workflow of its own.
    nested: "Nested | None" = None
    #: The step whose outcome tells which branch this one takes.
    choose: str | None = None
    branches: dict[str, "PlannedStep"] = msgspec.field(default_factory=dict)
    #: For whatever is not among the branches.
    otherwise: "PlannedStep | None" = None


class Nested(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A workflow that is a step of another, frozen with it."""

    workflow: str
    type: str
    pattern: str
    definition: str
    plan: tuple[PlannedStep, ...]
    timeout: float
    max_wait: float
    team: Team | None = None
    election: Election | None = None


class Parent(Message, frozen=True, kw_only=True, omit_defaults=False):
    """The step of another run that a run is: there its input comes from, and there its result goes."""

    run: str
    #: The other run's.
    definition: str
    step: str
    #: Which branch of the step, where that chooses.
    branch: str | None = None
    #: When the other run gives it up.
    until: datetime
    #: Whose seconds are over then, and how many.
    whose: str = "the seconds its parent run had left"


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
    #: Who works side by side, where the pattern is one of teams.
    team: Team | None = None
    #: Who votes, where the pattern is a vote.
    election: Election | None = None
    #: The run is a step of another; its input is drawn from there when it opens.
    parent: Parent | None = None
    #: The trace of the request that asked for it, as W3C's `traceparent`; where there is none, not a byte.
    traceparent: str | msgspec.UnsetType = msgspec.UNSET
    #: The event that started it; where somebody asked for it, not a byte.
    origin: Origin | msgspec.UnsetType = msgspec.UNSET

    @property
    def opens_with_step(self) -> bool:
        """Whether its first step opens its record; else that is done before it."""
        return (
            self.parent is None
            and self.team is None
            and self.election is None
            and self.plan[0].nested is None
        )

    def begun(self, nested: Nested, run: str, parent: Parent, now: datetime) -> "StartRun":
        """The run of that id that is a step of this one; its input is drawn from here when it begins."""
        return StartRun(
            run=run,
            account=self.account,
            user=self.user,
            workflow=nested.workflow,
            type=nested.type,
            definition=nested.definition,
            plan=nested.plan,
            input=Held(),
            created_at=now,
            timeout=nested.timeout,
            max_wait=None if self.max_wait is None else nested.max_wait,
            team=nested.team,
            election=nested.election,
            parent=parent,
            traceparent=self.traceparent,
            origin=self.origin,
        )

    def only(self, names: str | None) -> Self:
        """The same with these branches alone, which its input names as a JSON list; None for all."""
        if names is None or self.team is None:
            return self
        chosen = frozenset(msgspec.json.decode(names, type=list[str]))
        return replace(self, team=self.team.only(chosen))

    def brief(self) -> Self:
        """The same without what only orchestrators need, which is long."""
        return replace(self, plan=(), team=None, election=None)


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
    #: Which branch is performed, where the step chooses.
    branch: str | None = None
    #: Of a step that merges what others brought: who of them is missing.
    turnout: Turnout | None = None
    #: Of a step that tells how a vote ended, or judges it: the vote.
    poll: Poll | None = None
    #: What the run has consumed before the step that closes it.
    usage: Usage | None = None
    #: The run that the closing run is a step of.
    parent: Parent | None = None
    #: The run's; where the order opens the run, the opening has it.
    traceparent: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def trace(self) -> str | msgspec.UnsetType:
        """The trace it belongs to."""
        return self.traceparent if self.opening is None else self.opening.traceparent


class OpenRun(Message, frozen=True, kw_only=True):
    """Write down that there is a run: who looks for it finds it, and its steps find its input."""

    opening: StartRun
    #: It begins, and does not only wait to.
    is_begun: bool = False
    admission: Passage | None = None


class StopRuns(Message, frozen=True, kw_only=True):
    """End instances that nobody wants any more."""

    account: str
    #: Why, for their records.
    reason: str
    #: Those that were begun, and so must be there.
    instances: tuple[str, ...]
    #: Those that they may have begun.
    others: tuple[str, ...] = ()


class AskAlone(Message, frozen=True, kw_only=True):
    """Perform one step of a run in an instance of its own, which can be ended before the run."""

    start: StartRun
    deadline: datetime
    #: Whose seconds they are, for whoever is told that they were over.
    whose: str
    instance: str
    turnout: Turnout | None = None
    poll: Poll | None = None


class CloseRun(Message, frozen=True, kw_only=True):
    """Write down that a run ended without what it was for."""

    opening: StartRun
    failed: Failed
    #: The step that could not be done, if it was one.
    step: str | None = None
    admission: Passage | None = None
    turnout: Turnout | None = None

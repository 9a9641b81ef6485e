"""What is asked and answered at the gates: there is one for each account and one for each deployment."""

import re
from datetime import datetime
from hashlib import sha256

from dirigent.domain.breakers import State, Verdict
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import RETRIED, Category, Done, Failure, Outcome
from dirigent.domain.passages import Level, Refusal, instant
from dirigent.domain.windows import Admission, Limits

#: None begins with a dot: addresses forget a "." and take ".." for a step up.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,59}")


class Gate(Message, frozen=True, kw_only=True):
    """The address of a gate; hosts know it as an entity."""

    name: str
    key: str


def account_gate(account: str) -> Gate:
    """Where starts on that account are admitted."""
    return Gate(name="account", key=_key(account))


def deployment_gate(deployment: str) -> Gate:
    """Where calls to that deployment are permitted."""
    return Gate(name="deployment", key=_key(deployment))


def _key(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    # Hosts allow neither every sign nor any length; no plain name holds the sign that marks these.
    legible = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:24]
    return f"{legible}~{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def refusal_of(level: Level, key: str, limits: Limits, admission: Admission) -> Refusal | None:
    """Who refuses whoever windows did not admit; None when all were."""
    if admission.refused_by is None:
        return None
    return Refusal(
        level=level,
        key=key,
        why=admission.refused_by,
        limit=limits.of(admission.refused_by),
        come_back_at=admission.come_back_at,
    )


def failure_of(refusal: Refusal, now: datetime) -> Failure:
    """What is told of a refusal where nobody waits for longer."""
    category = Category.TRANSIENT if refusal.is_of_circuit else Category.RATE_LIMIT
    if refusal.come_back_at is None:
        return Failure(category=category, message=refusal.sentence)
    left = max((instant(refusal.come_back_at) - now).total_seconds(), 0.0)
    return Failure(category=category, message=refusal.sentence, retry_after=round(left, 3))


def verdict_on(outcome: Outcome) -> Verdict:
    """What the end of a call says of what was called."""
    if isinstance(outcome, Done) or outcome.is_done:
        return Verdict.SILENT if outcome.is_repeated else Verdict.WELL
    failure = outcome.failure
    # Who says when to come back is well, only busy: that is honoured by a pause of all.
    is_busy = failure.category is Category.RATE_LIMIT and failure.retry_after is not None
    if not outcome.is_theirs or failure.category not in RETRIED or is_busy:
        return Verdict.SILENT
    return Verdict.ILL


class Start(Message, frozen=True, kw_only=True):
    """A run wants to begin."""

    account: str
    user: str | None = None
    #: Until when it would wait, in microseconds.
    patience: int


class Entry(Message, frozen=True, kw_only=True):
    """It may, unless somebody refuses."""

    at: int
    refusal: Refusal | None = None


class Group(Message, frozen=True, kw_only=True):
    """Calls of the same kind that want to go through a gate."""

    calls: int
    #: On whose windows they count; None when they have been counted elsewhere.
    agent: str | None = None
    #: Whether they go to this gate's deployment, or were only to be counted here.
    through: bool = True
    #: Where the circuit refuses them they go elsewhere, and are counted here all the same.
    leaves: bool = False


class Ask(Message, frozen=True, kw_only=True):
    """A wave's calls want to go through a gate."""

    deployment: str
    groups: tuple[Group, ...]
    #: How long the slowest may take.
    seconds: float
    #: Until when they would wait, in microseconds.
    patience: int


class Grant(Message, frozen=True, kw_only=True):
    """How many of a group may go ahead."""

    granted: int
    #: And how many were counted, but may only go elsewhere.
    leaving: int = 0
    #: Why the rest may not.
    refusal: Refusal | None = None


class Answer(Message, frozen=True, kw_only=True):
    """What a deployment's gate says to a wave: a grant for each group."""

    at: int
    #: Permitted calls begin by then or not at all.
    begin_by: int
    state: State
    #: Both are to be handed back when the calls have ended.
    round: int
    until: int
    grants: tuple[Grant, ...]
    #: Why the deployment takes no more.
    closed: Refusal | None = None


class Settlement(Message, frozen=True, kw_only=True):
    """How permitted calls ended."""

    deployment: str
    round: int
    until: int
    verdicts: tuple[Verdict, ...]
    #: Seconds for which the deployment asked to be left alone.
    pause: float = 0.0


class GiveBack(Message, frozen=True, kw_only=True):
    """Calls that were counted a moment ago and are not made."""

    #: The gate's own stamp of when they were counted.
    at: int
    agents: dict[str, int]

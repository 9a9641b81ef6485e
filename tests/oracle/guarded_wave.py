"""Waves of runs that pass gates, and what gates say to them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dirigent.domain.breakers import State
from dirigent.domain.gates import Answer, Grant
from dirigent.domain.outcomes import Category, Failed, Failure
from dirigent.domain.passages import Level, Refusal, Why, micros
from dirigent.domain.pendings import Call
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import Held, Perform, PlannedStep, StartRun, Substitute
from dirigent.domain.waves import Wave

NOW = datetime(2030, 1, 1, tzinfo=UTC)
#: What a gate allows from a call's permission to its beginning.
PATIENCE = timedelta(seconds=300)
#: The writer speaks with another model; somebody else writes; the text is there already.
MODEL = Substitute(agent="writer", home="gpt", deployment="mini", timeout=20)
AGENT = Substitute(agent="reserve", home="mini", deployment="mini", timeout=10)
VALUE = Substitute(timeout=30)


def later(seconds: float) -> datetime:
    """So many seconds after the beginning."""
    return NOW + timedelta(seconds=seconds)


def planned(
    name: str = "one",
    *,
    agent: str | None = "writer",
    home: str | None = "gpt",
    timeout: float = 30.0,
    attempts: int = 3,
    fallback: Substitute | None = None,
    total_timeout: float | None = None,
) -> PlannedStep:
    """A step; without a home it passes no gate."""
    return PlannedStep(
        name=name,
        activity="ask_agent",
        timeout=timeout,
        retry=RetryPolicy(max_attempts=attempts),
        agent=agent,
        deployments=() if home is None else (home,),
        fallback=fallback,
        total_timeout=total_timeout,
    )


def started(*, max_wait: float | None = 120.0, timeout: float = 3600.0) -> StartRun:
    """A run; without a `max_wait` it was accepted before there were gates."""
    return StartRun(
        run="r",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=(),
        input=Held(text="{}"),
        created_at=NOW,
        timeout=timeout,
        max_wait=max_wait,
    )


def waved(*steps: PlannedStep, max_wait: float | None = 120.0, timeout: float = 3600.0) -> Wave:
    """A wave of these steps, of which nothing is ordered yet."""
    start = started(max_wait=max_wait, timeout=timeout)
    return Wave.of(start, tuple(Call(step=step) for step in steps), later(timeout), now=NOW)


def full(seconds: float | None = 10.0, *, agent: str = "writer", at: datetime = NOW) -> Refusal:
    """The agent had all its calls of this minute."""
    return Refusal(level=Level.AGENT, key=agent, why="minute", limit=60, come_back_at=_at(seconds, at))


def shut(
    seconds: float | None = 60.0, *, why: Why = Why.OPEN, deployment: str = "gpt", at: datetime = NOW
) -> Refusal:
    """The deployment takes no calls."""
    return Refusal(level=Level.DEPLOYMENT, key=deployment, why=why, come_back_at=_at(seconds, at))


def _at(seconds: float | None, at: datetime) -> int | None:
    return None if seconds is None else micros(at + timedelta(seconds=seconds))


def answered(
    *grants: Grant,
    at: datetime = NOW,
    state: State = State.CLOSED,
    number: int = 1,
    closed: Refusal | None = None,
) -> Answer:
    """What a gate answers to a wave."""
    return Answer(
        at=micros(at),
        begin_by=micros(at + PATIENCE),
        state=state,
        round=number,
        until=micros(at + PATIENCE) + 35_000_000,
        grants=grants,
        closed=closed,
    )


def told(wave: Wave, *grants: Grant, at: datetime = NOW, closed: Refusal | None = None) -> Wave:
    """The wave after its one inquiry was answered so."""
    [inquiry] = wave.inquiries(at)
    return wave.told(inquiry, answered(*grants, at=at, closed=closed), at)


def failure(
    category: Category = Category.TRANSIENT, *, retry_after: float | None = None, attempts: int = 1
) -> Failed:
    """How an attempt ends in vain; what was called has failed."""
    why = Failure(category=category, message="oh", retry_after=retry_after)
    return Failed(failure=why, attempts=attempts, is_theirs=True)


def performed(wave: Wave, at: datetime) -> Mapping[int, Perform]:
    """The orders of then, which are all for activities."""
    orders = wave.orders(at)
    activities = {place: order for place, order in orders.items() if isinstance(order, Perform)}
    assert activities.keys() == orders.keys()
    return activities

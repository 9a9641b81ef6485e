"""Whole runs on the playhouse: who takes how long, and what comes of it, is said beforehand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gatekeeper import Gatekeeper
from playhouse import START, Instance, Playhouse

from dirigent import codec
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.catalogue import Agent, Catalogue, Model
from dirigent.domain.elections import Election
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.runs import Held, Nested, Perform, PlannedStep, StartRun
from dirigent.domain.teams import Team
from dirigent.domain.windows import Limits
from orchestrators import ORCHESTRATORS

FUNCTIONS = {function.__name__: function for function in ORCHESTRATORS}
NO = Failed(failure=Failure(category=Category.PERMANENT, message="no"))
#: What a step takes, and what comes of it; None is the death of its activity.
Fate = tuple[float, Outcome | None]


def later(seconds: float) -> datetime:
    """So many seconds after the beginning."""
    return START + timedelta(seconds=seconds)


def asked(*names: str, is_guarded: bool = False) -> tuple[PlannedStep, ...]:
    """Steps that ask somebody, each with all the time there is."""
    deployments = ("gpt",) if is_guarded else ()
    return tuple(
        PlannedStep(
            name=name, activity="ask_agent", timeout=100_000.0, agent="writer", deployments=deployments
        )
        for name in names
    )


def nested(name: str, plan: tuple[PlannedStep, ...], pattern: str = "sequential", **more: Any) -> PlannedStep:
    """A step that is a run of its own."""
    inner = Nested(
        workflow=f"{name}-w",
        type="t",
        pattern=pattern,
        definition="inner",
        plan=plan,
        timeout=more.pop("timeout", 3600.0),
        max_wait=120.0,
        team=more.pop("team", None),
        election=more.pop("election", None),
    )
    return PlannedStep(name=name, activity="", timeout=30.0, nested=inner, **more)


def started(
    plan: tuple[PlannedStep, ...],
    *,
    team: Team | None = None,
    election: Election | None = None,
    timeout: float = 100_000.0,
    max_wait: float | None = None,
) -> StartRun:
    """The run `run`."""
    return StartRun(
        run="run",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=plan,
        input=Held(text="{}"),
        created_at=START,
        timeout=timeout,
        max_wait=max_wait,
        team=team,
        election=election,
    )


def brought(run: Instance) -> Outcome:
    """What an instance brings to its parent."""
    return codec.decode(Outcome, run.result["outcome"])  # type: ignore[arg-type]  # a union is no type


class Cast:
    """Whoever performs; of whom nothing is said is done at once."""

    def __init__(self, fates: Mapping[str, Fate | list[Fate]]) -> None:
        #: Of one who is asked again, one fate after another; the last for ever.
        self.fates = {step: list(fate) if isinstance(fate, list) else [fate] for step, fate in fates.items()}
        gates = Gatekeeper(self, _catalogue())
        self.remembered = gates.remembered
        self.house = Playhouse(FUNCTIONS, self._perform, gates.operate)

    def play(self, pattern: str, start: StartRun) -> Instance:
        """The run, after everything has happened."""
        return self.house.play(pattern, codec.encode(start), start.run)

    def fate(self, name: str) -> Fate:
        """What becomes of the step now."""
        fates = self.fates.get(name, [(0.0, Done())])
        return fates.pop(0) if len(fates) > 1 else fates[0]

    def _perform(self, activity: str, order: Any) -> tuple[float, Any]:
        name = activity if activity in ("open_run", "close_run") else order["step"] or activity
        seconds, outcome = self.fate(name)
        if name != activity:
            told = codec.decode(Perform, order)
            left = (told.not_after - self.house.now).total_seconds()
            if seconds > min(left, told.timeout):
                late = Failure(category=Category.TIMEOUT, message="no answer in time")
                seconds = max(min(left, told.timeout), 0.0)
                outcome = outcome and Failed(failure=late, attempts=int(left > 0))
        if outcome is None:
            return seconds, ConnectionError("worker gone")
        return seconds, codec.encode(outcome)

    def now(self) -> datetime:
        return self.house.now

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError("Nobody sleeps here.")


def _catalogue() -> Catalogue:
    free = Limits(burst=None, minute=None, hour=None, day=None)
    agent = Agent(name="writer", description="", instructions="", model="gpt", limits=free)
    return Catalogue(
        models={"gpt": Model(name="gpt", deployment="gpt")},
        agents={"writer": agent},
        workflows={},
        accounts={"a": AccountRules(limits=free)},
    )

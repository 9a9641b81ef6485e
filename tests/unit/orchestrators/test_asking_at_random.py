"""Whatever becomes of calls, the app's gates have counted what was called, and wait for nobody."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.crowds import unpacked
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.patterns import Abreast
from dirigent.domain.pendings import Call
from dirigent.domain.runs import PlannedStep, StartRun, Substitute
from dirigent.domain.windows import Limits
from dirigent.ports.orchestration import Steps
from orchestrators.asking import asking

Rehearse = Callable[..., Any]
FALLBACKS = st.sampled_from(
    [
        None,
        Substitute(agent="writer", home="gpt", deployment="mini", timeout=20),
        Substitute(agent="reserve", home="mini", deployment="mini", timeout=10),
        Substitute(timeout=30),
    ]
)
FAILURES = st.builds(
    Failed,
    failure=st.builds(
        Failure,
        category=st.sampled_from(Category),
        message=st.just("oh"),
        retry_after=st.none() | st.sampled_from([1.0, 30.0]),
    ),
    attempts=st.sampled_from([0, 1, 1]),
    is_theirs=st.booleans(),
)
RULES = st.builds(
    BreakerRules,
    failures=st.integers(1, 3),
    cool_down=st.sampled_from([0.5, 60.0]),
    trials=st.integers(1, 2),
    success_threshold=st.integers(1, 2),
)
LIMITS = st.builds(
    Limits, burst=st.sampled_from([None, 1, 3]), minute=st.sampled_from([None, 2, 60]), hour=st.just(20)
)


def abreast(context: Any, start: StartRun, calls: tuple[Call, ...], deadline: datetime, *more: Any) -> Steps:
    """The outcomes of calls that go out together."""
    pattern = yield from asking(context, start, Abreast(ready=calls), deadline, *more)
    return pattern.outcomes


def counted(context: Any) -> Counter[tuple[str, str]]:
    """How many calls the gates have counted today, by gate and agent."""
    found: Counter[tuple[str, str]] = Counter()
    for address, state in context.remembered.items():
        gate = codec.decode(DeploymentGate, state)
        for agent, windows in gate.agents.known.items():
            found[address, agent] = sum(number for _, number in unpacked(windows).day)
    return +found


def called(context: Any, plan: tuple[PlannedStep, ...]) -> Counter[tuple[str, str]]:
    """How many calls were ordered, by whose they are."""
    found: Counter[tuple[str, str]] = Counter()
    for _, order in context.calls:
        step = next(step for step in plan if step.name == order["step"])
        agent, home = step.agent, step.deployments[0]
        if "instead_of" in order and step.fallback is not None:
            agent, home = step.fallback.agent, step.fallback.home or ""
        if agent is not None:
            found[f"deployment@{home}", agent] += 1
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.data(),
    st.lists(FALLBACKS, min_size=1, max_size=4),
    st.fixed_dictionaries({"gpt": RULES, "mini": RULES}),
)
def test_gates_have_counted_what_was_called_and_wait_for_nobody(
    guarded: StartRun,
    rehearse: Rehearse,
    data: st.DataObject,
    fallbacks: list[Substitute | None],
    breakers: dict[str, BreakerRules],
) -> None:
    def answer(*_: Any) -> Outcome:
        context.current_utc_datetime += timedelta(seconds=data.draw(st.sampled_from([0.0, 0.3, 20.0])))
        outcome = data.draw(st.none() | st.just(Done()) | FAILURES)
        if outcome is None:
            raise ConnectionError("worker gone")
        return outcome

    context = rehearse(answer, breakers=breakers, calls=data.draw(LIMITS))
    context.gate_seconds = data.draw(st.sampled_from([0.0, 0.0, 2.0]))
    step = guarded.plan[0]
    plan = tuple(
        replace(step, name=str(place), fallback=fallback) for place, fallback in enumerate(fallbacks)
    )
    calls = tuple(Call(step=step) for step in plan)
    outcomes = context.play(abreast(context, guarded, calls, context.now() + timedelta(hours=1)))

    assert len(outcomes) == len(plan)
    assert counted(context) == called(context, plan)
    gates = [codec.decode(DeploymentGate, state) for state in context.remembered.values()]
    assert [gate.circuit.trials for gate in gates] == [()] * len(gates)

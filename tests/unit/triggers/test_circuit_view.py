"""Showing circuits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dirigent.domain.breakers import Breaker, State
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.passages import micros
from triggers.circuit_view import circuit_view

NOW = datetime(2030, 1, 1, tzinfo=UTC)
RULES = {"failures": 5, "cool_down": 60.0, "trials": 1, "success_threshold": 1}


def shown(bench: Any, gate: DeploymentGate, *, later: float = 0) -> Any:
    """The circuit so many seconds later."""
    return circuit_view("gpt", gate, bench.catalogue, micros(NOW + timedelta(seconds=later)))


def test_shows_a_circuit_that_nobody_has_used(bench: Any) -> None:
    assert shown(bench, DeploymentGate()) == {
        "name": "gpt",
        "models": ["m"],
        "agents": ["idler", "writer"],
        "state": "closed",
        "failures": 0,
        "successes": 0,
        "trials": 0,
        "changed_at": None,
        "cooled_at": None,
        "paused_until": None,
        "rules": RULES,
    }


@pytest.mark.parametrize(
    ("later", "state", "changed_at", "cooled_at"),
    [
        (0, State.OPEN, NOW, NOW + timedelta(seconds=60)),
        (59, State.OPEN, NOW, NOW + timedelta(seconds=60)),
        (60, State.HALF_OPEN, NOW + timedelta(seconds=60), None),
    ],
)
def test_tells_a_circuit_as_of_now(
    bench: Any, later: float, state: State, changed_at: datetime, cooled_at: datetime | None
) -> None:
    gate = DeploymentGate(circuit=Breaker(state=State.OPEN, changed_at=micros(NOW), round=1))
    view = shown(bench, gate, later=later)

    assert (view["state"], view["changed_at"], view["cooled_at"]) == (state, changed_at, cooled_at)


def test_counts_the_trials_under_way(bench: Any) -> None:
    trials = tuple(micros(NOW + timedelta(seconds=seconds)) for seconds in (1, 5, 9))
    circuit = Breaker(state=State.HALF_OPEN, changed_at=micros(NOW), successes=1, trials=trials)
    view = shown(bench, DeploymentGate(circuit=circuit), later=5)

    assert (view["trials"], view["successes"]) == (1, 1)


def test_tells_of_a_pause_until_it_is_over(bench: Any) -> None:
    until = NOW + timedelta(seconds=30)
    gate = DeploymentGate(paused_until=micros(until))

    assert shown(bench, gate, later=29)["paused_until"] == until
    assert shown(bench, gate, later=30)["paused_until"] is None


def test_takes_the_gates_time_where_its_clock_is_ahead(bench: Any) -> None:
    circuit = Breaker(state=State.OPEN, changed_at=micros(NOW), round=1)
    gate = DeploymentGate(seen=micros(NOW + timedelta(seconds=61)), circuit=circuit)

    assert shown(bench, gate)["state"] == State.HALF_OPEN

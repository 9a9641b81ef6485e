"""Circuits as the HTTP API shows them."""

from datetime import datetime

from dirigent.domain.breakers import BreakerRules, State
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.passages import instant


def circuit_view(deployment: str, gate: DeploymentGate, catalogue: Catalogue, now: int) -> dict[str, object]:
    """A deployment's circuit as it stands now, which its gate may not have been asked about for a while."""
    rules = catalogue.breaker(deployment)
    now = max(now, gate.seen)
    circuit = gate.circuit.at(rules, now)
    is_open = circuit.state is State.OPEN
    models = sorted(name for name, model in catalogue.models.items() if model.deployment == deployment)
    return {
        "name": deployment,
        "models": models,
        "agents": sorted(name for name, agent in catalogue.agents.items() if agent.model in models),
        "state": circuit.state,
        "failures": circuit.failures,
        "successes": circuit.successes,
        "trials": len(circuit.trials),
        "changed_at": _time(circuit.changed_at),
        "cooled_at": _time(circuit.cooled_at(rules)) if is_open else None,
        "paused_until": _time(gate.paused_until) if gate.paused_until > now else None,
        "rules": _rules(rules),
    }


def _time(micros: int) -> datetime | None:
    # A circuit that never changed has done so at no time.
    return instant(micros) if micros else None


def _rules(rules: BreakerRules) -> dict[str, object]:
    return {
        "failures": rules.failures,
        "cool_down": rules.cool_down,
        "trials": rules.trials,
        "success_threshold": rules.success_threshold,
    }

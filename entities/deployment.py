"""The gate of a deployment."""

from typing import Any

from dirigent import codec
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import Answer, Ask, GiveBack, Settlement
from dirigent.ports.clock import Clock
from entities.chronicle import tell
from entities.shell import Entity, Read, move

Moved = tuple[DeploymentGate, Answer | None]


def deployment(clock: Clock, catalogue: Catalogue) -> Entity:
    """The entity, keeping to this catalogue's rules."""

    def permit(gate: DeploymentGate, ask: Read, now: int) -> Moved:
        wanted = codec.decode(Ask, ask())
        return gate.permit(catalogue.breaker(wanted.deployment), catalogue.limits, wanted, now)

    def settle(gate: DeploymentGate, settlement: Read, now: int) -> Moved:
        told = codec.decode(Settlement, settlement())
        return gate.settle(catalogue.breaker(told.deployment), told, now), None

    def give_back(gate: DeploymentGate, back: Read, now: int) -> Moved:
        return gate.give_back(codec.decode(GiveBack, back()), now), None

    def reset(gate: DeploymentGate, wish: Read, now: int) -> Moved:  # noqa: ARG001 - there is nothing to say
        return gate.reset(now), None

    operations = {"permit": permit, "settle": settle, "give_back": give_back, "reset": reset}

    def deployment(context: Any) -> None:
        move(context, DeploymentGate, operations, clock, tell)

    return deployment

"""Routes that show and reset the circuits of deployments."""

import asyncio
import logging
from urllib.parse import unquote

import azure.durable_functions as df
import azure.functions as func

from dirigent.domain.breakers import State
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.passages import micros
from dirigent.domain.spelling import suggestion
from dirigent.ports import Parts
from dirigent.settings import Settings
from triggers.circuit_view import circuit_view
from triggers.gatehouse import DurableGates, Gates
from triggers.identity import caller, operator
from triggers.problems import Refused, answered
from triggers.replies import UNKEPT, reply
from triggers.routes import add_route

log = logging.getLogger(__name__)

#: Seconds between looks whether a gate has heard of its reset; real ones, for that takes moments.
LOOKS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6)
#: How many gates are looked at together.
AT_ONCE = 8


def circuits(
    parts: Parts, catalogue: Catalogue, settings: Settings, *, looks: tuple[float, ...] = LOOKS
) -> df.Blueprint:
    """The routes that show and reset circuits."""
    desk = _Desk(parts, catalogue, settings, looks)

    async def list_circuits(
        req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        return await answered(desk.list(req, DurableGates(client)))

    async def show_circuit(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.show(req, DurableGates(client)))

    async def reset_circuit(
        req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        return await answered(desk.reset(req, DurableGates(client)))

    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "circuits", list_circuits, client=True)
    add_route(blueprint, "GET", "circuits/{name}", show_circuit, client=True)
    add_route(blueprint, "POST", "circuits/{name}/reset", reset_circuit, client=True)
    return blueprint


class _Desk:
    """Takes questions about circuits, and resets."""

    def __init__(
        self, parts: Parts, catalogue: Catalogue, settings: Settings, looks: tuple[float, ...]
    ) -> None:
        self._clock, self._catalogue, self._settings, self._looks = parts.clock, catalogue, settings, looks
        self._deployments = sorted({model.deployment for model in catalogue.models.values()})

    async def list(self, request: func.HttpRequest, gates: Gates) -> func.HttpResponse:
        """The circuit of every deployment that a model names."""
        caller(request, self._settings)
        free = asyncio.Semaphore(AT_ONCE)

        async def seen(deployment: str) -> dict[str, object]:
            async with free:
                return self._view(deployment, await gates.deployment(deployment))

        views = await asyncio.gather(*(seen(deployment) for deployment in self._deployments))
        return reply({"circuits": views}, headers=UNKEPT)

    async def show(self, request: func.HttpRequest, gates: Gates) -> func.HttpResponse:
        """One circuit."""
        # They belong to no account, but they are nothing for strangers.
        caller(request, self._settings)
        deployment = self._deployment(request.route_params["name"])
        return reply(self._view(deployment, await gates.deployment(deployment)), headers=UNKEPT)

    async def reset(self, request: func.HttpRequest, gates: Gates) -> func.HttpResponse:
        """Close the circuit, whatever it has seen; 202 if its gate has not heard of it yet."""
        asks = operator(request, self._settings)
        deployment = self._deployment(request.route_params["name"])
        gate = await gates.deployment(deployment)
        before = gate.circuit.round
        log.warning(
            "The circuit of %s is reset by the account %r, user %r.", deployment, asks.account, asks.user
        )
        await gates.reset(deployment, by=asks.account)
        for pause in (0.0, *self._looks):
            await asyncio.sleep(pause)
            gate = await gates.deployment(deployment)
            if gate.circuit.round > before and gate.circuit.state is State.CLOSED:
                return reply(self._view(deployment, gate), headers=UNKEPT)
        return reply(self._view(deployment, gate), status=202, headers=UNKEPT | {"Retry-After": "1"})

    def _view(self, deployment: str, gate: DeploymentGate) -> dict[str, object]:
        return circuit_view(deployment, gate, self._catalogue, micros(self._clock.now()))

    def _deployment(self, name: str) -> str:
        """The deployment of that name, or of the model of that name."""
        # Some hosts decode what a path holds, others leave it: a name may hold a slash.
        for spelt in (name, unquote(name)):
            if spelt in self._deployments:
                return spelt
        if (model := self._catalogue.models.get(name)) is not None:
            return model.deployment
        hint = suggestion(name, [*self._deployments, *self._catalogue.models], kind="the circuits")
        raise Refused(404, f"There is no circuit {name[:100]!r}: {hint}")

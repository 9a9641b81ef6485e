"""Gates as the triggers see them: looked at through Durable, and signalled; nobody passes them here."""

from typing import Any, Protocol, TypeVar

import azure.durable_functions as df

from dirigent import codec
from dirigent.domain.account_gate import AccountGate
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import Gate, account_gate, deployment_gate
from dirigent.domain.messages import Message
from triggers.instances import InstancesUnavailable, patiently

Kind = TypeVar("Kind", bound=Message)


class Gates(Protocol):
    """Shows gates and sends them word."""

    async def account(self, account: str) -> AccountGate:
        """The gate of the account as it stands; one that nobody has come to remembers nothing."""

    async def deployment(self, deployment: str) -> DeploymentGate:
        """The gate of the deployment as it stands."""

    async def reset(self, deployment: str, *, by: str) -> None:
        """Tell the deployment's gate that all is well; it hears of it a moment later."""


class DurableGates:
    """The same over the SDK's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def account(self, account: str) -> AccountGate:
        """The gate of the account as it stands; one that nobody has come to remembers nothing."""
        return await self._read(account_gate(account), AccountGate)

    async def deployment(self, deployment: str) -> DeploymentGate:
        """The gate of the deployment as it stands."""
        return await self._read(deployment_gate(deployment), DeploymentGate)

    async def reset(self, deployment: str, *, by: str) -> None:
        """Tell the deployment's gate that all is well; it hears of it a moment later."""
        # The SDK drops an input that is empty, and the entity would fail for want of one.
        told = self._client.signal_entity(_address(deployment_gate(deployment)), "reset", {"by": by})
        await patiently(told, "Durable did not pass a reset on")

    async def _read(self, gate: Gate, kind: type[Kind]) -> Kind:
        asked = self._client.read_entity_state(_address(gate))
        found = await patiently(asked, "Durable did not say how a gate stands")
        try:
            return codec.decode(kind, found.entity_state or {})
        except codec.Undecodable as error:
            raise InstancesUnavailable(f"The gate {gate.name}@{gate.key} cannot be read: {error}") from error


def _address(gate: Gate) -> df.EntityId:
    return df.EntityId(gate.name, gate.key)

"""Looking at gates."""

import asyncio
from typing import Any

import pytest

from dirigent.domain.account_gate import AccountGate
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import account_gate, deployment_gate
from triggers.gatehouse import DurableGates
from triggers.instances import InstancesUnavailable


def test_shows_a_gate_that_nobody_has_come_to(bench: Any) -> None:
    gates = DurableGates(bench.client)

    assert asyncio.run(gates.account("a")) == AccountGate()
    assert asyncio.run(gates.deployment("d")) == DeploymentGate()


@pytest.mark.parametrize("name", ["plain", "Contoso / München"])
def test_shows_what_a_gate_remembers(bench: Any, name: str) -> None:
    bench.put_gate(account_gate(name), AccountGate(seen=5))
    bench.put_gate(deployment_gate(name), DeploymentGate(paused_until=9))
    gates = DurableGates(bench.client)

    assert asyncio.run(gates.account(name)) == AccountGate(seen=5)
    assert asyncio.run(gates.deployment(name)) == DeploymentGate(paused_until=9)


def test_signals_with_an_input_that_the_sdk_does_not_drop(bench: Any) -> None:
    asyncio.run(DurableGates(bench.client).reset("d", by=""))

    [(operation, told)] = bench.client.signals
    assert operation == "reset"
    assert told


def test_says_so_when_durable_is_away(bench: Any) -> None:
    bench.client.is_down = True
    gates = DurableGates(bench.client)

    for asked in (gates.account("a"), gates.deployment("d"), gates.reset("d", by="somebody")):
        with pytest.raises(InstancesUnavailable):
            asyncio.run(asked)


def test_says_so_when_a_gate_cannot_be_read(bench: Any) -> None:
    bench.client.entities["account", "a"] = {"seen": "yesterday"}

    with pytest.raises(InstancesUnavailable, match=r"account@a cannot be read.*seen"):
        asyncio.run(DurableGates(bench.client).account("a"))

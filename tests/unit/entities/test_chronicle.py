"""What of a gate's doings stands in the log."""

import logging

import pytest

from dirigent.domain.breakers import Breaker, BreakerRules, Verdict
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import Settlement
from entities.chronicle import tell

NOON = 1_900_000_000_000_000
RULES = BreakerRules(failures=1)


def settled(gate: DeploymentGate, verdict: Verdict, *, pause: float = 0.0) -> DeploymentGate:
    settlement = Settlement(
        deployment="gpt", round=gate.circuit.round, until=0, verdicts=(verdict,), pause=pause
    )
    return gate.settle(RULES, settlement, NOON)


def lines(caplog: pytest.LogCaptureFixture, before: DeploymentGate, after: DeploymentGate) -> list[str]:
    with caplog.at_level(logging.INFO):
        tell("gpt", before, after)
    return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


def test_says_that_a_circuit_opened(caplog: pytest.LogCaptureFixture) -> None:
    told = lines(caplog, DeploymentGate(), settled(DeploymentGate(), Verdict.ILL))

    assert told == ["WARNING The circuit of gpt was closed and is open."]


def test_says_that_a_circuit_is_closed_again(caplog: pytest.LogCaptureFixture) -> None:
    opened = settled(DeploymentGate(), Verdict.ILL)

    assert lines(caplog, opened, opened.reset(NOON)) == ["INFO The circuit of gpt was open and is closed."]


def test_says_for_how_long_nobody_calls(caplog: pytest.LogCaptureFixture) -> None:
    [told] = lines(caplog, DeploymentGate(), settled(DeploymentGate(), Verdict.SILENT, pause=60.0))

    assert told == "WARNING gpt asked for a pause: nobody calls it before 2030-03-17T17:47:40+00:00."


def test_has_nothing_to_say_of_what_goes_its_way(caplog: pytest.LogCaptureFixture) -> None:
    gate = DeploymentGate(circuit=Breaker(failures=2))

    assert lines(caplog, gate, settled(gate, Verdict.WELL)) == []

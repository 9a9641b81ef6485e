"""The routes that show and reset circuits."""

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest
from msgspec.structs import replace

from dirigent.domain.breakers import Breaker, State
from dirigent.domain.catalogue import Model
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import deployment_gate
from dirigent.domain.passages import micros
from triggers.circuits import circuits


def ask(
    bench: Any, function: str, name: str = "", settings: Any = None, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Call one of the functions."""
    functions = bench.functions(
        circuits(bench.parts, bench.catalogue, settings or bench.settings, looks=(0, 0))
    )
    request = bench.request("circuits", name=name, headers=headers)
    answer: func.HttpResponse = asyncio.run(functions[function](req=request, client=bench.client))
    return answer


def told(answer: func.HttpResponse) -> Any:
    """What the answer holds."""
    return json.loads(answer.get_body())


def open_circuit(bench: Any) -> None:
    """The deployment failed too often a moment ago, and asked for a pause."""
    now = micros(bench.clock.now())
    circuit = Breaker(state=State.OPEN, changed_at=now, round=1)
    bench.put_gate(
        deployment_gate("gpt"), DeploymentGate(seen=now, circuit=circuit, paused_until=now + 9_000_000)
    )


def test_lists_the_circuit_of_every_deployment_once(bench: Any) -> None:
    models = {
        "m": Model(name="m", deployment="gpt"),
        "n": Model(name="n", deployment="gpt"),
        "o": Model(name="o", deployment="alt"),
    }
    bench.catalogue = replace(bench.catalogue, models=models)
    open_circuit(bench)
    found = told(ask(bench, "list_circuits"))["circuits"]

    assert [(each["name"], each["models"], each["state"]) for each in found] == [
        ("alt", ["o"], "closed"),
        ("gpt", ["m", "n"], "open"),
    ]


@pytest.mark.parametrize("name", ["gpt", "m"])
def test_shows_a_circuit_by_its_deployment_or_by_a_model(bench: Any, name: str) -> None:
    open_circuit(bench)
    answer = ask(bench, "show_circuit", name)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (told(answer)["name"], told(answer)["state"]) == ("gpt", "open")


@pytest.mark.parametrize("name", ["meta/llama", "meta%2Fllama"])
def test_shows_the_circuit_of_a_deployment_with_a_slash_in_its_name(bench: Any, name: str) -> None:
    bench.catalogue = replace(bench.catalogue, models={"m": Model(name="m", deployment="meta/llama")})

    assert told(ask(bench, "show_circuit", name))["name"] == "meta/llama"


@pytest.mark.parametrize("function", ["show_circuit", "reset_circuit"])
def test_names_the_circuit_that_was_probably_meant(bench: Any, function: str) -> None:
    answer = ask(bench, function, "gptt")

    assert (answer.status_code, bench.client.signals) == (404, [])
    assert told(answer)["error"] == "There is no circuit 'gptt': did you mean 'gpt'?"


@pytest.mark.parametrize("after", [0, 1, 2])
def test_shows_the_circuit_when_its_gate_has_heard_of_the_reset(bench: Any, after: int) -> None:
    open_circuit(bench)
    bench.client.hears_after = after
    answer = ask(bench, "reset_circuit", "m")

    assert bench.client.signals == [("reset", {"by": "default"})]
    assert answer.status_code == 200
    assert (told(answer)["state"], told(answer)["paused_until"]) == ("closed", None)


def test_resets_a_circuit_that_nobody_has_used(bench: Any) -> None:
    assert ask(bench, "reset_circuit", "gpt").status_code == 200


def test_says_when_a_gate_has_not_heard_of_its_reset_yet(bench: Any) -> None:
    open_circuit(bench)
    bench.client.hears_after = None
    answer = ask(bench, "reset_circuit", "gpt")

    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
    assert told(answer)["state"] == "open"


@pytest.mark.parametrize("function", ["list_circuits", "show_circuit", "reset_circuit"])
def test_asks_for_patience_while_durable_is_away(bench: Any, function: str) -> None:
    bench.client.is_down = True

    assert ask(bench, function, "gpt").status_code == 503


def test_shows_nothing_to_strangers_where_accounts_are_enforced(bench: Any) -> None:
    for function in ("list_circuits", "show_circuit", "reset_circuit"):
        assert ask(bench, function, "gpt", bench.enforced()).status_code == 401
    assert bench.client.signals == []


def test_lets_only_operators_reset_where_accounts_are_enforced(bench: Any) -> None:
    settings = bench.enforced(DIRIGENT_OPERATORS="ops")
    others = ask(bench, "reset_circuit", "gpt", settings, bench.signed_in("house"))
    signals = list(bench.client.signals)
    operators = ask(bench, "reset_circuit", "gpt", settings, bench.signed_in("ops"))

    assert (others.status_code, signals) == (403, [])
    assert (operators.status_code, bench.client.signals) == (200, [("reset", {"by": "ops"})])


def test_shows_circuits_to_every_account(bench: Any) -> None:
    answer = ask(bench, "show_circuit", "gpt", bench.enforced(), bench.signed_in("house"))

    assert (answer.status_code, told(answer)["state"]) == (200, "closed")

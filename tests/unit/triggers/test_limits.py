"""The route that shows what is left of limits."""

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest
from msgspec.structs import replace

from dirigent.domain.breakers import BreakerRules
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import Ask, Group, deployment_gate
from dirigent.domain.passages import micros
from dirigent.domain.windows import Limits
from triggers.limits import limits

FULL = {"burst": 10, "minute": 60, "hour": 1_000, "day": 10_000}


def ask(
    bench: Any, level: str, key: str, settings: Any = None, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Ask what is left."""
    [function] = bench.functions(limits(bench.parts, bench.catalogue, settings or bench.settings)).values()
    request = bench.request("limits/x/y", level=level, key=key, headers=headers)
    answer: func.HttpResponse = asyncio.run(function(req=request, client=bench.client))
    return answer


def told(bench: Any, level: str, key: str) -> Any:
    """What is left."""
    answer = ask(bench, level, key)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return json.loads(answer.get_body())


@pytest.mark.parametrize(("level", "key"), [("account", "default"), ("user", "ann"), ("agent", "writer")])
def test_shows_the_limits_of_one_who_never_came(bench: Any, level: str, key: str) -> None:
    assert told(bench, level, key) == {
        "level": level,
        "key": key,
        "allowed": True,
        "retry_after": None,
        "refused_by": None,
        "limits": FULL,
        "left": FULL,
    }


def test_shows_what_an_account_and_its_users_have_left(bench: Any) -> None:
    bench.exhaust("ann")
    account, ann, ben = (
        told(bench, *who) for who in (("account", "default"), ("user", "ann"), ("user", "ben"))
    )

    assert [(view["allowed"], view["retry_after"]) for view in (account, ann)] == [(False, 1.05)] * 2
    assert [view["left"]["minute"] for view in (account, ann, ben)] == [50, 50, 60]
    assert ben["allowed"]


def test_shows_the_calls_that_are_counted_where_the_agents_own_model_lies(bench: Any) -> None:
    bench.catalogue = replace(
        bench.catalogue,
        agents=bench.catalogue.agents
        | {"writer": replace(bench.catalogue.agents["writer"], limits=Limits(hour=3, day=None))},
    )
    ask_for_calls = Ask(deployment="gpt", groups=(Group(calls=3, agent="writer"),), seconds=30, patience=0)
    now = micros(bench.clock.now())
    gate, _ = DeploymentGate().permit(BreakerRules(), bench.catalogue.limits, ask_for_calls, now)
    bench.put_gate(deployment_gate("gpt"), gate)
    view = told(bench, "agent", "writer")

    assert (view["allowed"], view["refused_by"], view["retry_after"]) == (False, "hour", 3_780)
    assert (view["limits"]["hour"], view["left"]) == (3, {"burst": 7, "minute": 57, "hour": 0, "day": None})
    assert told(bench, "agent", "idler")["left"] == FULL


@pytest.mark.parametrize(
    ("level", "key", "status", "hint"),
    [
        ("account", "other", 403, "not yours"),
        ("agent", "writr", 404, "did you mean 'writer'?"),
        ("agnt", "writer", 404, "did you mean 'agent'?"),
        ("deployment", "gpt", 404, "the levels are 'account', 'agent', 'user'."),
        ("user", "a" * 501, 400, "1 to 500"),
        ("user", "\ud800", 400, "printable"),
        ("agent", "\ud800", 404, "the agents are"),
    ],
)
def test_says_whose_limits_there_are(bench: Any, level: str, key: str, status: int, hint: str) -> None:
    answer = ask(bench, level, key)

    assert answer.status_code == status
    assert hint in json.loads(answer.get_body())["error"]


def test_asks_for_patience_while_durable_is_away(bench: Any) -> None:
    bench.client.is_down = True

    assert ask(bench, "account", "default").status_code == 503


def test_knows_only_the_users_of_the_callers_own_account(bench: Any) -> None:
    bench.exhaust("ann")
    settings, headers = bench.enforced(), bench.signed_in("house")
    user = ask(bench, "user", "ann", settings, headers)
    account = ask(bench, "account", "default", settings, headers)

    assert json.loads(user.get_body())["left"] == FULL
    assert account.status_code == 403


def test_shows_nothing_to_strangers_where_accounts_are_enforced(bench: Any) -> None:
    for level, key in (("account", "default"), ("user", "ann"), ("agent", "writer")):
        assert ask(bench, level, key, bench.enforced()).status_code == 401

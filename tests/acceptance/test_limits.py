"""Limits are told at the edge and kept inside: whoever comes too often hears who refuses, and until when."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from content_host import ContentHost, content_host
from gate_book import asked, counts, entries, overrun
from guarded_catalogue import FREE, declare

from devhost.engine.history import EventType

AT_ONCE = 300
BEYOND = {"burst": "unlimited", "hour": "unlimited", "day": "unlimited"}
ENFORCED = {
    "DIRIGENT_ACCOUNTS": "enforced",
    "DIRIGENT_FRONT": "easy-auth",
    "DIRIGENT_ACCOUNT_CLAIM": "tenant",
    "DIRIGENT_USER_CLAIM": "person",
}


class Story(ContentHost):
    """Starts runs whatever the edge says to it."""

    def ask(self, workflow: str = "patient", **headers: str) -> Any:
        """What a start is answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.host.request(
            "POST", f"/api/workflows/{workflow}", json={"topic": "tides"}, headers=named, timeout=60
        )

    def asked_at_once(self, workflow: str, number: int) -> list[Any]:
        """What as many starts are answered that come together."""
        with ThreadPoolExecutor(32) as threads:
            return list(threads.map(lambda _: self.ask(workflow), range(number)))

    def limits(self, level: str, key: str, **headers: str) -> Any:
        """What is left, as the API tells it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.host.request("GET", f"/api/limits/{level}/{key}", headers=named)
        assert reply.status == 200, reply.text
        return reply.json()


@contextmanager
def story(
    folder: Path, *, accounts: Any = FREE, limits: Any = "unlimited", replay: Any = "sticky", **settings: Any
) -> Iterator[Story]:
    """One agent with these limits, and workflows with more and less patience."""
    catalogue = declare(
        folder,
        agents={"clerk": {"model": "sound", "limits": limits}},
        workflows={
            "patient": {"asks": "clerk", "max_wait": 600},
            "hasty": {"asks": "clerk", "max_wait": 10},
        },
        accounts=accounts,
    )
    with content_host(folder, catalogue=catalogue, replay=replay, **settings) as host:
        yield Story(host.host)


def per_minute(number: int) -> dict[str, Any]:
    return {"minute": number, **BEYOND}


def principal(account: str, user: str) -> str:
    """What the front says of whoever signed in."""
    claims = [{"typ": "tenant", "val": account}, {"typ": "person", "val": user}]
    return base64.b64encode(json.dumps({"auth_typ": "front", "claims": claims}).encode()).decode()


@pytest.mark.parametrize("replay", ["sticky", "always"])
@pytest.mark.parametrize("workflow", ["patient", "hasty"])
def test_of_300_starts_at_once_60_a_minute_go_ahead(tmp_path: Path, workflow: str, replay: Any) -> None:
    accounts = {"default": {"limits": per_minute(60), "users": "unlimited"}}
    with story(tmp_path, accounts=accounts, replay=replay) as told:
        replies = told.asked_at_once(workflow, AT_ONCE)
        told.host.settle()
        late = told.ask(workflow)
        runs = [reply.json()["task_id"] for reply in replies if reply.status == 202]
        tasks = [told.ended(run) for run in runs]
        histories = [told.host.history(run) for run in runs]

        # How many slip through the edge is chance: it only looks, and the strict count is kept inside.
        assert {reply.status for reply in replies} <= {202, 429}
        assert len(runs) >= 60
        problem = late.json()
        assert (late.status, problem["level"], problem["left"]["account"]["minute"]) == (429, "account", 0)
        assert 0 < int(late.headers["retry-after"]) <= 63
        assert overrun(entries(histories), {"minute": 60}) == []
        refused = [task for task in tasks if task["status"] == "failed"]
        assert all(task["status"] in ("completed", "failed") for task in tasks)
        assert len(entries(histories)) == len(runs) - len(refused)
        assert all(task["error"]["category"] == "RATE_LIMIT" for task in refused)
        assert all(task["error"]["retry_after"] > 0 for task in refused)
        assert all("account 'default'" in task["error"]["message"] for task in refused)


@pytest.mark.parametrize("limited", ["account 'default'", "user 'ann'"])
def test_what_slips_through_the_edge_is_refused_inside(tmp_path: Path, limited: str) -> None:
    levels: dict[str, Any] = {"limits": "unlimited", "users": "unlimited"}
    levels["users" if limited.startswith("user") else "limits"] = per_minute(5)
    with story(tmp_path, accounts={"default": levels}) as told:
        first = told.ask("hasty").json()["task_id"]
        told.ended(first)
        frozen = frozen_start(told.host.history(first))
        # As if as many requests had looked at the gate at the same moment.
        runs = [f"{first}-{number}" for number in range(20)]
        for run in runs:
            told.host.start("sequential", input=frozen | {"run": run, "user": "ann"}, instance_id=run)
        tasks = [told.ended(run) for run in runs]
        errors = [task["error"] for task in tasks if task["status"] == "failed"]

        # The first run was nobody's in particular, and counts for the account alone.
        assert len(errors) == (15 if limited == "user 'ann'" else 16)
        assert len(entries(told.host.history(run) for run in runs)) == 20 - len(errors)
        assert {error["category"] for error in errors} == {"RATE_LIMIT"}
        assert all(limited in error["message"] for error in errors)
        assert all(error["retry_after"] >= 49 for error in errors)


def frozen_start(history: Any) -> Any:
    """What the run was started with."""
    [begun] = [event for event in history if event["EventType"] == EventType.EXECUTION_STARTED]
    return json.loads(json.loads(begun["Input"]))


def test_a_minute_is_any_60_seconds(tmp_path: Path) -> None:
    accounts = {"default": {"limits": per_minute(5), "users": "unlimited"}}
    with story(tmp_path, accounts=accounts) as told:
        told.host.advance(57)
        answers = [told.ask().status for _ in range(4)]
        for _ in range(14):
            told.host.advance(4)
            answers.append(told.ask().status)
        told.host.advance(7)
        answers.append(told.ask().status)

        assert answers == [202] * 5 + [429] * 13 + [202]


def test_who_waits_is_admitted_when_there_is_room(tmp_path: Path) -> None:
    accounts = {"default": {"limits": per_minute(5), "users": "unlimited"}}
    with story(tmp_path, accounts=accounts) as told:
        for _ in range(5):
            told.ask()
        told.host.settle()
        refused = told.ask()
        told.host.advance(float(refused.json()["retry_after"]))
        again = told.ask()

        assert (refused.status, again.status) == (429, 202)
        assert refused.json()["retry_after"] <= 63
        assert int(refused.headers["retry-after"]) >= refused.json()["retry_after"]


@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_an_agents_calls_are_kept_within_its_windows(tmp_path: Path, replay: Any) -> None:
    limits = {"burst": 4, "minute": 20, "hour": "unlimited", "day": "unlimited"}
    with story(tmp_path, limits=limits, replay=replay) as told:
        runs = [told.ask(workflow).json()["task_id"] for workflow in ("patient", "hasty") for _ in range(30)]
        tasks = [told.ended(run) for run in runs]
        histories = [told.host.history(run) for run in runs]

        assert {task["status"] for task in tasks[:30]} == {"completed"}
        assert overrun(counts(histories, "clerk"), {"burst": 4, "minute": 20}) == []
        errors = [task["error"] for task in tasks[30:] if task["status"] == "failed"]
        assert errors
        assert {error["category"] for error in errors} == {"RATE_LIMIT"}
        assert all(error["retry_after"] > 0 for error in errors)
        assert all("agent 'clerk'" in error["message"] for error in errors)
        answers = [one.answer for history in histories for one in asked(history) if one.operation == "permit"]
        refusals = [
            grant["refusal"] for answer in answers for grant in answer["grants"] if "refusal" in grant
        ]
        assert {(one["level"], one["key"]) for one in refusals} == {("agent", "clerk")}


def test_an_agents_windows_say_what_is_left(tmp_path: Path) -> None:
    with story(tmp_path, limits={"minute": 3}) as told:
        told.ended(told.ask().json()["task_id"])
        view = told.limits("agent", "clerk")

        assert (view["limits"]["minute"], view["left"]["minute"], view["allowed"]) == (3, 2, True)


def test_a_users_windows_refuse_that_user_and_nobody_else(tmp_path: Path) -> None:
    accounts = {
        "default": {"limits": per_minute(10), "users": per_minute(2)},
        "big": {"users": per_minute(4)},
    }
    ann, bob, cy = principal("shop", "ann"), principal("shop", "bob"), principal("big", "cy")
    with story(tmp_path, accounts=accounts, **ENFORCED) as told:

        def ask(who: str) -> Any:
            reply = told.ask(X_MS_CLIENT_PRINCIPAL=who)
            told.host.settle()
            return reply

        of_ann, of_bob = [ask(ann) for _ in range(3)], ask(bob)
        of_cy = [ask(cy).status for _ in range(5)]
        problem = of_ann[2].json()

        assert ([reply.status for reply in of_ann], of_bob.status) == ([202, 202, 429], 202)
        assert (problem["level"], problem["key"], problem["limit"]) == ("user", "ann", 2)
        assert (problem["left"]["user"]["minute"], problem["left"]["account"]["minute"]) == (0, 8)
        assert 0 < problem["retry_after"] <= 63
        assert of_cy == [202] * 4 + [429]
        left = told.limits("user", "bob", X_MS_CLIENT_PRINCIPAL=bob)["left"]["minute"]
        assert left == 1


def test_an_accounts_windows_refuse_all_its_users(tmp_path: Path) -> None:
    accounts = {"default": {"limits": per_minute(3), "users": per_minute(2)}}
    with story(tmp_path, accounts=accounts, **ENFORCED) as told:
        replies = []
        for who in ("ann", "ann", "bob", "cy"):
            replies.append(told.ask(X_MS_CLIENT_PRINCIPAL=principal("shop", who)))
            told.host.settle()
        other = told.ask(X_MS_CLIENT_PRINCIPAL=principal("bakery", "ann"))

        assert [reply.status for reply in replies] == [202, 202, 202, 429]
        problem = replies[3].json()
        assert (problem["level"], problem["key"]) == ("account", "shop")
        assert (problem["left"]["user"]["minute"], other.status) == (2, 202)


def test_changed_limits_hold_at_once_and_what_was_counted_stays(tmp_path: Path) -> None:
    def asked_of(limit: int, times: int) -> list[int]:
        accounts = {"default": {"limits": per_minute(limit), "users": "unlimited"}}
        with story(tmp_path, accounts=accounts) as told:
            found = []
            for _ in range(times):
                found.append(told.ask().status)
                told.host.settle()
            return found

    assert asked_of(10, 6) == [202] * 6
    assert asked_of(6, 1) == [429]
    assert asked_of(8, 3) == [202, 202, 429]


def test_changed_limits_hold_for_runs_that_wait_already(tmp_path: Path) -> None:
    with story(tmp_path, limits=per_minute(2)) as told:
        runs = [told.ask().json()["task_id"] for _ in range(6)]
        told.host.settle()
        before = Counter(told.task(run)["status"] for run in runs)
    with story(tmp_path, limits=per_minute(4)) as told:
        told.host.advance(70)
        during = Counter(told.task(run)["status"] for run in runs)
        tasks = [told.ended(run)["status"] for run in runs]
        histories = [told.host.history(run) for run in runs]

    assert before["completed"] == 2
    assert during["completed"] in (4, 5, 6)
    assert tasks == ["completed"] * 6
    assert overrun(counts(histories, "clerk"), {"minute": 4}) == []


def test_a_run_that_waits_to_begin_is_listed_and_can_be_cancelled(tmp_path: Path) -> None:
    with story(tmp_path, limits=per_minute(1)) as app:
        app.host.result(app.ask().json()["task_id"])
        waits, stopped = (app.ask().json()["task_id"] for _ in range(2))
        app.host.settle()
        listed = app.host.request("GET", "/api/tasks?status=pending").json()["tasks"]
        told = app.task(waits)["waits"]
        cancelled = app.host.request("POST", f"/api/task/{stopped}/cancel").json()
        app.host.result(waits)
        ended = {task["id"]: task["status"] for task in app.host.request("GET", "/api/tasks").json()["tasks"]}

    assert {task["id"] for task in listed} == {waits, stopped}
    assert [(wait["category"], wait["because"]) for wait in told] == [
        ("RATE_LIMIT", "the agent 'clerk' has had its only call of any minute")
    ]
    assert cancelled["status"] == "cancelled"
    assert (ended[waits], ended[stopped]) == ("completed", "cancelled")

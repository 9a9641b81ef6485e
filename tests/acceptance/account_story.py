"""What accounts may know of one another: claims over HTTP that hold behind every front.

The story plays the front: it writes the headers that the platform or the gateway would. As a program it hosts
copies of the app with a leak planted in each, in a process that has loaded no other, and tells who noticed.
"""

import base64
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from content_host import ContentHost, content_host
from driver import ROOT

from devhost.testing import Reply

GATEWAY = "11111111-2222-3333-4444-55555555abcd"
#: The writer's model asks for patience: runs wait after their first step.
WAITS = {"faults": [{"agent": "writer", "times": 9, "fault": {"status": 429, "retry_after": 300}}]}
NEVER_WAS = "never-was"
Headers = Mapping[str, str]


def principal(**claims: str) -> dict[str, str]:
    """The header that the platform writes of somebody who signed in with Entra."""
    told = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims.items()]}
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(told).encode()).decode()}


def gateways(account: str, user: str) -> dict[str, str]:
    """The headers in which the gateway names whom it calls for."""
    return {"X-Dirigent-Account": account, "X-Dirigent-User": user}


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What stands between callers and the app, and vouches for them."""

    name: str
    settings: Mapping[str, str]

    def headers(self, account: str, user: str = "somebody") -> dict[str, str]:
        """What the app gets with a request of that caller."""
        if self.name == "easy-auth":
            return principal(tid=account, oid=user)
        return principal(tid="home", oid=GATEWAY) | gateways(account, user)

    def forged(self, account: str, user: str) -> dict[str, str]:
        """What another front would write of that caller, and this one lets pass."""
        names = {"X-MS-CLIENT-PRINCIPAL-ID": user, "X-MS-CLIENT-PRINCIPAL-NAME": user, "X-Account": account}
        return names | (gateways(account, user) if self.name == "easy-auth" else {})


ENFORCED = {"DIRIGENT_ACCOUNTS": "enforced", "DIRIGENT_OPERATORS": "night-shift"}
EASY_AUTH = Front(name="easy-auth", settings=ENFORCED | {"DIRIGENT_FRONT": "easy-auth"})
API_MANAGEMENT = Front(
    name="api-management",
    settings=ENFORCED | {"DIRIGENT_FRONT": "api-management", "DIRIGENT_GATEWAY": GATEWAY},
)
FRONTS = (EASY_AUTH, API_MANAGEMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A hosted app behind its front."""

    app: ContentHost
    front: Front

    def ask(self, account: str, path: str, method: str = "GET", **sent: Any) -> Reply:
        """What a user of that account is answered."""
        return self.ask_with(self.front.headers(account), path, method, **sent)

    def ask_with(self, headers: Headers, path: str, method: str = "GET", **sent: Any) -> Reply:
        """What a request with these headers is answered."""
        return self.app.host.request(method, f"/api/{path}", headers=headers, **sent)

    def start(self, account: str, user: str = "somebody", query: str = "", **headers: str) -> Any:
        """Start a run on that account; the answer's body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.ask_with(
            self.front.headers(account, user) | named,
            f"workflows/content-creation{query}",
            "POST",
            json={"topic": "tides"},
        )
        assert reply.status == 202, reply.text
        return reply.json()

    def task(self, account: str, run: str) -> Any:
        """The task as the account is shown it."""
        reply = self.ask(account, f"task/{run}")
        assert reply.status == 200, reply.text
        return reply.json()

    def tasks(self, account: str, query: str = "") -> list[str]:
        """The ids of the tasks that the account is shown."""
        reply = self.ask(account, f"tasks{query}")
        assert reply.status == 200, reply.text
        return [task["id"] for task in reply.json()["tasks"]]

    def left(self, account: str, level: str, key: str) -> Any:
        """What the account is told is left for today."""
        reply = self.ask(account, f"limits/{level}/{key}")
        assert reply.status == 200, reply.text
        return reply.json()["left"]["day"]


def headers_of_another_front_change_nothing(scene: Scene) -> None:
    forged = scene.front.forged("rival", "boss")
    run = scene.start("house", **forged)["task_id"]
    scene.app.host.settle()

    assert scene.task("house", run)["account"] == "house"
    assert scene.tasks("rival") == []
    assert (
        scene.ask_with(scene.front.headers("rival") | scene.front.forged("house", "x"), "tasks").json()[
            "tasks"
        ]
        == []
    )


def bodies_and_queries_change_nothing(scene: Scene) -> None:
    run = scene.start("house", query="?account=rival&user=boss")["task_id"]
    body = {"topic": "tides", "account": "rival", "user": "boss"}
    told = scene.ask("house", "workflows/content-creation", "POST", json=body)
    asked = scene.ask("rival", "tasks?account=house")
    scene.app.host.settle()

    assert told.status in (202, 400), told.text
    assert scene.tasks("rival") == []
    assert run in scene.tasks("house")
    assert asked.status == 403
    assert scene.ask("rival", f"task/{run}?account=house&user=somebody").status == 404


def a_task_of_another_account_never_was(scene: Scene) -> None:
    waits = scene.start("house")["task_id"]
    scene.app.host.settle()
    before = scene.ask("house", f"task/{waits}")
    headers = scene.front.headers("rival") | {"If-None-Match": before.headers["etag"]}
    for method, rest in (("GET", ""), ("GET", "/trace"), ("POST", "/cancel")):
        answers = [
            scene.ask_with(headers, f"task/{run}{rest}", method, json={} if method == "POST" else None)
            for run in (waits, NEVER_WAS)
        ]

        assert answers[0].status == 404, answers[0].text
        assert answers[0].headers.keys() == answers[1].headers.keys()
        assert answers[0].text.replace(waits, NEVER_WAS) == answers[1].text
    scene.app.host.settle()

    assert scene.task("house", waits)["status"] == before.json()["status"] == "in_progress"


def a_task_that_ended_never_was_either(scene: Scene) -> None:
    run = scene.start("house")["task_id"]
    scene.app.host.advance(3_000)

    assert scene.task("house", run)["completed_at"] is not None
    for method, rest in (("GET", ""), ("GET", "/trace"), ("POST", "/cancel")):
        assert scene.ask("rival", f"task/{run}{rest}", method).status == 404


def an_account_cancels_its_own(scene: Scene) -> None:
    run = scene.start("house")["task_id"]
    scene.app.host.settle()
    reply = scene.ask("house", f"task/{run}/cancel", "POST")
    scene.app.host.settle()

    assert reply.status == 202, reply.text
    assert scene.task("house", run)["status"] == "cancelled"


def each_account_lists_its_own(scene: Scene) -> None:
    own = [scene.start("house")["task_id"] for _ in range(2)]
    others = [scene.start("rival")["task_id"]]
    scene.app.host.settle()
    token = scene.ask("house", "tasks?limit=1").json()["continuation_token"]
    taken = scene.ask("rival", f"tasks?limit=1&continuation_token={token}")

    assert sorted(scene.tasks("house")) == sorted(own)
    assert scene.tasks("rival") == others
    assert taken.status == 400 or not set(own) & {task["id"] for task in taken.json()["tasks"]}
    assert scene.tasks("nobody") == []


def limits_of_another_account_are_not_shown(scene: Scene) -> None:
    scene.start("house")
    scene.app.host.settle()
    answers = [scene.ask("rival", f"limits/account/{key}") for key in ("house", NEVER_WAS)]

    assert [answer.status for answer in answers] == [403, 403]
    assert answers[0].text == answers[1].text


def users_of_one_name_share_no_limit(scene: Scene) -> None:
    before = [scene.left(account, "user", "somebody") for account in ("house", "rival")]
    scene.start("house")
    scene.app.host.settle()
    after = [scene.left(account, "user", "somebody") for account in ("house", "rival")]

    assert [then - now for then, now in zip(before, after, strict=True)] == [1, 0]
    assert scene.left("house", "account", "house") < scene.left("rival", "account", "rival")


def idempotency_keys_do_not_meet(scene: Scene) -> None:
    own = scene.start("house", Idempotency_Key="one")["task_id"]
    others = scene.start("rival", Idempotency_Key="one")["task_id"]
    again = scene.start("house", Idempotency_Key="one")["task_id"]

    assert own != others
    assert again == own


def starts_tell_no_management_urls(scene: Scene) -> None:
    answer = scene.start("house")

    assert sorted(answer) == ["message", "status", "steps", "task_id", "workflow"]
    assert "webhooks" not in json.dumps(answer)


def strangers_are_served_nothing_but_health(scene: Scene) -> None:
    run = scene.start("house")["task_id"]
    scene.app.host.settle()
    known = {"id": run, "name": "content-creation", "level": "account", "key": "house", "topic": "data"}
    routes = [function.trigger.attributes for function in scene.app.host.host.app.catalog.http_functions()]
    asked = [(method, route["route"]) for route in routes for method in route["methods"]]
    strangers: tuple[Headers, ...] = ({}, gateways("house", "somebody"), {"X-MS-CLIENT-PRINCIPAL": "e30="})
    # What there is not is nothing for strangers to know either.
    for headers, values in product(strangers, (known, dict.fromkeys(known, NEVER_WAS))):
        answers = {
            route: scene.ask_with(headers, route.format_map(values), method) for method, route in asked
        }

        assert {route for route, answer in answers.items() if answer.status != 401} == {"health"}
        assert answers["health"].status == 200
        assert all(run not in answer.text and "tides" not in answer.text for answer in answers.values())


def events_and_dead_letters_are_the_accounts_own(scene: Scene) -> None:
    poison = {"type": "DataReceived", "data": {"no": "such field"}}
    forged = {**poison, "properties": {"account": "rival"}}
    assert scene.ask("house", "events/data", "POST", json=forged).status == 400
    assert scene.ask("house", "events/data", "POST", json=poison).status == 202
    scene.app.host.settle()
    letters = scene.ask("house", "dead-letters").json()["dead_letters"]

    assert len(letters) == 3
    assert scene.ask("rival", "dead-letters").json()["dead_letters"] == []
    replays = scene.ask("rival", "dead-letters/replay", "POST", json={"dry_run": True})
    assert "DataReceived" not in replays.text
    for method, rest in (("GET", ""), ("POST", "/replay"), ("POST", "/discard")):
        answers = [
            scene.ask("rival", f"dead-letters/{letter}{rest}", method)
            for letter in (letters[0]["id"], NEVER_WAS)
        ]
        assert answers[0].status == 404, answers[0].text
        assert answers[0].text.replace(letters[0]["id"], NEVER_WAS) == answers[1].text
    assert scene.ask("house", f"dead-letters/{letters[0]['id']}").json()["state"] == "open"


def only_operators_steer_what_all_share(scene: Scene) -> None:
    circuit, *_ = [line["name"] for line in scene.ask("house", "circuits").json()["circuits"]]

    assert scene.ask("house", f"circuits/{circuit}/reset", "POST").status == 403
    assert scene.ask("night-shift", f"circuits/{circuit}/reset", "POST").status in (200, 202)


def nobody_goes_round_the_front(scene: Scene) -> None:
    headers = principal(tid="rival", oid="boss") | gateways("house", "somebody")
    run = scene.start("house")["task_id"]
    scene.app.host.settle()

    assert scene.ask_with(headers, f"task/{run}").status == (404 if scene.front is EASY_AUTH else 403)


Claim = Callable[[Scene], None]
CLAIMS: tuple[Claim, ...] = (
    headers_of_another_front_change_nothing,
    bodies_and_queries_change_nothing,
    a_task_of_another_account_never_was,
    a_task_that_ended_never_was_either,
    an_account_cancels_its_own,
    each_account_lists_its_own,
    limits_of_another_account_are_not_shown,
    users_of_one_name_share_no_limit,
    idempotency_keys_do_not_meet,
    starts_tell_no_management_urls,
    strangers_are_served_nothing_but_health,
    events_and_dead_letters_are_the_accounts_own,
    only_operators_steer_what_all_share,
    nobody_goes_round_the_front,
)


def play(claim: Claim, front: Front, folder: Path, app: Path = ROOT) -> None:
    """Check the claim against the app behind that front; AssertionError where it does not hold."""
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = dict(front.settings)
    with content_host(folder, script=WAITS, app=app, **settings) as host:
        claim(Scene(app=host, front=front))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A line of the app that is written otherwise, and the claim that must notice."""

    file: str
    line: str
    instead: str
    claim: Claim
    front: Front = EASY_AUTH

    def plant(self, app: Path) -> None:
        path = app / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.line) == 1, f"{self.file} has no such line, or several: {self.line}"
        path.write_text(text.replace(self.line, self.instead), encoding="utf-8")


OF_CLAIM = (
    """account=_name(principal.claim(settings.account_claim), f"The claim {settings.account_claim!r}"),"""
)
LEAKS = {
    "a gateway's header is believed behind Easy Auth": Leak(
        file="triggers/identity.py",
        line=OF_CLAIM,
        instead="account=request.headers.get(ACCOUNT_HEADER) or principal.claim(settings.account_claim),",
        claim=headers_of_another_front_change_nothing,
    ),
    "the query is believed": Leak(
        file="triggers/identity.py",
        line=OF_CLAIM,
        instead='account=request.params.get("account") or principal.claim(settings.account_claim),',
        claim=bodies_and_queries_change_nothing,
    ),
    "anybody may be the gateway": Leak(
        file="triggers/identity.py",
        line="if principal.claim(OBJECT_CLAIM).lower() != settings.gateway:",
        instead="if False:",
        claim=nobody_goes_round_the_front,
        front=API_MANAGEMENT,
    ),
    "whose run it is does not matter": Leak(
        file="triggers/reconciling.py",
        line="if (start.account, start.run) != (account, run):",
        instead="if start.run != run:",
        claim=a_task_of_another_account_never_was,
    ),
    "lists hold what everybody started": Leak(
        file="triggers/listing.py",
        line="account=caller.account,",
        instead='account="house",',
        claim=each_account_lists_its_own,
    ),
    "whose limits they are does not matter": Leak(
        file="triggers/limits.py",
        line="if level == Level.ACCOUNT and key != asks.account:",
        instead="if False:",
        claim=limits_of_another_account_are_not_shown,
    ),
    "claims of all accounts lie together": Leak(
        file="triggers/starting.py",
        line="        account=account,\n",
        instead='        account="house",\n',
        claim=idempotency_keys_do_not_meet,
    ),
    "management URLs are told": Leak(
        file="triggers/starts.py",
        line="if self._settings.management_urls:",
        instead="if True:",
        claim=starts_tell_no_management_urls,
    ),
    "one room forgets to ask who calls": Leak(
        file="triggers/directory.py",
        line="            caller(req, settings)\n",
        instead="",
        claim=strangers_are_served_nothing_but_health,
    ),
    "whose dead letter it is does not matter": Leak(
        file="triggers/dead_letters.py",
        line="found = await self._letters.find(caller(request, self._settings).account, wanted)",
        instead='found = await self._letters.find("house", wanted)',
        claim=events_and_dead_letters_are_the_accounts_own,
    ),
    "everybody is an operator": Leak(
        file="triggers/identity.py",
        line='if settings.accounts == "enforced" and found.account not in settings.operators:',
        instead="if False:",
        claim=only_operators_steer_what_all_share,
    ),
}
ROOMS = ("activities", "catalogue", "dirigent", "entities", "orchestrators", "triggers")


def copied(folder: Path) -> Path:
    """A copy of the app."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("function_app.py", "host.json"):
        shutil.copy(ROOT / file, folder / file)
    return folder


def noticed(leak: Leak, folder: Path) -> bool:
    """Whether the leak's claim holds in a copy of the app, and no longer once the leak is planted in it."""
    play(leak.claim, leak.front, folder / "tight", copied(folder / "tight-app"))
    leaky = copied(folder / "leaky-app")
    leak.plant(leaky)
    try:
        play(leak.claim, leak.front, folder / "leaky", leaky)
    except AssertionError:
        return True
    return False


def main(folder: Path) -> None:
    """Plant every leak and print which were noticed."""
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ROOMS)
    assert loaded == [], "a copy would run what is loaded already instead of its own"
    found = {name: noticed(leak, folder / str(number)) for number, (name, leak) in enumerate(LEAKS.items())}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Every route of the management API under both roots, with every answer it may give."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from devhost.engine.hub import EntityState
from devhost.functions.calls import Surroundings
from devhost.functions.catalog import Catalog
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.running import Runner
from devhost.http.front_door import FrontDoor

WEBHOOK, RPC = "/runtime/webhooks/durabletask", "/durabletask"
ORIGIN = "http://localhost:7071"
ENDED = ("completed", "failed", "terminated", "canceled")
LIVE = ("pending", "running", "suspended", "continuedasnew")
NAMES = {"continuedasnew": "ContinuedAsNew"}
JSON = "application/json"
RETRY = {"retry-after": "10"}
AGAIN = {"retry-after": "5"}
STEERING = ("terminate", "suspend", "resume")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Bytes are the whole body, a dict is part of it, texts in a list are ids, a text is in the message."""

    status: int
    says: bytes | dict[str, Any] | list[Any] | str = b""
    headers: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    media: str = ""


Row = tuple[Request, Answer, Answer]


def post(path: str, body: bytes = b"", media: str = "") -> Request:
    return Request(method="POST", path=path, body=body, media=media)


def get(path: str) -> Request:
    return Request(method="GET", path=path)


def delete(path: str) -> Request:
    return Request(method="DELETE", path=path)


def both(request: Request, status: int, says: Any = b"", headers: dict[str, str] | None = None) -> Row:
    """The same answer under both roots."""
    answer = Answer(status=status, says=says, headers=headers)
    return request, answer, answer


def starts() -> Iterable[Row]:
    # Row: POST orchestrators/{fn}[/{id}] [?timeout&pollingInterval][&version]
    yield both(post("orchestrators/chain/new", b'{"a":1}'), 202, {"id": "new"}, RETRY)
    yield both(post("orchestrators/CHAIN/new", b'"{}"', JSON), 202, {"id": "new"}, RETRY)
    yield both(
        post("orchestrators/chain?version=2.0"), 202, {"id": "0123456789abcdef0123456789abcdef"}, RETRY
    )
    yield both(post("orchestrators/chain/completed"), 202, {"id": "completed"}, RETRY)
    yield both(post("orchestrators/nothing"), 400, "The function 'nothing' doesn't exist")
    yield both(post("orchestrators/chain/@me"), 400, "breaks a rule")
    yield both(post("orchestrators/chain/a%23b"), 400, "breaks a rule")
    yield both(post("orchestrators/chain", b"{"), 400, "Expecting property name")
    yield both(post("orchestrators/chain/running"), 500, "the status Running already exists")
    yield both(post("orchestrators/chain/new?timeout=0&pollingInterval=0"), 202, {"id": "new"}, RETRY)
    yield both(post("orchestrators/chain/new?timeout=1&pollingInterval=2"), 400, "must not be less")
    yield both(get("orchestrators/chain"), 404)
    yield both(post("orchestrators"), 404)
    yield both(post("orchestrators/chain/a/b"), 404)


def statuses() -> Iterable[Row]:
    # Row: GET instances/{id} ?showHistory&showHistoryOutput&showInput&returnInternalServerErrorOnFailure
    for name in LIVE:
        live = {"instanceId": name, "runtimeStatus": NAMES.get(name, name.title())}
        yield both(get(f"instances/{name}"), 202, live, AGAIN)
    for name in ENDED:
        told = {"instanceId": name, "runtimeStatus": name.title(), "output": 5, "input": {"n": 1}}
        yield both(get(f"instances/{name}"), 200, told, {"location": "", "retry-after": ""})
        asked = get(f"instances/{name}?RETURNINTERNALSERVERERRORONFAILURE=True")
        yield both(asked, 500 if name == "failed" else 200, told)
    yield both(get("instances/failed?returnInternalServerErrorOnFailure=false"), 200)
    yield both(get("instances/completed?showInput=False"), 200, {"input": None})
    started = {"EventType": "ExecutionStarted", "Timestamp": "t", "FunctionName": "chain"}
    completed = {"EventType": "ExecutionCompleted", "Timestamp": "t", "OrchestrationStatus": "Completed"}
    history = get("instances/completed?showHistory=true&showInput=false")
    yield both(history, 200, {"historyEvents": [started, completed]})
    history = get("instances/completed?showHistory=true&showHistoryOutput=true")
    yield both(history, 200, {"historyEvents": [started | {"Input": "1"}, completed | {"Result": 5}]})
    yield both(get("instances/none"), 404)
    yield both(Request(method="PUT", path="instances/running"), 404)


def listings() -> Iterable[Row]:
    # Row: GET instances/ ?runtimeStatus&createdTimeFrom&createdTimeTo&instanceIdPrefix&showInput&top
    yield both(get("instances/"), 200, sorted([*ENDED, *LIVE]), {"x-ms-continuation-token": ""})
    yield both(get("instances"), 200, sorted([*ENDED, *LIVE]))
    yield both(get("instances/?runtimeStatus=Failed,Pending"), 200, ["failed", "pending"])
    yield both(get("instances/?runtimeStatus=Failed&runtimestatus=Running"), 200, ["failed", "running"])
    yield both(get("instances/?instanceIdPrefix=c"), 200, ["canceled", "completed", "continuedasnew"])
    yield both(get("instances/?createdTimeFrom=2026-01-03T00:00:00Z"), 200, [])
    yield both(get("instances/?createdTimeTo=2026-01-01T00:00:00Z"), 200, [])
    yield both(get("instances/?top=2"), 200, ["canceled", "completed"], {"x-ms-continuation-token": "2"})
    yield both(get("instances/?top=0"), 400, "'top' must be at least 1")
    yield both(post("instances"), 404)


def purges() -> Iterable[Row]:
    # Row: DELETE instances/{id}
    for name in ENDED:
        yield both(delete(f"instances/{name}"), 200, {"instancesDeleted": 1})
    yield both(delete("instances/running"), 200, {"instancesDeleted": 0})
    yield both(delete("instances/none"), 404)
    # Row: DELETE instances/ ?createdTimeFrom(required)&createdTimeTo&runtimeStatus
    since = "instances/?createdTimeFrom=2026-01-01T00:00:00.000000Z"
    yield both(delete(since), 200, {"instancesDeleted": 4})
    yield both(delete("instances?createdTimeFrom=1-01-01T00:00:00.000000Z"), 200, {"instancesDeleted": 4})
    yield both(delete(f"{since}&runtimeStatus=Failed,Canceled"), 200, {"instancesDeleted": 2})
    yield both(delete(f"{since}&runtimeStatus=Running"), 404)
    yield both(delete(f"{since}&createdTimeTo=2026-01-02T00:00:00Z"), 404)
    yield both(delete("instances/?createdTimeFrom=2026-01-03T00:00:00Z"), 404)
    yield both(delete("instances/?runtimeStatus=Failed"), 400, "'createdTimeFrom' is missing")
    yield both(delete("instances/?createdTimeFrom=soon"), 400, "'createdTimeFrom' is missing")


def events() -> Iterable[Row]:
    # Row: POST instances/{id}/raiseEvent/{name}
    yield both(post("instances/running/raiseEvent/Go", b'{"a":1}', f"{JSON}; charset=utf-8"), 202)
    yield both(post("instances/suspended/RAISEEVENT/Go", b"null", JSON), 202)
    yield both(post("instances/none/raiseEvent/Go", b"1", JSON), 404)
    for name in ENDED:
        yield both(post(f"instances/{name}/raiseEvent/Go", b"1", JSON), 410)
    yield both(post("instances/running/raiseEvent/Go", b"1", "text/plain"), 400, "Only application/json")
    yield both(post("instances/running/raiseEvent/Go", b"1"), 400, "Only application/json")
    yield both(post("instances/running/raiseEvent/Go", b"{", JSON), 400, "Expecting property name")
    yield both(post("instances/running/raiseEvent"), 404)
    yield both(post("instances/running/raiseEvent/a/b", b"1", JSON), 404)


def steering() -> Iterable[Row]:
    # Row: POST instances/{id}/terminate, suspend, resume ?reason=
    for operation in STEERING:
        live = "suspended" if operation == "resume" else "running"
        yield both(post(f"instances/{live}/{operation}?reason=so"), 202)
        yield both(post(f"instances/none/{operation}"), 404)
        yield both(get(f"instances/running/{operation}"), 404)
        for name in ENDED:
            yield both(post(f"instances/{name}/{operation}"), 410)
    yield both(post("instances/suspended/suspend"), 500, "is suspended already")
    yield both(post("instances/running/resume"), 500, "is not suspended")
    yield both(post("instances/running/dance"), 404)
    yield both(post("instances/running/terminate/now"), 404)
    # Row: POST instances/{id}/rewind ?reason=
    yield both(post("instances/failed/rewind?reason=so"), 202)
    yield both(post("instances/none/rewind"), 404)
    for name in ("completed", "terminated", "canceled"):
        yield both(post(f"instances/{name}/rewind"), 410)
    for name in LIVE:
        yield both(post(f"instances/{name}/rewind"), 500, f"'{name}' is")


def restarts() -> Iterable[Row]:
    # Row: POST instances/{id}/restart ?restartWithNewInstanceId=true
    anew = {"id": "0123456789abcdef0123456789abcdef"}
    for name in ENDED:
        yield both(post(f"instances/{name}/restart"), 202, anew, RETRY)
    yield both(post("instances/completed/restart?restartWithNewInstanceId=True"), 202, anew, RETRY)
    again = post("instances/completed/restart?restartwithnewinstanceid=false")
    yield both(again, 202, {"id": "completed"}, RETRY)
    again = post("instances/running/restart?restartWithNewInstanceId=false")
    yield both(again, 500, "the status Running already exists")
    unknown = Answer(status=400, says="No instance with ID 'none' found.")
    yield post("instances/none/restart"), unknown, Answer(status=404)


def entities() -> Iterable[Row]:
    # Row: GET entities/{name}/{key}
    yield both(get("entities/Counter/k"), 200, {"n": 5})
    yield both(get("entities/counter/$"), 200, b"null")
    yield both(get("entities/counter/none"), 404)
    # Row: GET entities[/{name}] ?fetchState&lastOperationTimeFrom&lastOperationTimeTo&top
    empty, k = ({"entityId": {"name": "counter", "key": key}} for key in ("", "k"))
    time = {"lastOperationTime": "2026-01-02T03:04:05.000000Z"}
    without = [empty | time | {"state": None}, k | time | {"state": None}]
    yield both(get("entities"), 200, without, {"x-ms-continuation-token": ""})
    yield both(get("entities/COUNTER/"), 200, without)
    yield both(get("entities/stock"), 200, [])
    yield both(get("entities?fetchState=true"), 200, [without[0], k | time | {"state": {"n": 5}}])
    yield both(get("entities?top=1"), 200, without[:1], {"x-ms-continuation-token": "1"})
    yield both(get("entities?top=0"), 400, "'top' must be at least 1")
    # Row: POST entities/{name}/{key} ?op=
    yield both(post("entities/Counter/k?op=add", b"1", JSON), 202)
    yield both(post("entities/counter/k?op=reset"), 202)
    yield both(post("entities/counter"), 202)
    yield both(post("entities/nothing/k?op=add"), 400, "The function 'nothing' doesn't exist")
    yield both(post("entities/counter/k", b"{", JSON), 400, "Expecting property name")
    yield both(post("entities/counter/a%2Fb"), 400, "Entity keys must not contain")
    yield both(post("entities"), 400, "The name of the entity is missing")
    # Row: DELETE entities/{name}/{key}
    yield both(delete("entities/counter/k"), 202)
    yield both(delete("entities/nothing/k"), 400, "The function 'nothing' doesn't exist")
    yield both(delete("entities"), 400, "The name of the entity is missing")
    yield both(Request(method="PUT", path="entities/counter/k"), 404)
    yield both(post("entities/counter/k/l"), 404)


def nothing() -> Iterable[Row]:
    # What is in no row.
    yield both(get(""), 404)
    yield both(get("elsewhere"), 404)
    yield both(get("instances//running"), 404)


ROWS: list[Row] = [
    *starts(),
    *statuses(),
    *listings(),
    *purges(),
    *events(),
    *steering(),
    *restarts(),
    *entities(),
    *nothing(),
]


def fill(hub: Any) -> None:
    for name in LIVE:
        hub.put(name, NAMES.get(name, name.title()))
    for name in ENDED:
        hub.put(name, name.title(), output_text="5", input_json='{"n":1}')
    hub.events = [
        {"EventType": 0, "EventId": -1, "Timestamp": "t", "Name": "chain", "Input": "1"},
        {"EventType": 1, "EventId": 0, "Timestamp": "t", "OrchestrationStatus": "Completed", "Result": "5"},
    ]
    last = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for key, state in (("", None), ("k", '{"n":5}')):
        found = EntityState(name="counter", key=key, state_json=state, last_operation=last)
        hub.entity_states["counter", key] = found


def asked(hub: Any, clients: ClientBinding, root: str, request: Request) -> HttpReply:
    async def put() -> HttpReply:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        door = FrontDoor(Catalog([]), hub, runner, Surroundings(client_json=clients.json_for), clients)
        headers = (("Content-Type", request.media),) if request.media else ()
        url = f"{ORIGIN}{root}/{request.path}"
        reply = await door.answer(HttpCall.to(request.method, url, headers=headers, body=request.body))
        await runner.close()
        return reply

    return asyncio.run(put())


def check(reply: HttpReply, expected: Answer) -> None:
    assert reply.status == expected.status, reply.body
    for name, value in (expected.headers or {}).items():
        assert (reply.header(name) or "") == value
    says = expected.says
    if isinstance(says, bytes):
        if says or expected.status != 200:
            # The SDK reads every answer as JSON: one that is not must be empty.
            assert reply.body == says
        return
    told = json.loads(reply.body)
    if isinstance(says, str):
        assert says in told.get("ExceptionMessage", told["Message"])
    elif isinstance(says, dict):
        assert told | says == told
    elif says and isinstance(says[0], str):
        assert [one["instanceId"] for one in told] == says
    else:
        assert told == says


def _titled(row: Row) -> str:
    request, answer, _ = row
    sent = f" {request.body!r} {request.media}" if request.body else ""
    return f"{request.method} {request.path}{sent} {answer.status}"


@pytest.mark.parametrize("root", [WEBHOOK, RPC])
@pytest.mark.parametrize("row", ROWS, ids=_titled)
def test_every_route_answers_as_the_table_says(hub: Any, clients: ClientBinding, row: Row, root: str) -> None:
    fill(hub)
    request, from_outside, from_the_sdk = row

    check(asked(hub, clients, root, request), from_outside if root == WEBHOOK else from_the_sdk)


@pytest.mark.parametrize("root", [WEBHOOK, RPC])
@pytest.mark.parametrize("path", ["orchestrators/chain/new", "instances/completed/restart"])
def test_a_start_points_outside_whatever_root_it_came_by(
    hub: Any, clients: ClientBinding, root: str, path: str
) -> None:
    fill(hub)

    reply = asked(hub, clients, root, post(path))

    told = json.loads(reply.body)
    base = f"{ORIGIN}{WEBHOOK}/instances/{told['id']}"
    assert reply.header("location") == told["statusQueryGetUri"]
    assert all(url.startswith(base) for name, url in told.items() if name != "id")
    assert set(told) == {
        "id",
        "statusQueryGetUri",
        "sendEventPostUri",
        "terminatePostUri",
        "purgeHistoryDeleteUri",
        "restartPostUri",
        "suspendPostUri",
        "resumePostUri",
    }


def test_the_links_of_a_start_lead_where_they_say(hub: Any, clients: ClientBinding) -> None:
    fill(hub)
    links = json.loads(asked(hub, clients, RPC, post("orchestrators/chain/a%20b")).body)
    walk = [
        ("GET", "statusQueryGetUri", 202),
        ("POST", "sendEventPostUri", 202),
        ("POST", "suspendPostUri", 202),
        ("POST", "resumePostUri", 202),
        ("POST", "terminatePostUri", 202),
        ("POST", "restartPostUri", 202),
        ("DELETE", "purgeHistoryDeleteUri", 200),
    ]

    for method, link, status in walk:
        path = (
            links[link]
            .removeprefix(f"{ORIGIN}{WEBHOOK}/")
            .replace("{eventName}", "Go")
            .replace("{text}", "x")
        )
        request = Request(method=method, path=path, body=b"1" if "Event" in path else b"", media=JSON)
        assert asked(hub, clients, WEBHOOK, request).status == status, link

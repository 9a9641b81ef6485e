"""What Azure Tables promises when the way to the service, or the service, has a bad moment."""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self, TypeVar

import aiohttp
import pytest
from aiohttp import web
from azurite import Azurite
from yarl import URL

from dirigent.adapters.azure_tables import AzureTables
from dirigent.adapters.services.patience import Patience
from dirigent.adapters.tables.answers import LONGEST_PAUSE
from dirigent.ports.records import Page, RecordsUnavailable, Row, RowChanged, RowExists, Value, Write
from dirigent.settings.storage import Storage

Result = TypeVar("Result")
Pass = Callable[[], Awaitable[web.Response]]
Fault = Callable[[web.BaseRequest, Pass], Awaitable[web.StreamResponse]]

#: No test waits longer for an operation, however much else the machine has to do.
LIMIT = 60.0
CALM = Patience(pause=0.01, silence=LIMIT, limit=LIMIT)
#: Where somebody is silent.
QUICK = Patience(pause=0.01, silence=0.3, limit=LIMIT)
ATTEMPTS = CALM.tries


class Proxy:
    """Stands before the service and passes each request on, unless it has something else in mind."""

    def __init__(self, target: str) -> None:
        self.plans: deque[Fault] = deque()
        self.always: Fault | None = None
        self.requests: list[tuple[str, str, float]] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[object] = set()
        self.url = ""
        self._target = URL(target)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def is_deserted(self) -> bool:
        """Whether nobody is connected any more; it takes a moment to hear of it."""

        async def wait() -> bool:
            for _ in range(int(LIMIT / 0.01)):
                if not self._server.connections:
                    return True
                await asyncio.sleep(0.01)
            return False

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._server = web.Server(self._answered, handler_cancellation=True)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}"

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.method, request.raw_path, self._loop.time()))
        self.headers.append(dict(request.headers))
        self.peers.add(request.get_extra_info("peername"))

        async def passed_on() -> web.Response:
            url = URL(f"{self._target}{request.raw_path}", encoded=True)
            headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
            async with self._session.request(
                request.method, url, headers=headers, data=body or None, skip_auto_headers=("Content-Type",)
            ) as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower() in KEPT}
                return web.Response(status=answer.status, headers=kept, body=await answer.read())

        fault = self.plans.popleft() if self.plans else self.always
        return await (passed_on() if fault is None else fault(request, passed_on))


KEPT = {"content-type", "etag", "date", "preference-applied"} | {
    f"x-ms-{name}" for name in ("continuation-nextpartitionkey", "continuation-nextrowkey", "version")
}


def says(status: int, code: str, **headers: str) -> Fault:
    """The service answers so instead of doing anything."""

    async def fault(_: web.BaseRequest, __: Pass) -> web.StreamResponse:
        error = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "a sentence"}}}
        return web.json_response(
            error, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    return fault


def html(status: int) -> Fault:
    """Somebody else answers, who knows no tables."""

    async def fault(_: web.BaseRequest, __: Pass) -> web.StreamResponse:
        return web.Response(status=status, text="<html><body>Hello</body></html>", content_type="text/html")

    return fault


async def cut(request: web.BaseRequest, _: Pass) -> web.StreamResponse:
    """The connection is lost."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def torn(request: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
    """The connection is lost in the middle of the answer."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"value": [')
    return await cut(request, pass_on)


async def garbled(_: web.BaseRequest, __: Pass) -> web.StreamResponse:
    """The answer is none."""
    return web.Response(text='{"value": [', content_type="application/json")


async def beside_the_point(_: web.BaseRequest, __: Pass) -> web.StreamResponse:
    """The answer is to another question."""
    return web.json_response({"status": "ok"})


async def silent(_: web.BaseRequest, __: Pass) -> web.StreamResponse:
    """Nobody answers."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def after(fault: Fault) -> Fault:
    """What was asked for is done; then this happens."""

    async def done_first(request: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
        answer = await pass_on()
        assert answer.status < 300
        return await fault(request, pass_on)

    return done_first


async def twice(_: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
    """Somebody on the way carries the request twice, and passes the second answer back."""
    await pass_on()
    return await pass_on()


BUSY = says(503, "ServerBusy")
FAULTS: dict[str, Fault] = {
    "503": BUSY,
    "429": says(429, "TooManyRequests", retry_after_ms="20"),
    "500": says(500, "InternalError"),
    "timed-out": says(500, "OperationTimedOut"),
    "cut": cut,
    "torn": torn,
    "garbled": garbled,
    "beside-the-point": beside_the_point,
    "silent": silent,
    "html-200": html(200),
    "html-404": html(404),
    "html-502": html(502),
}
LOST = {
    f"done-{name}": after(FAULTS[name]) for name in ("503", "500", "cut", "silent", "html-200", "html-502")
}


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(asyncio.wait_for(work, LIMIT))


class Case:
    """A store behind the proxy, and the same store without it."""

    def __init__(self, proxy: Proxy, troubled: AzureTables, plain: AzureTables) -> None:
        self.proxy, self.troubled, self.plain = proxy, troubled, plain

    def values(self, key: str, partition: str = "p") -> dict[str, Value] | None:
        row = run(self.plain.get("things", partition, key))
        return None if row is None else row.values

    def etag(self, key: str) -> str:
        return run(self.etag_now(key))

    async def etag_now(self, key: str) -> str:
        row = await self.plain.get("things", "p", key)
        assert row is not None
        return row.etag


@contextmanager
def store(azurite: Azurite, patience: Patience) -> Iterator[Case]:
    with Proxy(azurite.tables) as proxy:
        storage = azurite.storage()
        behind = replace(storage, connection=azurite.connection(tables=proxy.url))
        case = Case(proxy, AzureTables(behind, patience=patience), AzureTables(storage))
        run(case.plain.insert("things", "p", "old", {"n": 1}))
        try:
            yield case
        finally:
            case.troubled.close()
            case.plain.close()


@pytest.fixture
def case(request: pytest.FixtureRequest, azurite: Azurite) -> Iterator[Case]:
    with store(azurite, QUICK if "silent" in request.node.name else CALM) as case:
        yield case


async def insert(case: Case) -> object:
    return await case.troubled.insert("things", "p", "new", {"n": 2})


async def merge(case: Case) -> object:
    return await case.troubled.merge("things", "p", "old", {"m": 2})


async def merge_by_etag(case: Case) -> object:
    return await case.troubled.merge("things", "p", "old", {"m": 2}, etag=await case.etag_now("old"))


async def both(case: Case, partition: str = "p") -> object:
    etag = await case.etag_now("old")
    first = Write(table="things", partition=partition, key="new", values={"n": 2})
    second = Write(table="things", partition="p", key="old", values={"m": 2})
    return await case.troubled.insert_then_merge(first, second, etag=etag)


async def both_apart(case: Case) -> object:
    return await both(case, "q")


async def delete(case: Case) -> object:
    await case.troubled.delete("things", "p", "old")
    return None


async def delete_by_etag(case: Case) -> object:
    await case.troubled.delete("things", "p", "old", etag=await case.etag_now("old"))
    return None


async def get(case: Case) -> object:
    return await case.troubled.get("things", "p", "old")


async def query(case: Case) -> object:
    return await case.troubled.query("things", partition="p")


Operation = Callable[[Case], Coroutine[Any, Any, object]]
MERGED: dict[str, Value] = {"n": 1, "m": 2}
#: What each leaves of the old row and of the new one, and where that is.
WRITES: dict[str, tuple[Operation, dict[str, Value] | None, dict[str, Value] | None, str]] = {
    "insert": (insert, {"n": 1}, {"n": 2}, "p"),
    "merge": (merge, MERGED, None, "p"),
    "merge-by-etag": (merge_by_etag, MERGED, None, "p"),
    "both": (both, MERGED, {"n": 2}, "p"),
    "both-apart": (both_apart, MERGED, {"n": 2}, "q"),
    "delete": (delete, None, None, "p"),
    "delete-by-etag": (delete_by_etag, None, None, "p"),
}
OPERATIONS: dict[str, Operation] = {name: act for name, (act, *_) in WRITES.items()} | {
    "get": get,
    "query": query,
}


@pytest.mark.parametrize("fault", [*FAULTS, *LOST])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_met_a_bad_moment_is_done_once_and_said_to_be(case: Case, name: str, fault: str) -> None:
    operation, old, new, partition = WRITES[name]
    case.proxy.plans.append((FAULTS | LOST)[fault])

    etag = run(operation(case))

    assert not case.proxy.plans
    assert (case.values("old"), case.values("new", partition)) == (old, new)
    if operation not in (delete, delete_by_etag):
        assert etag == case.etag("new" if name == "insert" else "old")


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_was_carried_twice_is_done_once_and_said_to_be(case: Case, name: str) -> None:
    operation, old, new, partition = WRITES[name]
    case.proxy.always = twice

    etag = run(operation(case))

    assert (case.values("old"), case.values("new", partition)) == (old, new)
    if operation not in (delete, delete_by_etag):
        assert etag == case.etag("new" if name == "insert" else "old")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_that_was_written_since_outlasts_a_bad_moment(case: Case, fault: str) -> None:
    etag = case.etag("old")
    run(case.plain.merge("things", "p", "old", {"m": 3}))
    case.proxy.plans.append(FAULTS[fault])

    with pytest.raises(RowChanged):
        run(case.troubled.delete("things", "p", "old", etag=etag))
    assert case.values("old") == {"n": 1, "m": 3}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_read_that_met_a_bad_moment_finds_what_is_there(case: Case, fault: str) -> None:
    case.proxy.plans.extend([FAULTS[fault], FAULTS[fault]])
    row = run(get(case))
    case.proxy.plans.extend([FAULTS[fault], FAULTS[fault]])
    page = run(query(case))

    assert isinstance(row, Row)
    assert row.values == {"n": 1}
    assert page == Page(rows=(row,))


def test_a_second_step_that_met_a_bad_moment_is_done_once(case: Case) -> None:
    async def passed(_: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
        return await pass_on()

    case.proxy.plans.extend([passed, after(cut)])
    etag = run(both_apart(case))

    assert etag == case.etag("old")
    assert (case.values("old"), case.values("new", "q")) == (MERGED, {"n": 2})


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_gives_up_when_it_does_not_pass(case: Case, name: str, fault: str) -> None:
    case.proxy.always = FAULTS[fault]

    asked = rf"The account 'made[0-9a-f]+', asked {ATTEMPTS} times, did not"
    with pytest.raises(RecordsUnavailable, match=asked):
        run(OPERATIONS[name](case))
    # What may be repeated by anybody, the HTTP client repeats once by itself when a connection was lost.
    assert ATTEMPTS <= len(case.proxy.requests) <= 2 * ATTEMPTS
    assert (case.values("old"), case.values("new")) == ({"n": 1}, None)


def test_one_operation_has_an_end_whatever_it_waits_for(azurite: Azurite) -> None:
    with store(azurite, Patience(limit=2, silence=LIMIT)) as case:
        case.proxy.always = silent

        with pytest.raises(RecordsUnavailable, match="did not answer within 2 seconds"):
            run(insert(case))
        assert len(case.proxy.requests) == 1


def test_comes_back_when_the_service_wants_it_to(case: Case) -> None:
    case.proxy.plans.extend(
        [says(503, "ServerBusy", retry_after="1"), says(429, "Throttled", retry_after_ms="300")]
    )
    run(get(case))

    first, second, third = (at for _, _, at in case.proxy.requests)
    assert second - first >= 1
    assert third - second >= 0.3


def test_does_not_wait_for_a_service_that_wants_much_time(case: Case) -> None:
    case.proxy.always = says(503, "ServerBusy", retry_after=str(int(LONGEST_PAUSE) + 1))

    with pytest.raises(RecordsUnavailable, match="asked once"):
        run(get(case))
    assert len(case.proxy.requests) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_moment_makes_no_others_row_ones_own(case: Case, fault: str) -> None:
    run(case.plain.insert("things", "p", "new", {"n": 2}))
    case.proxy.plans.append(FAULTS[fault])

    with pytest.raises(RowExists):
        run(insert(case))
    case.proxy.plans.append(FAULTS[fault])
    with pytest.raises(RowExists):
        run(both(case))
    assert case.values("old") == {"n": 1}


@pytest.mark.parametrize("operation", [merge_by_etag, both], ids=["merge", "both"])
def test_what_others_wrote_in_a_bad_moment_stands(case: Case, operation: Operation) -> None:
    async def overtaken(request: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
        await case.plain.merge("things", "p", "old", {"m": 3})
        return await cut(request, pass_on)

    case.proxy.plans.append(overtaken)

    with pytest.raises(RowChanged):
        run(operation(case))
    assert case.values("old") == {"n": 1, "m": 3}
    assert case.values("new") == ({"n": 2} if operation is both else None)


def test_an_insert_is_ones_own_although_others_merged_since(case: Case) -> None:
    async def merged_since(request: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
        await pass_on()
        await case.plain.merge("things", "p", "new", {"m": 3})
        return await cut(request, pass_on)

    case.proxy.plans.append(merged_since)

    assert run(insert(case)) == case.etag("new")
    assert case.values("new") == {"n": 2, "m": 3}


@pytest.mark.parametrize(
    "plans",
    [
        [says(404, "TableNotFound"), says(409, "TableBeingDeleted"), says(409, "TableAlreadyExists")],
        [says(404, "TableNotFound"), after(cut)],
        [says(409, "TableBeingDeleted")],
    ],
    ids=["being-deleted", "made-in-vain", "going"],
)
@pytest.mark.parametrize("name", ["insert", "merge", "both"])
def test_a_table_that_comes_and_goes_keeps_the_row(case: Case, name: str, plans: list[Fault]) -> None:
    async def work() -> object:
        values: dict[str, Value] = {"n": 1}
        if name == "insert":
            return await case.troubled.insert("others", "p", "k", values)
        if name == "merge":
            return await case.troubled.merge("others", "p", "k", values)
        etag = await case.plain.insert("others", "p", "other", {})
        first, second = (
            Write(table="others", partition="p", key=key, values=values) for key in ("k", "other")
        )
        return await case.troubled.insert_then_merge(first, second, etag=etag)

    case.proxy.plans.extend(plans)
    run(work())

    row = run(case.plain.get("others", "p", "k"))
    assert row is not None
    assert row.values == {"n": 1}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", OPERATIONS)
def test_names_the_role_that_is_missing(azurite: Azurite, case: Case, name: str, status: int) -> None:
    case.proxy.always = says(status, "AuthorizationPermissionMismatch")

    with pytest.raises(RecordsUnavailable, match="Storage Table Data Contributor") as refused:
        run(OPERATIONS[name](case))
    assert len(case.proxy.requests) == 1
    assert azurite.account in str(refused.value)
    assert azurite.key not in str(refused.value)


@pytest.mark.parametrize("code", ["EntityTooLarge", "PropertyValueTooLarge", "TooManyProperties"])
def test_what_is_too_large_for_the_service_is_refused(case: Case, code: str) -> None:
    case.proxy.always = says(400, code)

    with pytest.raises(ValueError, match=code):
        run(merge(case))
    assert len(case.proxy.requests) == 1


def test_a_request_that_will_never_work_is_not_repeated(case: Case) -> None:
    case.proxy.always = says(400, "InvalidInput")

    with pytest.raises(RecordsUnavailable, match="InvalidInput"):
        run(query(case))
    assert len(case.proxy.requests) == 1


def test_a_key_that_is_not_the_accounts_is_refused(azurite: Azurite) -> None:
    storage = azurite.storage()
    wrong = (storage.connection or "").replace(azurite.key, "d3Jvbmc=")
    records = AzureTables(replace(storage, connection=wrong))

    with pytest.raises(RecordsUnavailable, match="the key must be the account's"):
        run(records.get("things", "p", "k"))
    records.close()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nobody.invalid"])
def test_nobody_at_the_address_is_a_store_that_may_come_back(host: str) -> None:
    connection = f"AccountName=name;AccountKey=a2V5;TableEndpoint=http://{host}/name"
    records = AzureTables(Storage(connection=connection), patience=QUICK)

    with pytest.raises(RecordsUnavailable, match="'name'"):
        run(records.get("things", "p", "k"))
    records.close()


def test_each_operation_is_one_request_of_one_connection(case: Case) -> None:
    one_row = [insert, merge, get, query, delete]
    for operation in one_row:
        run(operation(case))

    assert [method for method, *_ in case.proxy.requests] == ["POST", "PATCH", "GET", "GET", "DELETE"]
    assert case.proxy.headers[0]["Prefer"] == "return-no-content"
    assert len(case.proxy.peers) == 1


def test_two_rows_of_one_partition_are_one_request(case: Case) -> None:
    run(both(case))

    [(method, path, _)] = case.proxy.requests
    assert (method, path.rpartition("/")[2]) == ("POST", "$batch")


def test_many_at_once_share_the_connections(case: Case) -> None:
    async def work(records: AzureTables) -> None:
        await asyncio.gather(*(records.insert("things", "p", f"k{n}", {}) for n in range(300)))

    run(work(case.troubled))
    peers = len(case.proxy.peers)

    assert peers <= 100


def test_nothing_is_left_after_closing_and_it_opens_again(case: Case) -> None:
    run(get(case))
    case.troubled.close()
    names = [thread.name for thread in threading.enumerate()]

    assert case.proxy.is_deserted()
    # That of the store without the proxy.
    assert names.count("azure-tables") == 1
    assert isinstance(run(get(case)), Row)


def test_closing_finishes_what_was_asked_for(case: Case) -> None:
    async def slow(_: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(0.1)
        return await pass_on()

    async def work() -> list[object]:
        calls = [asyncio.create_task(insert(case)), asyncio.create_task(merge(case))]
        await asyncio.to_thread(asked.wait, LIMIT)
        # On the very loop on which they wait.
        case.troubled.close()
        return await asyncio.gather(*calls)

    asked = threading.Event()
    case.proxy.always = slow
    etags = run(work())

    assert etags == [case.etag("new"), case.etag("old")]


def test_a_cancelled_call_leaves_the_others_theirs(case: Case) -> None:
    async def asked_in_silence(request: web.BaseRequest, pass_on: Pass) -> web.StreamResponse:
        asked.set()
        return await silent(request, pass_on)

    async def work() -> list[object]:
        case.proxy.plans.append(asked_in_silence)
        given_up = asyncio.create_task(insert(case))
        await asyncio.to_thread(asked.wait, LIMIT)
        given_up.cancel()
        others = [asyncio.create_task(get(case)) for _ in range(20)]
        return await asyncio.gather(given_up, *others, return_exceptions=True)

    asked = threading.Event()
    [cancelled, *rows] = run(work())

    assert isinstance(cancelled, asyncio.CancelledError)
    assert all(isinstance(row, Row) for row in rows)

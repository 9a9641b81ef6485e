"""Artifacts in Blob Storage, on a line that fails."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from azurite import Azurite
from faulty_line import Fault, FaultyLine, Way, answer

from dirigent.adapters.blob_artifacts import BlobArtifacts
from dirigent.adapters.blob_container import ROLE, BlobsUnavailable
from dirigent.adapters.services.patience import Patience
from dirigent.ports.artifacts import Artifact
from dirigent.settings.storage import Storage

Result = TypeVar("Result")

TEXT = "text/plain"
#: Long enough for whatever answers, and short enough for whatever stays silent.
BRISK = Patience(limit=3.0, silence=0.8, pause=0.01)
PAGE = b"<html><body>Who are you, and where do you want to go?</body></html>"
BUSY = b'<?xml version="1.0"?><Error><Code>ServerBusy</Code><Message>Not now.</Message></Error>'

#: What a second try mends.
PASSING = {
    "busy": answer(503, BUSY, retry_after="0", x_ms_error_code="ServerBusy", x_ms_request_id="1"),
    "throttled": answer(429, retry_after="0", x_ms_request_id="1"),
    "broken": answer(500, BUSY, x_ms_error_code="InternalError", x_ms_request_id="1"),
    "bad gateway": answer(502, PAGE),
    "late": answer(408, x_ms_request_id="1"),
    "a page": answer(200, PAGE, content_type="text/html"),
    "a page that is not there": answer(404, PAGE, content_type="text/html"),
    "lost": Fault(way=Way.LOST),
    "unheard": Fault(way=Way.UNHEARD),
    "half heard": Fault(way=Way.HALF_HEARD),
    "silent": Fault(way=Way.SILENT),
}
OPERATIONS: dict[str, Callable[[BlobArtifacts], Coroutine[Any, Any, object]]] = {
    "write": lambda artifacts: artifacts.put("runs/1/new", b"new", content_type=TEXT),
    "read": lambda artifacts: artifacts.get("runs/1/a"),
    "list": lambda artifacts: artifacts.delete_under("runs/1/"),
}


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


async def failing(operation: str, artifacts: BlobArtifacts) -> BlobsUnavailable:
    with pytest.raises(BlobsUnavailable) as failure:
        await OPERATIONS[operation](artifacts)
    return failure.value


def open_sockets() -> set[str]:
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return {name for name in (str(link.readlink()) for link in links) if name.startswith("socket:")}


@pytest.fixture
def line(azurite: Azurite) -> Iterator[FaultyLine]:
    """The way to the emulator's blobs."""
    with FaultyLine(azurite.blobs) as running:
        yield running


@pytest.fixture
def storage(azurite: Azurite, line: FaultyLine) -> Storage:
    """An account that is reached by that line."""
    return azurite.storage(blobs=line.url)


@pytest.fixture
def artifacts(storage: Storage) -> Iterator[BlobArtifacts]:
    """A store at the end of that line, with two files."""
    with closing(BlobArtifacts(storage, patience=BRISK)) as store:
        for name in ("runs/1/a", "runs/1/b"):
            run(store.put(name, name.encode() * 1000, content_type=TEXT))
        yield store


def test_speaks_the_version_that_every_cloud_knows(artifacts: BlobArtifacts, line: FaultyLine) -> None:
    run(artifacts.get("runs/1/a"))
    run(artifacts.delete_under("runs/1/"))

    assert line.versions == {"2020-12-06"}


@pytest.mark.parametrize("fault", PASSING)
def test_writes_in_spite_of_one_bad_moment(artifacts: BlobArtifacts, line: FaultyLine, fault: str) -> None:
    line.fail(PASSING[fault])

    run(artifacts.put("runs/1/a", b"new", content_type="text/x-new"))

    assert run(artifacts.get("runs/1/a")) == Artifact(content=b"new", content_type="text/x-new")


@pytest.mark.parametrize("fault", PASSING)
def test_reads_in_spite_of_one_bad_moment(artifacts: BlobArtifacts, line: FaultyLine, fault: str) -> None:
    line.fail(PASSING[fault])

    found = run(artifacts.get("runs/1/a"))

    assert found == Artifact(content=b"runs/1/a" * 1000, content_type=TEXT)


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_removes_and_counts_in_spite_of_one_bad_moment(
    artifacts: BlobArtifacts, line: FaultyLine, fault: str, method: str
) -> None:
    line.fail(PASSING[fault], only=(method,))

    removed = run(artifacts.delete_under("runs/1/"))

    assert removed == 2
    assert run(artifacts.get("runs/1/a")) is None


@pytest.mark.parametrize("fault", PASSING)
def test_makes_its_container_in_spite_of_one_bad_moment(
    storage: Storage, line: FaultyLine, fault: str
) -> None:
    # The second request is the one that makes it.
    line.fail(answer(404, x_ms_error_code="ContainerNotFound", x_ms_request_id="1"), PASSING[fault])
    with closing(BlobArtifacts(storage, patience=BRISK)) as artifacts:
        run(artifacts.put("a", b"a", content_type=TEXT))

        assert run(artifacts.get("a")) == Artifact(content=b"a", content_type=TEXT)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", PASSING)
def test_gives_up_in_time_and_works_again_later(
    artifacts: BlobArtifacts, line: FaultyLine, azurite: Azurite, operation: str, fault: str
) -> None:
    line.fail_always(PASSING[fault])

    failure = run(failing(operation, artifacts))
    line.mend()

    assert azurite.account in str(failure)
    assert azurite.key not in f"{failure!s} {failure!r} {failure.__cause__!s}"
    assert failure.operation.startswith(operation)
    assert not failure.is_refusal
    run(OPERATIONS[operation](artifacts))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_names_the_role_that_is_missing_and_asks_once(
    artifacts: BlobArtifacts, line: FaultyLine, operation: str
) -> None:
    line.fail_always(answer(403, x_ms_error_code="AuthorizationPermissionMismatch", x_ms_request_id="1"))
    before = len(line.requests)

    failure = run(failing(operation, artifacts))

    assert failure.is_refusal
    assert ROLE in str(failure)
    assert "403 AuthorizationPermissionMismatch" in str(failure)
    assert len(line.requests) == before + 1


def test_a_wrong_key_is_told_without_it(azurite: Azurite) -> None:
    wrong = f"bm90IGhlcmU{'A' * 20}="
    storage = azurite.storage()
    assert storage.connection is not None
    changed = Storage(connection=storage.connection.replace(azurite.key, wrong))

    with closing(BlobArtifacts(changed)) as artifacts:
        failure = run(failing("read", artifacts))

    assert failure.is_refusal
    assert "connection string" in str(failure)
    assert wrong not in f"{failure!s} {failure.__cause__!s}"


def test_waits_no_longer_than_the_callers_can(artifacts: BlobArtifacts, line: FaultyLine) -> None:
    line.fail_always(answer(503, retry_after="3600", x_ms_request_id="1"))
    before = len(line.requests)

    run(failing("write", artifacts))

    assert len(line.requests) == before + 1


def test_nothing_listens_where_the_account_should_be(azurite: Azurite) -> None:
    with FaultyLine(azurite.blobs) as gone:
        storage = azurite.storage(blobs=gone.url)

    with closing(BlobArtifacts(storage, patience=BRISK)) as artifacts:
        failure = run(failing("write", artifacts))

    assert "could not be reached" in str(failure)


def test_a_cancelled_caller_leaves_the_old_file_or_the_new_one(
    artifacts: BlobArtifacts, line: FaultyLine
) -> None:
    line.fail(Fault(way=Way.SILENT))

    async def work() -> Artifact | None:
        task = asyncio.create_task(artifacts.put("runs/1/a", b"new", content_type=TEXT))
        await asyncio.to_thread(line.wait_for, 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        return await artifacts.get("runs/1/a")

    assert run(work()) == Artifact(content=b"runs/1/a" * 1000, content_type=TEXT)


def test_a_removal_that_failed_midway_is_finished_by_the_next(
    artifacts: BlobArtifacts, line: FaultyLine
) -> None:
    line.fail(answer(403, x_ms_request_id="1"), only=("DELETE",))
    with pytest.raises(BlobsUnavailable, match="did not remove an artifact"):
        run(artifacts.delete_under("runs/1/"))

    run(artifacts.delete_under("runs/1/"))

    assert run(artifacts.get("runs/1/a")) is None
    assert run(artifacts.get("runs/1/b")) is None


def test_many_removals_that_fail_are_one_failure(artifacts: BlobArtifacts, line: FaultyLine) -> None:
    line.fail_always(answer(403, x_ms_request_id="1"), only=("DELETE",))

    with pytest.raises(BlobsUnavailable, match="did not remove an artifact"):
        run(artifacts.delete_under("runs/1/"))


def test_whoever_asks_while_it_is_closed_is_not_left_waiting(
    artifacts: BlobArtifacts, line: FaultyLine
) -> None:
    line.fail(Fault(way=Way.SILENT))

    async def work() -> list[object]:
        task = asyncio.create_task(artifacts.get("runs/1/a"))
        await asyncio.to_thread(line.wait_for, 5)
        await asyncio.to_thread(artifacts.close)
        return list(await asyncio.gather(task, return_exceptions=True))

    assert isinstance(run(work())[0], asyncio.CancelledError)
    assert run(artifacts.get("runs/1/a")) is not None


def test_nothing_is_left_of_it_when_it_is_closed(azurite: Azurite) -> None:
    threads, sockets = set(threading.enumerate()), open_sockets()
    artifacts = BlobArtifacts(azurite.storage())
    run(artifacts.put("runs/1/a", b"a", content_type=TEXT))
    assert set(threading.enumerate()) > threads
    assert open_sockets() > sockets

    artifacts.close()

    assert set(threading.enumerate()) == threads
    assert open_sockets() <= sockets


def test_closing_it_twice_or_before_its_first_use_does_nothing(azurite: Azurite) -> None:
    artifacts = BlobArtifacts(azurite.storage())
    artifacts.close()
    run(artifacts.put("a", b"a", content_type=TEXT))
    artifacts.close()
    artifacts.close()

    assert run(artifacts.get("a")) == Artifact(content=b"a", content_type=TEXT)
    artifacts.close()

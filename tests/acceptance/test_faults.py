"""A machine that fails: the host says what is wrong with which file and what to do, and loses no promise."""

import http.client
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from driver import HOOKS, OverHttp, Server, expect, polled
from small_disk import NotPossible, SmallDisk, small_disk, small_files

APP = "open_house"
#: Enough in one start to fill a small disk with a few, and to outgrow SQLite's memory with a hundred.
LARGE = {"filling": "x" * 60_000}
REMEDIES = {
    "room": "see to the folder's rights and the disk's free space, or give the host another folder",
    "back": "put it back before the next start, or start without it to begin with an empty state",
    "copy": "restore it from a copy, or move it away to start empty",
}

Begin = Callable[[], OverHttp]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts the host on the test's state folder; whatever still runs at the end is killed."""
    with ExitStack() as lives:

        def start() -> OverHttp:
            server = Server(APP, "sticky", tmp_path)
            lives.callback(server.process.wait)
            lives.callback(server.process.kill)
            return OverHttp(server)

        yield start


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def disk(state: Path) -> Iterator[SmallDisk]:
    try:
        with small_disk(state) as disk:
            yield disk
    except NotPossible as error:
        pytest.skip(f"NOT TESTED: {error}")


def refusal(begin: Begin) -> str:
    """What a host says that does not start; one word of Python's would be a word too many."""
    with pytest.raises(RuntimeError, match="ended with 1 before it listened") as refused:
        begin()
    return checked(str(refused.value))


def last_words(host: OverHttp) -> str:
    """What a running host said when it stopped by itself."""
    assert host.server.process.wait(timeout=20) == 1
    told = checked(host.server.log.read_text(encoding="utf-8"))
    return told[told.index("devhost stops") :]


def checked(told: str) -> str:
    assert "Traceback" not in told
    return told


def started(host: OverHttp, name: str) -> list[str]:
    """The ids of instances that were acknowledged, until the host could take no more; at most 150."""
    acknowledged: list[str] = []
    for number in range(150):
        path = f"{HOOKS}/orchestrators/{name}/{name}-{number}"
        try:
            reply = host.request("POST", path, LARGE)
        except (OSError, http.client.HTTPException):
            break
        if reply.status != 202:
            break
        acknowledged.append(f"{name}-{number}")
    return acknowledged


def assert_all_there(host: OverHttp, acknowledged: list[str]) -> None:
    for instance_id in acknowledged:
        host.raise_event(instance_id, "Word", "done")
    assert [host.result(instance_id) for instance_id in acknowledged] == ["done"] * len(acknowledged)
    assert host.server.stop() == 0


def assert_sound(state: Path) -> None:
    with closing(sqlite3.connect(state / "devhost.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_disk_that_becomes_full_stops_the_host_and_costs_nothing(
    begin: Begin, disk: SmallDisk, state: Path
) -> None:
    host = begin()
    acknowledged = started(host, "listen")
    told = last_words(host)

    assert 0 < len(acknowledged) < 20
    assert str(state / "devhost.db") in told
    assert "database or disk is full" in told or "disk I/O error" in told
    assert REMEDIES["room"] in told

    disk.make_room()
    assert_sound(state)
    assert_all_there(begin(), acknowledged)


def test_a_file_that_may_not_grow_stops_the_host_and_costs_nothing(begin: Begin, state: Path) -> None:
    with small_files():
        host = begin()
    acknowledged = started(host, "listen")
    told = last_words(host)

    assert 0 < len(acknowledged) < 20
    assert str(state / "devhost.db") in told
    assert REMEDIES["room"] in told

    assert_all_there(begin(), acknowledged)


def test_a_full_disk_is_refused_at_the_start(begin: Begin, disk: SmallDisk, state: Path) -> None:
    ballast = disk.fill()
    told = refusal(begin)

    assert str(state / "devhost.db") in told
    assert REMEDIES["room"] in told

    ballast.unlink()
    assert begin().server.stop() == 0


def test_a_folder_that_cannot_be_written_is_refused(begin: Begin, disk: SmallDisk, state: Path) -> None:
    disk.forbid_writing()
    told = refusal(begin)

    assert str(state / "devhost.db") in told
    assert "Read-only file system" in told
    assert REMEDIES["room"] in told


def test_a_folder_of_another_user_is_refused(begin: Begin, state: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip(
            "NOT TESTED: root may write into every folder; the read-only disk above is tested instead"
        )
    state.mkdir(mode=0o500)
    told = refusal(begin)

    assert str(state / "devhost.db") in told
    assert "Permission denied" in told
    assert REMEDIES["room"] in told


def test_a_state_file_of_rubbish_is_refused_and_left_as_it_is(begin: Begin, state: Path) -> None:
    state.mkdir()
    (state / "devhost.db").write_bytes(b"rubbish" * 1000)
    told = refusal(begin)

    assert str(state / "devhost.db") in told
    assert REMEDIES["copy"] in told
    assert (state / "devhost.db").read_bytes() == b"rubbish" * 1000


def test_a_state_file_with_bad_pages_is_refused_at_the_start(begin: Begin, state: Path) -> None:
    host = begin()
    acknowledged = started(host, "listen")
    assert host.server.stop() == 0
    copy = shutil.copytree(state, state.with_name("copy"))

    spoil(state / "devhost.db")
    told = refusal(begin)

    assert str(state / "devhost.db") in told
    assert REMEDIES["copy"] in told

    shutil.rmtree(state)
    copy.rename(state)
    assert_all_there(begin(), acknowledged)


def test_pages_that_go_bad_under_a_running_host_stop_it(begin: Begin, state: Path) -> None:
    host = begin()
    acknowledged = started(host, "chain")
    for instance_id in acknowledged:
        host.result(instance_id)

    spoil(state / "devhost.db")
    # What has ended is not in the host's memory any more.
    for instance_id in acknowledged:
        try:
            host.request("GET", f"{HOOKS}/instances/{instance_id}")
        except (OSError, http.client.HTTPException):
            break
    told = last_words(host)

    assert str(state / "devhost.db") in told
    assert REMEDIES["copy"] in told


def test_a_state_folder_that_is_deleted_stops_the_host_before_it_promises_more(
    begin: Begin, state: Path
) -> None:
    host = begin()
    [kept, *_] = started(host, "chain")
    host.result(kept)

    state.rename(state.with_name("away"))
    lost = started(host, "listen")
    told = last_words(host)

    assert lost == []
    assert str(state / "devhost.db") in told
    assert REMEDIES["back"] in told

    state.with_name("away").rename(state)
    host = begin()
    assert host.result(kept) == [0, 2, 4]
    assert host.server.stop() == 0


def test_a_state_folder_that_is_gone_for_good_begins_anew(begin: Begin, state: Path) -> None:
    host = begin()
    shutil.rmtree(state)

    assert started(host, "listen") == []
    last_words(host)
    host = begin()
    assert expect(200, host.request("GET", f"{HOOKS}/instances")).json() == []
    assert host.server.stop() == 0


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match="ended with 1 before it listened") as refused:
            Server(APP, "sticky", tmp_path, "--port", str(port))

    assert f"Cannot listen on 127.0.0.1:{port}" in checked(str(refused.value))
    assert "choose another port with --port" in str(refused.value)


def test_two_hosts_on_one_state_are_one_too_many(begin: Begin, tmp_path: Path) -> None:
    first = begin()
    other = tmp_path / "second"
    other.mkdir()
    (other / "state").symlink_to(tmp_path / "state")

    with pytest.raises(RuntimeError, match="ended with 1 before it listened") as refused:
        Server(APP, "sticky", other)

    assert f"is in use by another host (process {first.server.process.pid})" in checked(str(refused.value))
    assert "stop that host, or give this one a folder of its own with --state" in str(refused.value)
    assert polled(lambda: first.request("GET", "/admin/host/status").status == 200)
    assert first.server.stop() == 0


def spoil(file: Path) -> None:
    """Overwrite everything behind the first page, under whoever has it open."""
    with file.open("r+b") as pages:
        size = file.stat().st_size
        assert size > 3 * 4096
        pages.seek(4096)
        pages.write(b"\xa5" * (size - 4096))

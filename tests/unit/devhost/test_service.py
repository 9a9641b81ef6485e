"""The process says why it does not start, and its exit status says who has to act."""

import asyncio
import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devhost import service
from devhost.host import Host
from devhost.options import HostOptions
from devhost.storage.store import FILE_NAME

MakeApp = Callable[..., Path]


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """Takes off again what a process keeps until it ends."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def ended(app: Path, **options: Any) -> int:
    return asyncio.run(service.serve(HostOptions(app=app, **{"port": 0, **options})))


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (
            "@app.activity_trigger(input_name='n')\ndef work(other): ...",
            ["[function 'work']", "Remedy: "],
        ),
        ("import nowhere_to_be_found", ["No module named 'nowhere_to_be_found'", "Remedy: install it"]),
        ("import os\nos.environ['UNSET']", ["KeyError: 'UNSET'", "Remedy: ", "local.settings.json"]),
        ("raise SystemExit(7)", ["SystemExit: 7", "Remedy: do not end the process at import"]),
        ("def broken(:", ["SyntaxError", "Remedy: "]),
        ("other = func.FunctionApp()", ["Remedy: "]),
    ],
)
def test_refuses_an_app_with_its_function_and_a_remedy(
    make_app: MakeApp, source: str, texts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(make_app(source)) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert "The app was refused" in told.err
    assert "Traceback" not in told.err
    assert [text for text in texts if text not in told.err] == []


def test_refuses_a_folder_that_is_no_app(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(tmp_path) == 2

    assert "name the app's folder with --app" in capsys.readouterr().err


def test_refuses_a_settings_file_that_is_missing(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(make_app(""), settings=tmp_path / "none.json") == 2

    told = capsys.readouterr().err
    assert f"{tmp_path / 'none.json'}: there is no such file" in told
    assert "Remedy: name a file that exists" in told


def test_refuses_a_hub_whose_name_has_no_value(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    hub = '{"version": "2.0", "extensions": {"durableTask": {"hubName": "%HUB%"}}}'

    assert ended(make_app("", host_json=hub)) == 2

    assert "set HUB in local.settings.json under Values" in capsys.readouterr().err


def test_breaks_off_when_the_port_is_taken(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert ended(make_app(""), port=port) == 1

    told = capsys.readouterr().err
    assert told.startswith(f"devhost cannot start: Cannot listen on 127.0.0.1:{port}")
    assert "--port" in told


def test_breaks_off_when_another_host_holds_the_state(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app("")

    async def second() -> int:
        first = await Host.open(HostOptions(app=app, port=0))
        try:
            return await service.serve(HostOptions(app=app, port=0))
        finally:
            await first.close()

    assert asyncio.run(second()) == 1

    assert "is in use by another host" in capsys.readouterr().err


def of_another_version(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version=99")
    connection.close()


def of_another_program(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE mine (a)")
    connection.close()


def of_no_database(file: Path) -> None:
    file.write_bytes(b"this is no database" * 500)


def of_no_file(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (of_another_version, "has schema version 99, this host reads version"),
        (of_another_program, "move the file away to start empty"),
        (of_no_database, "restore it from a copy, or move it away to start empty"),
        (of_no_file, "give the host another folder with --state"),
    ],
)
def test_breaks_off_at_a_state_it_cannot_use_and_leaves_it_as_it_is(
    make_app: MakeApp, spoil: Callable[[Path], None], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app("")
    (app / ".devhost").mkdir()
    file = app / ".devhost" / FILE_NAME
    spoil(file)
    before = file.read_bytes() if file.is_file() else None

    assert ended(app) == 1

    told = capsys.readouterr().err
    assert told.startswith("devhost cannot start: ")
    assert text in told
    assert (file.read_bytes() if file.is_file() else None) == before


def test_breaks_off_when_the_state_cannot_be_made(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    assert ended(make_app(""), state=tmp_path / "file" / "state") == 1

    assert "devhost cannot start: " in capsys.readouterr().err

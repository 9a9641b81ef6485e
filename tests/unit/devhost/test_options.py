"""The command line says what it wants in the host's words, and is refused with a sentence."""

from pathlib import Path

import pytest

from devhost.options import HostOptions, parse


def test_needs_nothing(tmp_path: Path) -> None:
    options = parse(["--app", str(tmp_path)])

    assert options == HostOptions(app=tmp_path)
    assert (options.port, options.replay, options.log_level, options.synchronous) == (
        None,
        "sticky",
        None,
        "FULL",
    )


def test_runs_the_present_folder_unless_told_otherwise() -> None:
    assert parse([]).app == Path.cwd()


def test_takes_every_option(tmp_path: Path) -> None:
    state, settings = tmp_path / "state", tmp_path / "settings.json"
    words = f"--app {tmp_path} --port 0 --state {state} --settings {settings}".split()
    words += ["--replay", "always", "--log-level", "error", "--synchronous", "normal"]
    words += ["--log-format", "json", "--verbose"]

    assert parse(words) == HostOptions(
        app=tmp_path,
        port=0,
        state=state,
        settings=settings,
        replay="always",
        log_level="error",
        log_format="json",
        verbose=True,
        synchronous="NORMAL",
    )


def test_keeps_the_state_beside_the_app_unless_told_otherwise(tmp_path: Path) -> None:
    assert HostOptions(app=tmp_path).state_folder == tmp_path / ".devhost"
    assert HostOptions(app=tmp_path, state=tmp_path / "other").state_folder == tmp_path / "other"


def test_names_the_app_by_its_whole_path_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert parse(["--app", str(tmp_path / "real" / ".." / "link")]).app == tmp_path / "link"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--app nowhere", "'nowhere' is not a folder: name the one that holds function_app.py"),
        ("--port http", "'http' is not a port: give a number from 0 to 65535"),
        ("--port 65536", "'65536' is not a port"),
        ("--port=-1", "'-1' is not a port"),
        ("--replay never", "invalid choice: 'never'"),
        ("--log-level loud", "invalid choice: 'loud'"),
        ("--synchronous off", "invalid choice: 'off'"),
        ("--por 7071", "unrecognized arguments: --por 7071"),
        ("here", "unrecognized arguments: here"),
    ],
)
def test_refuses_what_it_does_not_understand(
    words: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words.split())

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert told.startswith("usage: python -m devhost")
    assert all(option in told for option in ("--app", "--port", "--state", "--settings", "--replay"))

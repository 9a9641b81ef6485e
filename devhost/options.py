"""The host's options, from the command line or from a test."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from devhost.storage.store import Synchronous

Replay = Literal["sticky", "always"]
LogFormat = Literal["text", "json"]

LOG_LEVELS = ("debug", "info", "warning", "error")
DEFAULT_PORT = 7071


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """How a host is to run."""

    app: Path
    #: None: what local.settings.json says, else 7071; 0: any free port.
    port: int | None = None
    #: None: a folder `.devhost` in the app's.
    state: Path | None = None
    settings: Path | None = None
    replay: Replay = "sticky"
    #: None: what PYTHON_ENABLE_DEBUG_LOGGING says, else info.
    log_level: str | None = None
    log_format: LogFormat = "text"
    #: Whether the log tells the life of each orchestration.
    verbose: bool = False
    synchronous: Synchronous = "FULL"
    #: Settings that go before those of the files.
    extra_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def state_folder(self) -> Path:
        return self.state if self.state is not None else self.app / ".devhost"


def parse(arguments: Sequence[str]) -> HostOptions:
    """The options a command line asks for; a wrong one ends the program with a message."""
    given = _parser().parse_args(arguments)
    return HostOptions(
        app=given.app,
        port=given.port,
        state=given.state,
        settings=given.settings,
        replay=given.replay,
        log_level=given.log_level,
        log_format=given.log_format,
        verbose=given.verbose,
        synchronous=given.synchronous.upper(),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devhost",
        description="Run a Python Durable Functions app on this machine, without Azure and without func.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--app", type=_folder, default=Path.cwd(), metavar="DIR", help="the app's folder (default: this one)")
    add("--port", type=_port, metavar="PORT", help=f"port to listen on, 0 for any free one ({DEFAULT_PORT})")
    add("--state", type=Path, metavar="DIR", help="folder of the state file (default: .devhost in the app's)")
    add(
        "--settings",
        type=Path,
        metavar="FILE",
        help="settings file (default: the app's local.settings.json)",
    )
    add(
        "--replay",
        choices=get_args(Replay),
        default="sticky",
        help="replay orchestrators when needed, or always",
    )
    _add_words(add)
    add(
        "--synchronous",
        choices=("full", "normal"),
        default="full",
        help="full: every acknowledged change survives a power cut; normal: only a crash of the host (full)",
    )
    return parser


def _add_words(add: Callable[..., object]) -> None:
    """What the host is to say, and how."""
    add("--log-level", choices=LOG_LEVELS, help="least level of messages shown (info)")
    add(
        "--log-format",
        choices=get_args(LogFormat),
        default="text",
        help="lines to read, or one JSON object a line (text)",
    )
    add("--verbose", action="store_true", help="tell the life of each orchestration, step by step")


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder: name the one that holds function_app.py")
    return Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow the user's links


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)

"""What the command line asks for."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Says where an app of Azure Functions runs; only work on it has use for a scripted model behind HTTP.
ENVIRONMENT = "AZURE_FUNCTIONS_ENVIRONMENT"

_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where the server listens, what it does besides answering, and who may ask."""

    host: str = "127.0.0.1"
    port: int = 7080
    script: Path | None = None
    key: str | None = field(default=None, repr=False)


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> ServerOptions:
    """The options; a wrong one, or the wrong place, ends the program with a message and status 2."""
    parser = _parser()
    given = parser.parse_args(arguments)
    where = environment.get(ENVIRONMENT, "Development")
    if where != "Development":
        parser.error(
            f"{ENVIRONMENT} is {where!r}, and this server is for development: it has no business there"
        )
    return ServerOptions(host=given.host, port=given.port, script=given.script, key=given.key)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dirigent.modelserver",
        description="Speak OpenAI's HTTP protocol without a model: for tests, demos and benchmarks.",
        epilog="docs/model-server.md says what it answers, docs/scripted-model.md what a script may hold.",
        allow_abbrev=False,
    )
    usual = ServerOptions()
    add = parser.add_argument
    add("--port", type=_port, default=usual.port, help=f"0 takes a free one (usually {usual.port})")
    add("--host", default=usual.host, help="another address than this machine's own to itself")
    add("--script", type=Path, metavar="FILE", help="faults, answers and pace, as in DIRIGENT_SCRIPT")
    add("--key", type=_key, metavar="KEY", help="refuse whoever does not send it")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to {_HIGHEST_PORT}")
    return int(text)


def _key(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: leave it out where no key is asked for")
    return text

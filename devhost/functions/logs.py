"""The host's log: whose record it is, and whether Azure would keep it."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO

from devhost.functions.running import Invocation, current_invocation_id

#: Loggers of the host and of Azure's own packages; what anyone else says is a user log.
_SYSTEM = ("devhost", "azure.functions", "azure_functions_worker", "aiohttp", "asyncio")
_LOST = "  [lost on Azure: no live invocation]"


class HostLogHandler(logging.Handler):
    """Prints records with level, category and invocation, as lines to read or as JSON objects."""

    def __init__(
        self, live: Mapping[str, Invocation], stream: TextIO | None = None, *, as_json: bool = False
    ) -> None:
        super().__init__()
        self._shape = self._json_line if as_json else self._line
        #: Invocations that run, by id; the host sets it when it has a runner.
        self.live = live
        self._stream = stream
        self.setFormatter(logging.Formatter(datefmt="%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = self._stream or sys.stderr
            stream.write(self._shape(record) + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001 - a record that cannot be printed must not break the call that logged it
            self.handleError(record)

    def _line(self, record: logging.LogRecord) -> str:
        formatter = self.formatter or logging.Formatter()
        time = f"{formatter.formatTime(record, '%H:%M:%S')}.{record.msecs:03.0f}"
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + formatter.formatException(record.exc_info)
        invocation = self.live.get(current_invocation_id() or "")
        whose = f" [{invocation.function_name} {invocation.invocation_id[:8]}]" if invocation else ""
        lost = _LOST if invocation is None and is_user_log(record.name) else ""
        return f"{time} {record.levelname:<8}{record.name}{whose}: {text}{lost}"

    def _json_line(self, record: logging.LogRecord) -> str:
        formatter = self.formatter or logging.Formatter()
        invocation = self.live.get(current_invocation_id() or "")
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "category": record.name,
            "message": _message(record),
            "function": None if invocation is None else invocation.function_name,
            "invocation_id": None if invocation is None else invocation.invocation_id,
            "lost_on_azure": invocation is None and is_user_log(record.name),
            "exception": formatter.formatException(record.exc_info) if record.exc_info else None,
        }
        # In ASCII: half a surrogate pair in a message must not break the stream.
        return json.dumps(told)


def _message(record: logging.LogRecord) -> str:
    # A record whose arguments do not fit must still leave a line that a program can read.
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - the arguments' own __str__ runs, and may raise anything
        return f"{record.msg!s} [its arguments cannot be shown: {type(error).__name__}: {error}]"


def is_user_log(category: str) -> bool:
    """Whether a logger's records are the app's."""
    return not any(category == name or category.startswith(name + ".") for name in _SYSTEM)


def level_of(environ: Mapping[str, str], asked: str | None = None) -> str:
    """The least level to show: the one asked for, else INFO or what the app's settings say."""
    return (asked or ("debug" if environ.get("PYTHON_ENABLE_DEBUG_LOGGING") == "1" else "info")).upper()


def install(
    handler: HostLogHandler, environ: Mapping[str, str], level: str | None = None
) -> Callable[[], None]:
    """Put the handler on the root logger at INFO, or as asked; what is returned takes it off again."""
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level_of(environ, level))

    def undo() -> None:
        root.removeHandler(handler)
        root.setLevel(before)

    return undo

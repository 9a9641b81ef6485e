"""The host's log: whose record it is, and whether Azure would keep it."""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from devhost.functions.running import Invocation, current_invocation_id

#: Loggers of the host and of Azure's own packages; what anyone else says is a user log.
_SYSTEM = ("devhost", "azure.functions", "azure_functions_worker", "aiohttp", "asyncio")
_LOST = "  [lost on Azure: no live invocation]"


class HostLogHandler(logging.Handler):
    """Prints records with level, category and invocation."""

    def __init__(self, live: Mapping[str, Invocation], stream: TextIO | None = None) -> None:
        super().__init__()
        #: Invocations that run, by id; the host sets it when it has a runner.
        self.live = live
        self._stream = stream
        self.setFormatter(logging.Formatter(datefmt="%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = self._stream or sys.stderr
            stream.write(self._line(record) + "\n")
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

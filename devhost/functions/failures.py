"""What is told of an exception: the words of Azure's worker, the frames of the app."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_UNSPEAKABLE = "Unhandled exception in function. Could not serialize original exception message."
_HOST_DIR = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """`message` reads `Type: text`; `stack` holds frames only, without header or cause."""

    message: str
    stack: str
    #: It was foreseen, and its text says all that helps.
    speaks_for_itself: bool = False

    def logged(self, advice: str = "") -> str:
        """As the log tells it: with its stack, or in one line where it speaks for itself."""
        if self.speaks_for_itself:
            return f"{' '.join(self.message.split())}{advice}"
        return f"{self.message}{advice}\n{self.stack}"


def describe(error: BaseException) -> Failure:
    """The outermost exception, as Azure reports it."""
    return Failure(
        message=_message(error),
        stack=stack_of(error),
        # Of its class: whatever an exception of the app does when it is asked itself, this has to be told.
        speaks_for_itself=getattr(type(error), "speaks_for_itself", False) is True,
    )


def stack_of(error: BaseException) -> str:
    """The frames from the first that is not the host's; all of them where the host itself failed."""
    first = error.__traceback__
    while first is not None and _is_ours(first):
        first = first.tb_next
    return "".join(traceback.format_tb(first if first is not None else error.__traceback__))


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(_HOST_DIR)


def _message(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:  # noqa: BLE001 - the app's own __str__ ran, and may raise anything
        return _UNSPEAKABLE

"""Where the command line speaks: results to standard output, everything about them to standard error."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self, TextIO

from dirigent.cli.plain_text import plain

#: Takes the cursor to the line's beginning and clears the line.
WIPE = "\r\x1b[K"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Two streams and two clocks; what it shows holds nothing that steers it but its own signs."""

    out: TextIO
    err: TextIO
    #: Whether a line of `err` can be drawn again.
    is_live: bool
    pause: Callable[[float], None]
    now: Callable[[], float]
    #: The time of day, to hold the app's times against.
    today: Callable[[], datetime]

    @classmethod
    def of_this_process(cls) -> Self:
        """The terminal this process was started in."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # A terminal that knows no arrows gets question marks, not a traceback.
                stream.reconfigure(errors="replace")
        is_live = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        return cls(
            out=sys.stdout,
            err=sys.stderr,
            is_live=is_live,
            pause=time.sleep,
            now=time.monotonic,
            today=lambda: datetime.now(UTC),
        )

    def say(self, line: str) -> None:
        """A line about what goes on."""
        print(plain(line), file=self.err, flush=True)

    def give(self, text: str) -> None:
        """What was asked for."""
        print(plain(text), file=self.out, flush=True)

    def draw(self, line: str) -> None:
        """Replace what was drawn last; nothing where lines cannot be drawn again."""
        if self.is_live:
            self.err.write(f"{WIPE}{plain(line)}")
            self.err.flush()

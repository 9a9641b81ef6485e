"""A count of attempts that outlives one call: stands in for an outside service that is down for a while."""

import os
import tempfile
from pathlib import Path


def next_attempt(key: str) -> int:
    """Count one more attempt under this key; the first is 1."""
    scratch = os.environ.get("ORDER_DESK_SCRATCH", tempfile.gettempdir())
    folder = Path(scratch) / "order_desk_attempts"
    folder.mkdir(parents=True, exist_ok=True)
    tally = folder / key
    with tally.open("a", encoding="ascii") as lines:
        lines.write("x")
    return tally.stat().st_size

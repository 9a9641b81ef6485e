"""Spans of time as host.json writes them, in .NET's way: hours, minutes and seconds."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from devhost.functions.refusals import SettingsRefused

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")


def time_span(file: Path, name: str, value: Any) -> timedelta:
    """The span that a member of a settings file stands for; anything else is refused."""
    found = _TIME_SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise SettingsRefused(
            file, f"{name} is {json.dumps(value)}", 'write hours, minutes and seconds: "00:10:00"'
        )
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

from datetime import timedelta
from pathlib import Path

import pytest

from devhost.functions.refusals import SettingsRefused
from devhost.functions.time_spans import time_span

FILE = Path("host.json")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:05:00", timedelta(minutes=5)),
        ("1.02:03:04", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("00:00:01.5", timedelta(seconds=1)),
    ],
)
def test_reads_what_dotnet_writes(text: str, span: timedelta) -> None:
    assert time_span(FILE, "functionTimeout", text) == span


@pytest.mark.parametrize("value", ["5 minutes", 300, None])
def test_refuses_anything_else_by_its_name(value: object) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        time_span(FILE, "functionTimeout", value)

    assert "host.json: functionTimeout is " in str(refusal.value)
    assert 'write hours, minutes and seconds: "00:10:00"' in str(refusal.value)

"""What is settled before anybody is asked; the rest is told in tests/contract."""

import asyncio
import subprocess
import sys

import pytest

from dirigent.adapters.azure_tables import AzureTables
from dirigent.ports.records import LONGEST_TEXT, RecordsUnavailable, TokenRefused
from dirigent.settings.storage import Storage

#: No request leaves for there: the settings cannot be read, which whoever tries is told.
NOWHERE = Storage(connection="nonsense", prefix="test")


def test_an_app_that_starts_does_not_wait_for_the_sdk() -> None:
    program = (
        "import sys, dirigent.adapters.azure_tables as t, dirigent.settings.storage as s\n"
        "t.AzureTables(s.Storage()).close()\n"
        "sys.exit(sorted(m for m in sys.modules if m.split('.')[0] in ('azure', 'aiohttp')) != [])"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_says_that_it_leads_nowhere() -> None:
    records = AzureTables(NOWHERE)

    with pytest.raises(RecordsUnavailable, match="DIRIGENT_STORAGE"):
        asyncio.run(records.get("things", "p", "k"))
    records.close()


def test_refuses_by_the_limits_and_the_token_before_anybody_is_asked() -> None:
    records = AzureTables(NOWHERE)

    with pytest.raises(ValueError, match="at most 32000"):
        asyncio.run(records.insert("things", "p", "k", {"a": "x" * (LONGEST_TEXT + 1)}))
    with pytest.raises(ValueError, match="the prefix 'test'"):
        asyncio.run(records.get("x" * 60, "p", "k"))
    with pytest.raises(TokenRefused):
        asyncio.run(records.query("things", token="of nobody"))
    records.close()


def test_closing_what_was_never_used_is_nothing() -> None:
    records = AzureTables(NOWHERE)

    records.close()
    records.close()

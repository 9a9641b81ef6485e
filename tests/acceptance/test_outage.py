"""The store of records goes away in the middle of a run and comes back: virtual time, and a real line."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from azurite import Azurite
from content_host import ContentHost, content_host
from faulty_line import Fault, FaultyLine, Way

#: Virtual seconds that every call of the model takes.
PACE = 1.0
ORDER = ("researcher", "writer", "editor")
GONE = Fault(way=Way.LOST)

pytestmark = pytest.mark.embedded_only("its records are at the end of a line of its own")


@contextmanager
def interrupted(
    folder: Path, azurite: Azurite, replay: Any = "sticky"
) -> Iterator[tuple[ContentHost, FaultyLine]]:
    """A run's host, and the line to where its records are."""
    script = {"pace": PACE, "journal": str(folder / "calls.jsonl")}
    with (
        FaultyLine(azurite.tables) as line,
        content_host(
            folder,
            script=script,
            replay=replay,
            DIRIGENT_RECORDS="azure-tables",
            DIRIGENT_STORAGE="RECORDS",
            RECORDS=azurite.connection(tables=line.url),
        ) as host,
    ):
        yield host, line


def calls(folder: Path) -> Counter[str]:
    """How often each agent was asked."""
    lines = (folder / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    return Counter(json.loads(line)["agent"] for line in lines)


@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_a_run_survives_an_outage_and_asks_nobody_meanwhile(
    tmp_path: Path, azurite: Azurite, replay: Any
) -> None:
    with interrupted(tmp_path, azurite, replay) as (host, line):
        run = host.start()["task_id"]
        host.host.advance(PACE * 1.5)
        line.fail_always(GONE)
        host.host.advance(60)
        asked = calls(tmp_path)
        line.mend()
        task = host.ended(run)

    assert task["status"] == "completed"
    # The answer that could not be written down is lost; who gave it is asked once more, when it can be.
    assert asked == {"researcher": 1, "writer": 1}
    assert calls(tmp_path) == {"researcher": 1, "writer": 2, "editor": 1}


def test_what_was_written_although_nobody_heard_is_not_done_again(tmp_path: Path, azurite: Azurite) -> None:
    with interrupted(tmp_path, azurite) as (host, line):
        run = host.start()["task_id"]
        host.host.advance(PACE * 1.5)
        line.fail_always(Fault(way=Way.UNHEARD))
        host.host.advance(PACE)
        line.mend()
        task = host.ended(run)

    assert task["status"] == "completed"
    assert calls(tmp_path) == dict.fromkeys(ORDER, 1)


def test_a_store_that_stays_away_fails_the_run_with_its_name(tmp_path: Path, azurite: Azurite) -> None:
    with interrupted(tmp_path, azurite) as (host, line):
        run = host.start()["task_id"]
        host.host.advance(PACE * 1.5)
        line.fail_always(GONE)
        host.host.advance(400)
        line.mend()
        task = host.ended(run)

    assert (task["status"], task["error"]["category"], task["error"]["step"]) == (
        "failed",
        "TRANSIENT",
        "write",
    )
    assert "records did not answer" in task["error"]["message"]
    assert calls(tmp_path) == {"researcher": 1, "writer": 1}

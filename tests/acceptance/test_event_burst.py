"""More events at once than an account may start runs for: they are worked off as its limits let them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from event_catalogue import TOPIC, asking, subscribed

#: An account starts 60 runs a minute unless it is declared otherwise, and ten at a time.
BURST = 100
SUBSCRIPTIONS: dict[str, dict[str, Any]] = {
    "patient": {"topic": "floods", "workflow": "drain", "with": TOPIC},
    "hasty": {"topic": "spills", "workflow": "drain", "with": TOPIC, "max_wait": 0},
}


def told(folder: Path, topic: str, seconds: float) -> tuple[Counter[str], list[Any]]:
    """How the runs stand so long after a burst of events, and what came to nothing."""
    declared = subscribed(folder, {"drain": asking("ann")}, SUBSCRIPTIONS)
    # With the limits that hold where none are declared.
    (declared / "accounts.yaml").unlink()
    with content_host(folder, catalogue=declared) as host:
        events = [{"type": "Rain", "id": f"drop-{n}", "data": {"topic": f"drop {n}"}} for n in range(BURST)]
        assert host.host.request("POST", f"/api/events/{topic}", json=events).status == 202
        host.host.advance(seconds)
        tasks = host.host.request("GET", "/api/tasks?limit=200").json()["tasks"]
        letters = host.host.request("GET", "/api/dead-letters?limit=200").json()["dead_letters"]
    return Counter(task["status"] for task in tasks), letters


@pytest.mark.slow
def test_a_burst_beyond_the_limits_is_worked_off(tmp_path: Path) -> None:
    stands, letters = told(tmp_path, "floods", 300)

    assert (stands, letters) == (Counter(completed=BURST), [])


@pytest.mark.slow
def test_who_has_no_patience_finds_the_rest_among_the_dead_letters(tmp_path: Path) -> None:
    stands, letters = told(tmp_path, "spills", 60)

    assert stands["completed"] + stands["failed"] == BURST
    assert len(letters) == stands["failed"] > 0, json.dumps(stands)
    assert {letter["category"] for letter in letters} == {"RATE_LIMIT"}

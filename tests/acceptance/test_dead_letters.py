"""Events that come to nothing are kept, looked at and told again; whoever was well hears no more of them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from event_catalogue import TOPIC, asking, subscribed

from devhost.testing import LocalHost

FLOWS = {"analyse": asking("ann"), "archive": asking("bob")}
SUBSCRIPTIONS = {
    "analyser": {"topic": "data", "workflow": "analyse", "with": TOPIC},
    "archiver": {"topic": "data", "workflow": "archive", "with": TOPIC},
}
NUMBER = 25
#: So often the analyser's agent refuses; each is one run's failure.
FAULTS = {"faults": [{"agent": "ann", "times": NUMBER + 1, "fault": {"status": 400}}]}


@pytest.fixture(params=["sticky", "always"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalHost]:
    """An app that has heard of many events, of which one subscriber could make nothing."""
    catalogue = subscribed(tmp_path, FLOWS, SUBSCRIPTIONS)
    with content_host(tmp_path, script=FAULTS, catalogue=catalogue, replay=request.param) as content:
        tell(content.host)
        yield content.host


def ask(host: LocalHost, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    reply = host.request(method, f"/api/{path}", json=body)
    assert reply.status == status, reply.text
    return reply.json()


def tell(host: LocalHost) -> None:
    """Tell as many events, and let come of them what will."""
    told = [
        {"type": "DataReceived", "id": f"e{number}", "data": {"topic": f"tide {number}"}}
        for number in range(NUMBER)
    ]
    ask(host, "POST", "events/data", told, status=202)
    host.advance(60)


def letters(host: LocalHost, state: str) -> list[Any]:
    found: list[Any] = ask(host, "GET", f"dead-letters?state={state}&limit=200")["dead_letters"]
    return found


def runs(host: LocalHost) -> Counter[tuple[str, str]]:
    """How many runs of each workflow stand how."""
    tasks = ask(host, "GET", "tasks?limit=200")["tasks"]
    return Counter((task["workflow"], task["status"]) for task in tasks)


def replay_all(host: LocalHost, body: Any) -> Any:
    """The replay at its end."""
    replay = ask(host, "POST", "dead-letters/replay", body, status=202)["replay_id"]
    host.result(replay)
    host.advance(60)
    return ask(host, "GET", f"dead-letters/replays/{replay}")


def test_what_failed_is_told_again_at_the_declared_rate_to_those_who_failed(host: LocalHost) -> None:
    ask(host, "POST", f"dead-letters/{letters(host, 'open')[0]['id']}/replay")
    host.advance(60)
    [group] = ask(host, "GET", "dead-letters?group=cause")["groups"]
    before = host.clock.now()

    ended = replay_all(host, {"subscription": "analyser", "rate": 5})

    took = (host.clock.now() - before).total_seconds() - 60
    assert group["count"] == NUMBER
    assert (ended["status"], ended["replayed"], ended["returned"]) == ("completed", NUMBER, 0)
    assert took >= NUMBER / 5 - 1
    assert letters(host, "open") == []
    assert Counter(each["replays"] for each in letters(host, "replayed")) == {1: NUMBER - 1, 2: 1}
    assert runs(host) == {
        ("archive", "completed"): NUMBER,
        ("analyse", "failed"): NUMBER + 1,
        ("analyse", "completed"): NUMBER,
    }


def test_a_replay_goes_no_further_when_they_come_back_dead(host: LocalHost) -> None:
    ended = replay_all(host, {"rate": 1, "stop_after": 1})

    assert (ended["status"], ended["returned"]) == ("stopped", 1)
    assert "came back dead" in ended["stopped_because"]
    assert ended["replayed"] < NUMBER
    back = ask(host, "GET", f"dead-letters/{ended['stopped_at']}")
    assert (back["state"], back["replays"], back["replay_id"]) == ("open", 1, ended["replay_id"])


def test_a_dry_run_tells_nobody(host: LocalHost) -> None:
    before = runs(host)

    counted = ask(host, "POST", "dead-letters/replay", {"subscription": "analyser", "dry_run": True})
    host.advance(60)

    assert (counted["matching"], counted["groups"][0]["count"]) == (NUMBER, NUMBER)
    assert runs(host) == before


def test_a_discarded_letter_stays_so(host: LocalHost) -> None:
    letter = letters(host, "open")[0]["id"]

    ask(host, "POST", f"dead-letters/{letter}/discard")
    ended = replay_all(host, {})

    assert ended["replayed"] == NUMBER - 1
    ask(host, "POST", f"dead-letters/{letter}/replay", status=409)


def test_a_kill_in_the_middle_loses_none_and_tells_none_twice(tmp_path: Path) -> None:
    catalogue = subscribed(tmp_path, FLOWS, SUBSCRIPTIONS)
    script = {"faults": [{"agent": "ann", "times": NUMBER, "fault": {"status": 400}}]}
    with content_host(tmp_path, script=script, catalogue=catalogue) as content:
        tell(content.host)
        replay = ask(content.host, "POST", "dead-letters/replay", {"rate": 2}, status=202)["replay_id"]
        content.host.advance(4)
        halfway = ask(content.host, "GET", f"dead-letters/replays/{replay}")["replayed"]
        content.host.crash()

    with content_host(tmp_path, catalogue=catalogue) as content:
        content.host.result(replay)
        content.host.advance(60)
        ended = ask(content.host, "GET", f"dead-letters/replays/{replay}")

        assert 0 < halfway < NUMBER
        assert (ended["status"], ended["replayed"], ended["returned"]) == ("completed", NUMBER, 0)
        assert {each["replays"] for each in letters(content.host, "replayed")} == {1}
        assert runs(content.host) == {
            ("archive", "completed"): NUMBER,
            ("analyse", "failed"): NUMBER,
            ("analyse", "completed"): NUMBER,
        }

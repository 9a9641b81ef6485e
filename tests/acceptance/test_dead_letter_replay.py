"""A thousand dead letters are told again: at the declared rate, to whom they are for, and each once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import surroundings
from chaos_run import rolled
from content_host import ContentHost, content_host
from event_line import Told
from letter_catalogue import ORDERS, SHARED, calls, catalogue, heard, order
from replay_kill_run import ReplayKillRun

#: A second, as it is declared.
RATE = 20
#: On services a letter takes ten times as long to come about.
MANY, SOME = 1_000, 100
#: These suit the mended workflow no better; they were told last, and so are told again first.
SPOILED = 15
#: Longer than a thousand runs take, in real seconds and on a busy machine.
PATIENCE = 300.0


def hosted(folder: Path, *, is_mended: bool) -> Any:
    return content_host(
        folder,
        script={"journal": str(folder / "journal")},
        catalogue=catalogue(folder, is_mended=is_mended),
        DIRIGENT_REPLAY_RATE=str(RATE),
    )


def give_up(folder: Path, number: int) -> None:
    """Have so many orders come to nothing, the spoiled ones last."""
    orders = [order(each) for each in range(number - SPOILED)]
    with hosted(folder, is_mended=False) as host:
        for first in range(0, len(orders), 100):
            tell(host, orders[first : first + 100])
        # A second later, so that they are the newest whatever the order of a batch is.
        host.host.advance(1)
        tell(host, [order(each, topic="tides") for each in range(number - SPOILED, number)])
        assert len(letters(host)) == number


def tell(host: ContentHost, orders: list[Told]) -> None:
    events = [{"id": o.id, "type": o.type, "data": o.data, "properties": o.properties} for o in orders]
    reply = host.host.request("POST", f"/api/events/{ORDERS}", json=events)
    assert reply.status == 202, reply.text
    host.host.settle(timeout=PATIENCE)


def letters(host: ContentHost, state: str = "open") -> list[Any]:
    found: list[Any] = []
    path = here = f"/api/dead-letters?state={state}&limit=200"
    while True:
        page = host.host.request("GET", here).json()
        found += page["dead_letters"]
        if page["continuation_token"] is None:
            return found
        here = f"{path}&continuation_token={page['continuation_token']}"


def replayed(host: ContentHost, **wish: Any) -> tuple[Any, list[int]]:
    """How a replay ended, and how many were told again by each second of it."""
    reply = host.host.request("POST", "/api/dead-letters/replay", json=wish)
    assert reply.status == 202, reply.text
    place, seen = f"/api/dead-letters/replays/{reply.json()['replay_id']}", list[int]()
    while True:
        host.host.advance(1, timeout=PATIENCE)
        told = host.host.request("GET", place).json()
        seen.append(told["replayed"])
        if told["status"] != "running":
            return told, seen


def runs(host: ContentHost) -> list[Any]:
    """Every run there is, as Durable knows it."""
    listed = host.host.request("GET", "/runtime/webhooks/durabletask/instances?showInput=true").json()
    return [one for one in listed if not one["instanceId"].startswith(("@", "redrive-"))]


@pytest.mark.slow
def test_all_are_told_again_at_the_declared_rate_and_handled_once(tmp_path: Path) -> None:
    number = MANY if isinstance(surroundings.present(), surroundings.Embedded) else SOME
    give_up(tmp_path, number)
    with hosted(tmp_path, is_mended=True) as host:
        before = {one["instanceId"]: one["lastUpdatedTime"] for one in runs(host)}
        told, seen = replayed(host, stop_after=0)
        host.host.advance(60, timeout=PATIENCE)
        after, back = runs(host), letters(host)

    assert (told["status"], told["matching"], told["replayed"]) == ("completed", number, number)
    assert all(count <= RATE * (second + 2) for second, count in enumerate(seen))
    assert len(seen) == pytest.approx(number / RATE, abs=2)
    clerks = [one for one in after if one["instanceId"] not in before]
    assert heard(clerks) == Counter(("clerk", f"order-{each}") for each in range(number - SPOILED))
    assert {one["runtimeStatus"] for one in clerks} == {"Completed"}
    assert {one["instanceId"]: one["lastUpdatedTime"] for one in after if one not in clerks} == before
    assert len(before) == len(range(0, number - SPOILED, SHARED))
    assert {(one["event"], one["replays"]) for one in back} == {
        (f"order-{each}", 1) for each in range(number - SPOILED, number)
    }
    assert {*calls(tmp_path / "journal").values()} == {1}


@pytest.mark.slow
def test_stops_when_they_come_back_and_loses_none(tmp_path: Path) -> None:
    give_up(tmp_path, SOME)
    with hosted(tmp_path, is_mended=True) as host:
        told, _ = replayed(host)
        host.host.advance(60, timeout=PATIENCE)
        states = Counter(one["state"] for one in letters(host, "all"))
        booked = [one for one in runs(host) if heard([one]).keys() & {("clerk", event(one))}]

    assert told["status"] == "stopped"
    assert "came back dead" in told["stopped_because"]
    assert told["replayed"] < SOME / 2
    assert sum(states.values()) == SOME
    assert states["replayed"] == len(booked) == told["replayed"] - SPOILED
    assert states["open"] == SOME - states["replayed"]


def test_told_anew_after_its_replay_an_event_starts_nothing(tmp_path: Path) -> None:
    give_up(tmp_path, 2 * SPOILED)
    with hosted(tmp_path, is_mended=True) as host:
        replayed(host, stop_after=0)
        host.host.advance(60, timeout=PATIENCE)
        once = heard(runs(host))
        tell(host, [order(each) for each in range(SPOILED)])
        host.host.advance(60, timeout=PATIENCE)
        again = heard(runs(host))

    assert again == once


def event(run: Any) -> str:
    [(_, told)] = heard([run])
    return told


@pytest.mark.slow
def test_none_is_lost_or_handled_twice_however_often_the_host_is_killed(tmp_path: Path) -> None:
    seed, _ = rolled(0)

    assert ReplayKillRun(tmp_path, seed=seed, kills=3, letters=60).complaints() == []

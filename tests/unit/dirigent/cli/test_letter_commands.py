"""The commands about events and dead letters."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dirigent.cli.api import Api
from dirigent.cli.commands import obey
from dirigent.cli.door import Answer
from dirigent.cli.options import parse

Do = Callable[..., int]

LETTERS = "/api/dead-letters"
LETTER = {
    "id": "0f-1",
    "state": "replayed",
    "replays": 1,
    "subscription": "analyser",
    "correlation_id": "storm 1",
}
REPLAY: dict[str, Any] = {
    "replay_id": "redrive-1",
    "status": "running",
    "matching": 30,
    "replayed": 10,
    "returned": 0,
    "rate": 10,
    "seconds_left": 2.0,
    "stopped_at": None,
    "stopped_because": None,
}
STARTED = {"replay_id": "redrive-1", "matching": 30, "all_counted": True, "rate": 10}
COMPLETED = REPLAY | {"status": "completed", "replayed": 30, "seconds_left": None}


def answer(status: int, value: object) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode())


@pytest.fixture
def do(door: Any, screen: Any) -> Do:
    """Types a command."""
    door.answers[f"{LETTERS}/replay"] = [answer(202, STARTED)]

    def type_command(*arguments: str, is_live: bool = False) -> int:
        return obey(parse(arguments, {}), Api(door, "http://app"), screen.terminal(is_live=is_live))

    return type_command


def test_an_event_is_told_and_its_id_given(do: Do, door: Any, screen: Any) -> None:
    told = {"topic": "data", "events": [{"id": "e1"}], "subscriptions": ["analyser", "archiver"]}
    door.answers["/api/events/data"] = [answer(202, told)]

    status = do("events", "send", "data", "DataReceived", '{"n": 1}', "--property", "size:=3")

    assert (status, screen.given) == (0, "e1\n")
    assert screen.told == "Told on data, which analyser, archiver may hear of.\n"
    assert door.sent[0].body == {"type": "DataReceived", "data": {"n": 1}, "properties": {"size": 3}}


def test_letters_are_listed_by_the_filters_given(do: Do, door: Any, screen: Any) -> None:
    path = f"{LETTERS}?subscription=analyser&from=2031-01-01&limit=5"
    door.answers[path] = [answer(200, {"dead_letters": [], "continuation_token": None})]

    status = do("dead-letters", "list", "--subscription", "analyser", "--from", "2031-01-01", "--limit", "5")

    assert (status, screen.given) == (0, "No dead letters.\n")


def test_causes_are_counted(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}?group=cause"] = [answer(200, {"groups": []})]

    assert do("dead-letters", "groups") == 0
    assert screen.given == "No dead letters.\n"


@pytest.mark.parametrize(("again", "body"), [((), None), (("--again",), {"again": True})])
def test_one_is_told_again(do: Do, door: Any, screen: Any, again: tuple[str, ...], body: object) -> None:
    door.answers[f"{LETTERS}/0f-1/replay"] = [answer(200, LETTER)]

    status = do("dead-letters", "replay", "0f-1", *again)

    assert status == 0
    assert screen.told.startswith("Told again, as replay 1 to analyser: it is replayed.\nWhat comes of it: ")
    assert screen.told.endswith(" -m dirigent.cli tasks --correlation 'storm 1'\n")
    assert door.sent[0].body == body


def test_of_one_without_a_correlation_nothing_more_is_said(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}/0f-1/replay"] = [answer(200, LETTER | {"correlation_id": ""})]

    assert do("dead-letters", "replay", "0f-1") == 0
    assert screen.told == "Told again, as replay 1 to analyser: it is replayed.\n"


@pytest.mark.parametrize(("deed", "page"), [("list", {"dead_letters": []}), ("groups", {"groups": []})])
def test_those_that_are_being_told_again_are_not_forgotten(
    do: Do, door: Any, screen: Any, deed: str, page: Any
) -> None:
    grouped = "&group=cause" if deed == "groups" else ""
    counted = {"groups": [], "counted": 2, "all_counted": True}
    door.answers[f"{LETTERS}?topic=data{grouped}"] = [answer(200, page)]
    door.answers[f"{LETTERS}?topic=data&state=replaying&group=cause"] = [answer(200, counted)]

    assert do("dead-letters", deed, "--topic", "data") == 0
    assert screen.given == "No dead letters.\n"
    assert screen.told == "2 more are being told again; see --state replaying\n"


@pytest.mark.parametrize(
    "more", [("--state", "all"), ("--state", "open", "--json"), ("--continuation", "next")]
)
def test_they_are_counted_once_and_only_where_they_are_missing(
    do: Do, door: Any, screen: Any, more: tuple[str, ...]
) -> None:
    for query in ("?state=all", "?state=open", "?continuation_token=next"):
        door.answers[f"{LETTERS}{query}"] = [answer(200, {"dead_letters": []})]

    assert do("dead-letters", "list", *more) == 0
    assert len(door.sent) == 1
    assert screen.told == ""


def test_a_list_stands_where_they_cannot_be_counted(do: Do, door: Any, screen: Any) -> None:
    door.answers[LETTERS] = [answer(200, {"dead_letters": []})]
    door.answers[f"{LETTERS}?state=replaying&group=cause"] = [None]

    assert do("dead-letters", "list") == 0
    assert (screen.given, screen.told) == ("No dead letters.\n", "")


def test_one_is_given_up(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}/0f-1/discard"] = [answer(200, LETTER | {"state": "discarded"})]

    assert do("dead-letters", "discard", "0f-1") == 0
    assert screen.told == "The dead letter 0f-1 is discarded.\n"


def test_what_the_app_refuses_ends_with_2(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}/0f-1/replay"] = [answer(409, {"status": 409, "error": "It was discarded."})]

    assert do("dead-letters", "replay", "0f-1") == 2
    assert screen.told == "Refused: It was discarded.\n"


def test_a_replay_of_many_is_followed_to_its_end(do: Do, door: Any, screen: Any) -> None:
    running = [answer(200, REPLAY | {"replayed": number}) for number in (0, 10, 20)]
    door.answers[f"{LETTERS}/replays/redrive-1"] = [*running, answer(200, COMPLETED)]

    status = do("dead-letters", "replay-all", "--topic", "data", "--rate", "10", is_live=True)

    assert status == 0
    assert door.sent[0].body == {"topic": "data", "rate": 10.0}
    assert "20/30 told again, 2 s left" in screen.told
    assert screen.told.endswith("The replay redrive-1 is completed: 30 dead letters told again.\n")


def test_a_replay_that_stops_ends_with_1(do: Do, door: Any, screen: Any) -> None:
    stopped = REPLAY | {"status": "stopped", "stopped_at": "0f-1", "stopped_because": "Too large."}
    door.answers[f"{LETTERS}/replays/redrive-1"] = [answer(200, stopped)]

    status = do("dead-letters", "watch", "redrive-1", "--json")

    assert status == 1
    assert json.loads(screen.given)["stopped_at"] == "0f-1"
    assert "Stopped at 0f-1: Too large." in screen.told


def test_a_dry_run_starts_nothing_to_follow(do: Do, door: Any, screen: Any) -> None:
    told = {"dry_run": True, "matching": 3, "all_counted": True, "seconds": 0.3, "groups": []}
    door.answers[f"{LETTERS}/replay"] = [answer(200, told)]

    status = do("dead-letters", "replay-all", "--dry-run")

    assert (status, screen.given) == (0, "3 dead letters would be told again in 1 s.\n")
    assert [sent.body for sent in door.sent] == [{"dry_run": True}]


def test_following_outlasts_a_restart_of_the_app(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}/replays/redrive-1"] = [
        answer(200, REPLAY),
        None,
        answer(503, {"status": 503, "error": "Durable Functions does not answer."}),
        answer(200, COMPLETED),
    ]

    assert do("dead-letters", "watch", "redrive-1") == 0


def test_an_app_that_stays_away_is_given_up(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}/replays/redrive-1"] = [None]

    assert do("dead-letters", "watch", "redrive-1") == 3
    assert screen.time > 60


def test_ctrl_c_ends_the_following_and_not_the_replay(do: Do, door: Any, screen: Any) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    screen.pause = interrupted
    door.answers[f"{LETTERS}/replays/redrive-1"] = [answer(200, REPLAY)]

    assert do("dead-letters", "watch", "redrive-1") == 130
    assert "The replay goes on; follow it with: " in screen.told
    assert screen.told.endswith("dead-letters watch redrive-1\n")
    assert [sent.method for sent in door.sent] == ["GET"]


def test_a_replay_can_be_stopped(do: Do, door: Any, screen: Any) -> None:
    door.answers[f"{LETTERS}/replays/redrive-1/stop"] = [answer(202, {"status": "stopping"})]

    assert do("dead-letters", "stop", "redrive-1") == 0
    assert "dead-letters watch redrive-1" in screen.told

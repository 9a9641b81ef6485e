"""A task is followed to its end, through an app's restarts and pauses."""

import json
from typing import Any

import pytest

from dirigent.cli.api import Api, Refused
from dirigent.cli.door import Answer, Stranger, Unreachable
from dirigent.cli.watching import PATIENCE, Watch

PATH = "/api/task/t1"


def task(status: str, tag: str = "") -> Answer:
    return Answer(
        status=200, headers={"etag": tag} if tag else {}, body=json.dumps({"status": status}).encode()
    )


def watch(door: Any, screen: Any) -> tuple[dict[str, Any], list[str]]:
    seen: list[str] = []
    ended = Watch(Api(door, "http://app"), screen.terminal()).follow(
        "t1", lambda found: None if found is None else seen.append(found["status"])
    )
    return ended, seen


def test_shows_every_change_until_the_end(door: Any, screen: Any) -> None:
    door.answers[PATH] = [
        task("pending", '"1"'),
        Answer(status=304),
        task("in_progress", '"2"'),
        task("failed"),
    ]

    ended, seen = watch(door, screen)

    assert ended == {"status": "failed"}
    assert seen == ["pending", "in_progress", "failed"]
    assert [sent.headers.get("If-None-Match") for sent in door.sent] == [None, '"1"', '"1"', '"2"']
    assert screen.time == pytest.approx(1.5)


def test_outlasts_a_restart_of_the_app(door: Any, screen: Any) -> None:
    door.answers[PATH] = [task("in_progress"), None, Answer(status=500), None, task("completed")]

    assert watch(door, screen)[1] == ["in_progress", "completed"]


def test_gives_up_on_an_app_that_stays_away(door: Any, screen: Any) -> None:
    door.answers[PATH] = [task("in_progress"), None]

    with pytest.raises(Unreachable):
        watch(door, screen)

    assert PATIENCE < screen.time < PATIENCE + 2


def test_stays_away_as_long_as_it_is_asked_to(door: Any, screen: Any) -> None:
    busy = Answer(status=429, headers={"retry-after": "7"})
    door.answers[PATH] = [busy, Answer(status=503, headers={"retry-after": "9999"}), task("completed")]

    watch(door, screen)

    assert screen.time == pytest.approx(67)


def unavailable(error: str) -> Answer:
    body = json.dumps({"status": 503, "error": error}).encode()
    return Answer(status=503, headers={"retry-after": "5"}, body=body)


def test_says_once_why_the_task_cannot_be_shown(door: Any, screen: Any) -> None:
    away = unavailable("The records do not answer. Try again in 5 seconds.")
    door.answers[PATH] = [
        away,
        away,
        task("pending"),
        away,
        away,
        Answer(status=304),
        away,
        task("completed"),
    ]

    watch(door, screen)

    assert screen.told == "  The records do not answer. Try again in 5 seconds.\n" * 3


def test_does_not_wait_for_somebody_else(door: Any, screen: Any) -> None:
    door.answers[PATH] = [Answer(status=404, body=b'{"error": {"message": "Unknown."}}')]

    with pytest.raises(Stranger):
        watch(door, screen)

    assert screen.time == 0.0


def test_a_task_that_is_not_there_ends_the_watch(door: Any, screen: Any) -> None:
    door.answers[PATH] = [Answer(status=404, body=b'{"error": "There is no task."}')]

    with pytest.raises(Refused, match="There is no task"):
        watch(door, screen)

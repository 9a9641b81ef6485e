"""A file with one JSON line for each call begun."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dirigent.adapters.call_journal import CallJournal
from dirigent.domain.outcomes import Category
from dirigent.ports.model import ModelFailed, Request

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def request(prompt: str = "Go.") -> Request:
    return Request(
        deployment="large",
        agent="scout",
        instructions="",
        prompt=prompt,
        temperature=0.7,
        token_limit=9,
        run="r1",
        step="look",
    )


def test_notes_who_called_what_and_when(tmp_path: Path) -> None:
    CallJournal(str(tmp_path / "calls")).note(request(), NOON)

    line = json.loads((tmp_path / "calls").read_text(encoding="utf-8"))
    assert line.pop("request")
    assert line == {
        "agent": "scout",
        "deployment": "large",
        "run": "r1",
        "step": "look",
        "at": "2030-01-01T12:00:00+00:00",
    }


def test_the_same_request_has_the_same_mark(tmp_path: Path) -> None:
    journal = CallJournal(str(tmp_path / "calls"))

    for prompt in ("One.", "Two.", "One."):
        journal.note(request(prompt), NOON)

    first, second, third = (
        json.loads(line)["request"] for line in (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    )
    assert first == third != second


def test_lines_of_several_writers_do_not_mix(tmp_path: Path) -> None:
    journals = [CallJournal(str(tmp_path / "calls")) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: journals[number % 4].note(request("é" * number), NOON), range(200)))

    lines = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == 200


def test_says_which_journal_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ModelFailed) as caught:
        CallJournal(str(tmp_path)).note(request(), NOON)

    assert caught.value.failure.category is Category.PERMANENT
    assert not caught.value.is_theirs
    assert str(tmp_path) in caught.value.failure.message

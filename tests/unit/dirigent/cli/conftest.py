"""A terminal to read, and an app that answers what it was told to."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from dirigent.cli.door import Answer, Unreachable
from dirigent.cli.terminal import Terminal


@dataclass(slots=True)
class Sent:
    """A request as the app would have got it."""

    method: str
    path: str
    body: object
    headers: Mapping[str, str]


@dataclass(slots=True)
class RehearsedDoor:
    """Answers by path, each answer once and the last one for ever; `None` is an app that is away."""

    answers: dict[str, list[Answer | None]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def send(
        self, method: str, path: str, *, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.sent.append(Sent(method, path, body, headers or {}))
        row = self.answers.get(path, [Answer(status=404, body=b"{}")])
        answer = row.pop(0) if len(row) > 1 else row[0]
        if answer is None:
            raise Unreachable("http://app", "nobody is there")
        return answer


class Screen:
    """What a terminal shows, on a clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.time = 0.0

    def terminal(self, *, is_live: bool = False) -> Terminal:
        return Terminal(
            out=self.out,
            err=self.err,
            is_live=is_live,
            pause=self.pause,
            now=lambda: self.time,
            today=lambda: datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time),
        )

    def pause(self, seconds: float) -> None:
        self.time += seconds

    @property
    def told(self) -> str:
        return self.err.getvalue()

    @property
    def given(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def screen() -> Screen:
    """A terminal that remembers."""
    return Screen()


@pytest.fixture
def door() -> RehearsedDoor:
    """An app that knows nothing yet."""
    return RehearsedDoor()

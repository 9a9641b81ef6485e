"""What gates granted, as the histories of runs tell it: in the gates' own stamps."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from devhost.engine.history import EventType

SECOND = 1_000_000
SPANS = {"burst": SECOND, "minute": 60 * SECOND, "hour": 3_600 * SECOND, "day": 86_400 * SECOND}

History = list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question to a gate, and its answer."""

    gate: str
    operation: str
    question: Any
    answer: Any

    @property
    def at(self) -> int:
        """The gate's stamp, in microseconds."""
        at: int = self.answer["at"]
        return at

    @property
    def is_entry(self) -> bool:
        """Whether a start was admitted."""
        return self.operation == "admit" and "refusal" not in self.answer

    @property
    def permits(self) -> int:
        """How many calls may go to the gate's deployment."""
        if self.operation != "permit":
            return 0
        groups = zip(self.question["groups"], self.answer["grants"], strict=True)
        return sum(grant["granted"] for group, grant in groups if group.get("through", True))

    def counted(self) -> Iterator[tuple[str, int]]:
        """The agents whose windows counted calls, and how many."""
        if self.operation != "permit":
            return
        for group, grant in zip(self.question["groups"], self.answer["grants"], strict=True):
            number = grant["granted"] + grant.get("leaving", 0)
            if group.get("agent") is not None and number:
                yield group["agent"], number


def asked(history: History) -> list[Asked]:
    """What the run asked gates and was answered, in its order."""
    answers = {
        event["Name"]: json.loads(event["Input"])
        for event in history
        if event["EventType"] == EventType.EVENT_RAISED
    }
    found = []
    for event in history:
        if event["EventType"] != EventType.EVENT_SENT:
            continue
        sent = json.loads(event["Input"])
        if sent.get("id") in answers and not sent["signal"]:
            answer = json.loads(answers[sent["id"]]["result"])
            question = json.loads(json.loads(sent["input"]))
            gate = event["InstanceId"].removeprefix("@")
            found.append(Asked(gate=gate, operation=sent["op"], question=question, answer=answer))
    return found


def overrun(stamps: Iterable[int], limits: dict[str, int]) -> list[str]:
    """Every span of time in which more was granted than any such span may hold."""
    ordered = sorted(stamps)
    return [
        f"{held} within a {window} that ends at {last}, where {limit} may be"
        for window, limit in limits.items()
        for place, last in enumerate(ordered)
        if (held := sum(last - SPANS[window] < stamp for stamp in ordered[: place + 1])) > limit
    ]


def entries(histories: Iterable[History]) -> list[int]:
    """When starts were admitted."""
    return [one.at for history in histories for one in asked(history) if one.is_entry]


def counts(histories: Iterable[History], agent: str) -> list[int]:
    """When calls of the agent were counted, once for each call."""
    return [
        one.at
        for history in histories
        for one in asked(history)
        for who, number in one.counted()
        if who == agent
        for _ in range(number)
    ]

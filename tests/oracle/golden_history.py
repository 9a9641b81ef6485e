"""A recorded history, and the turns code takes when it is told it again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devhost.engine.history import COMMANDS, EventType
from devhost.engine.messages import Episode, Event, Turn
from devhost.functions.durable_replay import play


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenHistory:
    """The history, cut into its episodes."""

    orchestrator: str
    episodes: Sequence[Sequence[Event]]

    @classmethod
    def read(cls, path: Path) -> "GoldenHistory":
        stored = json.loads(path.read_text(encoding="utf-8"))
        episodes: list[list[Event]] = []
        for event in stored["events"]:
            if event["EventType"] == EventType.ORCHESTRATOR_STARTED:
                episodes.append([])
            episodes[-1].append(event)
        return cls(orchestrator=stored["orchestrator"], episodes=episodes)

    @property
    def end(self) -> Event:
        [end] = [event for event in self.episodes[-1] if event["EventType"] == EventType.EXECUTION_COMPLETED]
        return end

    def past(self, episodes: int) -> list[Event]:
        """Everything in so many episodes."""
        return [event for episode in self.episodes[:episodes] for event in episode]

    def news(self, number: int) -> list[Event]:
        """What the orchestrator was told at the start of an episode."""
        own = COMMANDS | {EventType.EXECUTION_COMPLETED, EventType.ORCHESTRATOR_COMPLETED}
        return [event for event in self.episodes[number] if event["EventType"] not in own]

    def play(self, code: Callable[..., Any], *, past: Sequence[Event], news: Sequence[Event]) -> Turn:
        """The turn the code takes."""
        started = self.episodes[0][1]
        episode = Episode(
            instance_id=started["OrchestrationInstance"]["InstanceId"],
            name=self.orchestrator,
            parent_instance_id=None,
            input_json=started["Input"],
            past=past,
            news=news,
            commands_so_far=sum(event["EventType"] in COMMANDS for event in past),
        )
        return play(code, None, episode)

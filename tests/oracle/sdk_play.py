"""Plays the SDK's own cases through the host's adapter."""

import json
from collections.abc import Sequence
from typing import Any

from rehearsal import Asked, asked, asked_by, leaves, outcome_of
from sdk_suite import Case

from devhost.engine.history import COMMANDS, EventType
from devhost.engine.messages import Command, Episode, Event, Outcome, Turn
from devhost.functions.durable_replay import play

#: Actions that stand for no command with a number: a new beginning, and a wait for an event.
UNNUMBERED = frozenset({4, 6})
RETRIED = frozenset({1, 3})


class Adapter:
    """A case before the host's adapter, in each of its manners of playing."""

    def __init__(self, case: Case) -> None:
        self._case = case
        steps = [step for step, _ in expected_steps(case)]
        self.events = [_plain(event, steps) for event in case.body["history"]]
        given = case.body.get("input")
        self._input_json = None if given is None else json.dumps(given)

    def whole(self) -> Turn:
        """All at once, as news."""
        return self._play((), self.events)

    def replayed(self) -> Turn:
        """The past first, and then the last episode."""
        *past, news = self.episodes()
        return self._play([event for episode in past for event in episode], news)

    def kept(self) -> tuple[Turn, tuple[Command, ...]]:
        """Episode by episode, the orchestrator being kept where it waits; the last turn and all commands."""
        commands: tuple[Command, ...] = ()
        turn = Turn(waits={})
        for news in self.episodes():
            turn = self._play((), news, held=turn.held)
            commands += turn.commands
            if turn.outcome is not None:
                break
        return turn, commands

    def episodes(self) -> list[list[Event]]:
        episodes: list[list[Event]] = []
        for event in self.events:
            if event["EventType"] == EventType.ORCHESTRATOR_STARTED:
                episodes.append([])
            episodes[-1].append(event)
        return episodes

    def marked_news(self) -> list[Event]:
        """The events of the last episode as the suite marks them."""
        return list(self._case.body["history"][-len(self.episodes()[-1]) :])

    def _play(self, past: Sequence[Event], news: Sequence[Event], held: object | None = None) -> Turn:
        episode = Episode(
            instance_id=str(self._case.body["instanceId"]),
            name="f",
            parent_instance_id=None,
            input_json=self._input_json,
            past=past,
            news=news,
            commands_so_far=sum(event["EventType"] in COMMANDS for event in past),
            held=held,
        )
        return play(self._case.function, None, episode)


def expected_steps(case: Case) -> list[tuple[Asked, bool]]:
    """What the SDK answers with, in order, and whether it may be tried again."""
    actions = [action for group in case.answer.get("actions", ()) for action in leaves(group)]
    return [(asked(a), a["actionType"] in RETRIED) for a in actions if a["actionType"] not in UNNUMBERED]


def expected_outcome(case: Case) -> Outcome | None:
    groups = case.answer.get("actions", ())
    return outcome_of(dict(case.answer), [action for group in groups for action in leaves(group)])


def unexplained(commands: Sequence[Command], steps: Sequence[tuple[Asked, bool]]) -> list[Any]:
    """Where the commands differ from the steps; the pauses and further attempts of retries are explained."""
    wanted = [step for step, _ in steps]
    again = {step for step, is_retried in steps if is_retried}
    place = 0
    wrong: list[Any] = []
    for command in commands:
        given = asked_by(command)
        if place < len(wanted) and given == wanted[place]:
            place += 1
        elif not again or (given[0] != "timer" and given not in again):
            wrong.append(command)
    return wrong + wanted[place:]


def misnumbered(commands: Sequence[Command]) -> list[Command]:
    """Commands whose number is not their place."""
    return [command for place, command in enumerate(commands) if command.id != place]


def _plain(event: dict[str, Any], steps: Sequence[Asked]) -> Event:
    """The event as the store would give it back: the suite leaves members out, and marks news as played."""
    full = {"Result": None, "Version": "", **event, "IsPlayed": False}
    if event["EventType"] == EventType.EVENT_SENT:
        _, _, operation, *_ = steps[event["EventId"]]
        full["Input"] = json.dumps({"op": operation, **json.loads(event["Input"])})
    return full

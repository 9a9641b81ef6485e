"""Tells what becomes of orchestrations while they live."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from devhost.engine.history import COMPLETES, EventType, instant
from devhost.engine.instances import Instance, Letter
from devhost.engine.messages import Event

log = logging.getLogger("devhost.journal")

#: How much of an input, output or event is shown.
SHOWN = 80


class Journal(Protocol):
    """Hears of each thing once, when it happens, never again when it is replayed."""

    def born(self, instance: Instance) -> None:
        """A client or a parent started the instance."""

    def heard(self, instance: Instance, letters: Sequence[Letter]) -> None:
        """The orchestrator is told answers and events; its open tasks still list what they answer."""

    def sent(self, instance: Instance, event: Event) -> None:
        """The orchestrator called or signalled an entity."""

    def waits(self, instance: Instance) -> None:
        """The orchestrator has asked for what it wants, and waits."""

    def steered(self, instance: Instance, event: Event) -> None:
        """The instance was suspended or resumed."""

    def anew(self, instance: Instance) -> None:
        """The instance begins again with another input."""

    def ended(self, instance: Instance) -> None:
        """The instance has reached its end."""


class SilentJournal:
    """Keeps nothing and says nothing."""

    def born(self, instance: Instance) -> None:
        """Say nothing."""

    def heard(self, instance: Instance, letters: Sequence[Letter]) -> None:
        """Say nothing."""

    def sent(self, instance: Instance, event: Event) -> None:
        """Say nothing."""

    def waits(self, instance: Instance) -> None:
        """Say nothing."""

    def steered(self, instance: Instance, event: Event) -> None:
        """Say nothing."""

    def anew(self, instance: Instance) -> None:
        """Say nothing."""

    def ended(self, instance: Instance) -> None:
        """Say nothing."""


@dataclass(slots=True)
class _Page:
    """What has been told of one execution, as far as it matters for what is told next."""

    #: Keys of the waits that were told: numbers of tasks, names of events, ids of entity calls.
    told: set[object] = field(default_factory=set)
    #: When each open task was first waited for.
    since: dict[int, str] = field(default_factory=dict)
    #: Open calls of entities by the id of their answer: what was asked, and when.
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)


class ReadableJournal:
    """One log line for each thing that happens, in words."""

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}

    def born(self, instance: Instance) -> None:
        parent = instance.parent
        whom = "a client" if parent is None else f"'{parent.name}' ({parent.instance_id})"
        _say(instance, f"started by {whom} with {_shown(instance.input_json)}")

    def heard(self, instance: Instance, letters: Sequence[Letter]) -> None:
        page = self._page(instance)
        for letter in letters:
            text = _answer(instance, page, letter.event)
            if text is not None:
                _say(instance, text)

    def sent(self, instance: Instance, event: Event) -> None:
        request = json.loads(event["Input"])
        what = f"'{request['op']}' to entity {event['InstanceId']}"
        if not request["signal"]:
            answer = f"'{request['op']}' of entity {event['InstanceId']}"
            self._page(instance).calls[request["id"]] = (answer, instance.updated)
        _say(
            instance, f"{'signalled' if request['signal'] else 'sent'} {what} with {_shown(request['input'])}"
        )

    def waits(self, instance: Instance) -> None:
        page = self._page(instance)
        keys: set[object] = {*instance.open_tasks, *(instance.waits or ()), *page.calls}
        if keys - page.told:
            for task in instance.open_tasks:
                page.since.setdefault(task, instance.updated)
            _say(instance, f"waits for {', '.join(_awaited(instance, page))}")
        page.told = keys

    def steered(self, instance: Instance, event: Event) -> None:
        did = "suspended" if event["EventType"] == EventType.EXECUTION_SUSPENDED else "resumed"
        _say(instance, did + _because(event.get("Reason")))

    def anew(self, instance: Instance) -> None:
        self._pages.pop(instance.id, None)
        _say(instance, f"continued as new with {_shown(instance.input_json)}")

    def ended(self, instance: Instance) -> None:
        self._pages.pop(instance.id, None)
        took = _seconds(instance.created, instance.updated)
        if instance.status == "Completed":
            _say(instance, f"completed in {took} with {_shown(instance.output)}")
        else:
            _say(instance, f"{instance.status.lower()} after {took}{_because(instance.output)}")

    def _page(self, instance: Instance) -> _Page:
        return self._pages.setdefault(instance.id, _Page())


def _say(instance: Instance, text: str) -> None:
    log.info("%s '%s' %s", instance.name, instance.id, text)


def _answer(instance: Instance, page: _Page, event: Event) -> str | None:
    kind = event["EventType"]
    if kind == EventType.EVENT_RAISED:
        return _raised(page, event)
    if kind not in COMPLETES:
        return None
    task = event[COMPLETES[kind]]
    what = instance.open_tasks.get(task, f"task {task}")
    since = page.since.pop(task, None)
    if kind == EventType.TIMER_FIRED:
        return f"heard {what}"
    if kind in (EventType.TASK_FAILED, EventType.CHILD_FAILED):
        return f"heard {what}: failed{_because(event['Reason'])}"
    # Where a former host sent it off, nobody here knows how long it took.
    took = "" if since is None else f" in {_seconds(since, event['Timestamp'])}"
    return f"heard {what}: completed{took} with {_shown(event.get('Result'))}"


def _raised(page: _Page, event: Event) -> str:
    name = event["Name"]
    page.told.discard(name)
    if name not in page.calls:
        return f"heard the event '{name}' with {_shown(event['Input'])}"
    what, since = page.calls.pop(name)
    answer = json.loads(event["Input"])
    if "exceptionType" in answer:
        return f"heard {what}: failed{_because(answer['result'])}"
    return f"heard {what}: completed in {_seconds(since, event['Timestamp'])} with {_shown(answer['result'])}"


def _awaited(instance: Instance, page: _Page) -> Iterator[str]:
    for what, times in Counter(instance.open_tasks.values()).items():
        yield what if times == 1 else f"{what} ({times} times)"
    for name, times in (instance.waits or {}).items():
        yield f"the event '{name}'" if times == 1 else f"the event '{name}' ({times} times)"
    for what, _ in page.calls.values():
        yield f"the answer to {what}"


def _seconds(start: str, end: str) -> str:
    took = (instant(end) - instant(start)).total_seconds()
    return f"{took:.2f} s" if took < 10 else f"{took:,.0f} s"


def _because(reason: object) -> str:
    return f" because {_cut(str(reason))}" if reason else ""


def _shown(text: object) -> str:
    """A JSON text as the app's author wrote the value, on one line and cut."""
    if text is None:
        return "nothing"
    value: object = text
    # Inputs of Python clients and parents are JSON texts of JSON texts.
    for _ in range(2):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                break
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"

"""Leads live instances from episode to episode."""

import asyncio
import json
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from devhost.engine import history
from devhost.engine.endings import START, Endings
from devhost.engine.history import COMPLETES, EventType
from devhost.engine.instances import Instance, Letter, terminate_path
from devhost.engine.issuing import Issuer
from devhost.engine.messages import Diverged, Episode, Event, Failed, Turn
from devhost.engine.resources import Resources
from devhost.engine.selection import select
from devhost.storage import queries
from devhost.storage.tables import HISTORY, LETTERS, PROGRESS, TASKS, TIMERS

log = logging.getLogger("devhost.engine")

#: Waiting orchestrators kept in memory; beyond it the longest idle are dropped, and replayed on demand.
MOST_HELD = 5_000


class Orchestrations:
    """Every instance hears its messages in order, one episode at a time."""

    def __init__(
        self,
        resources: Resources,
        loop: asyncio.AbstractEventLoop,
        *,
        always_replay: bool,
    ) -> None:
        self._resources = resources
        self._loop = loop
        self._always_replay = always_replay
        self._ready: dict[str, None] = {}
        self._holding: OrderedDict[str, None] = OrderedDict()
        self.live: dict[str, Instance] = {}
        self.issuer: Issuer
        self.endings: Endings
        self._cancel_timer: Callable[[str, int], None]

    def join(self, issuer: Issuer, endings: Endings, *, cancel_timer: Callable[[str, int], None]) -> None:
        """Say who carries out commands and ends; they need the instances, so they are made later."""
        self.issuer, self.endings, self._cancel_timer = issuer, endings, cancel_timer

    def post(self, instance: Instance, letter: Letter) -> None:
        """Lay a message before an instance."""
        instance.mailbox.append(letter)
        self.ready(instance)

    def command(self, instance: Instance, letter: Letter) -> None:
        """Lay a suspension, resumption or termination before an instance; these come first."""
        instance.controls.append(letter)
        self.ready(instance)

    def ready(self, instance: Instance) -> None:
        """Look at the instance's messages soon, together with whatever else arrives by then."""
        if not self._ready:
            self._loop.call_soon(self._resources.commits.sealed(self._attend))
        self._ready[instance.id] = None

    @property
    def is_quiet(self) -> bool:
        """Whether no instance has messages it could hear now."""
        return not self._ready

    def is_waiting(self, instance_id: str, execution: str, task: int) -> bool:
        instance = self.live.get(instance_id)
        return instance is not None and instance.execution == execution and task in instance.open_tasks

    def _attend(self) -> None:
        ready, self._ready = self._ready, {}
        if self._resources.winding_down:
            return
        for instance_id in ready:
            instance = self.live.get(instance_id)
            if instance is not None and not instance.busy:
                self._pump(instance)

    def _pump(self, instance: Instance) -> None:
        self._obey(instance)
        if instance.has_ended or instance.status == "Suspended" or not instance.mailbox:
            return
        if instance.closing is not None:
            self._settle(instance)
        elif self._may_not_run(instance):
            return
        elif instance.waits is None and instance.parts and not _is_unstarted(instance):
            self._wake(instance)
        else:
            taken = self._take(instance, instance.waits or {})
            if taken:
                self._begin(instance, taken)

    def _may_not_run(self, instance: Instance) -> bool:
        if self._resources.worker.orchestrator_named(instance.name) is None:
            _tell_missing(instance)
            return True
        if instance.start_at is not None:
            if self._resources.stamp() < instance.start_at:
                return True
            instance.start_at = None
            self._resources.drop(TIMERS, (instance.id, START))
        mismatch = self._resources.versions.mismatch(instance.version)
        if mismatch is None:
            return False
        self._refuse(instance, mismatch)
        return True

    def _refuse(self, instance: Instance, mismatch: str) -> None:
        if self._resources.versions.on_mismatch == "Fail":
            log.error("Instance '%s' (%s) fails: %s.", instance.id, instance.name, mismatch)
            when = self._touch(instance)
            instance.closing = Diverged(error=f"Version mismatch: {mismatch}.")
            self.endings.end(instance, [history.orchestrator_started(when)])
        elif not instance.is_refused:
            instance.is_refused = True
            log.warning(
                "Instance '%s' (%s) waits for another host: %s. Its messages are kept.",
                instance.id,
                instance.name,
                mismatch,
            )

    def _take(self, instance: Instance, waits: Mapping[str, int]) -> tuple[Letter, ...]:
        chosen = select(
            instance.mailbox,
            execution=instance.execution,
            open_tasks=instance.open_tasks,
            waits=waits,
        )
        for letter in chosen.stale:
            self._resources.drop(letter.table, letter.key)
        instance.mailbox = deque(chosen.kept)
        _warn_of_case(instance, chosen.kept)
        self._resources.journal.heard(instance, chosen.taken)
        return chosen.taken

    def _wake(self, instance: Instance) -> None:
        """Replay a dropped or recovered orchestrator to where it waits."""
        try:
            instance.past = self.past(instance.id)
        except ValueError as error:
            # A hand or a disk has changed the file; the other instances can do without this one.
            instance.closing = Diverged(error=f"Its history in the state file cannot be read: {error}")
            self.endings.end(instance, [history.orchestrator_started(self._touch(instance))])
            return
        instance.busy = True
        episode = Episode(
            instance_id=instance.id,
            name=instance.name,
            parent_instance_id=None if instance.parent is None else instance.parent.instance_id,
            input_json=instance.input_json,
            past=instance.past,
            news=(),
            commands_so_far=instance.commands,
            keep=not self._always_replay,
        )
        self._play(episode, partial(self._played, instance, (), ()))

    def past(self, instance_id: str) -> list[Event]:
        """Every event of the instance's execution."""
        # An instance may be dropped from memory and asked for again within one turn of the loop.
        if self._resources.commits.pending:
            self._resources.commits.now()
        parts = queries.history(self._resources.store, instance_id)
        return [event for part in parts for event in json.loads(part)]

    def _begin(self, instance: Instance, taken: tuple[Letter, ...]) -> None:
        instance.updated = max(instance.updated, self._resources.stamp())
        news = [history.orchestrator_started(instance.updated), *(letter.event for letter in taken)]
        instance.busy = True
        sticky = instance.held is not None
        episode = Episode(
            instance_id=instance.id,
            name=instance.name,
            parent_instance_id=None if instance.parent is None else instance.parent.instance_id,
            input_json=instance.input_json,
            past=() if sticky else tuple(instance.past or ()),
            news=[*instance.echo, *news] if sticky else news,
            commands_so_far=instance.commands,
            held=instance.held,
            keep=not self._always_replay,
        )
        instance.echo = []
        self._play(episode, partial(self._played, instance, news, taken))

    def _play(self, episode: Episode, done: Callable[[Turn], None]) -> None:
        self._resources.worker.play(episode, self._resources.commits.sealed(done))

    def _played(
        self, instance: Instance, news: Sequence[Event], taken: tuple[Letter, ...], turn: Turn
    ) -> None:
        instance.busy = False
        self._hold(instance, turn)
        if instance.controls or instance.mailbox:
            self.ready(instance)
        for task in turn.cancelled_timers & instance.open_tasks.keys():
            self._forget_timer(instance, task)
        if not news and turn.outcome is None:
            return
        self._consume(instance, taken)
        events = list(news) or [history.orchestrator_started(self._touch(instance))]
        issued, failure = self.issuer.issue(instance, turn.commands)
        events += issued
        # A timer may have been made and cancelled in one turn.
        for task in turn.cancelled_timers & instance.open_tasks.keys():
            self._forget_timer(instance, task)
        if turn.custom_status_json is not None:
            instance.custom_status = turn.custom_status_json
        instance.status = "Running"
        instance.closing = failure or turn.outcome
        self._conclude(instance, events)

    def _conclude(self, instance: Instance, events: list[Event]) -> None:
        """Close the episode, and the instance if nothing keeps it open."""
        ends = instance.closing is not None and (
            not instance.open_tasks or isinstance(instance.closing, Diverged)
        )
        if ends:
            self.endings.end(instance, events)
            return
        if instance.closing is not None:
            _tell_why_open(instance)
            # For a rewind, which has to know in which episode the orchestrator's code ended.
            events[0].setdefault("HasEnded", True)
        self._resources.journal.waits(instance)
        self.record(instance, events)

    def record(self, instance: Instance, events: list[Event]) -> None:
        """Write an episode that leaves the instance alive."""
        events.append(history.orchestrator_completed(instance.updated))
        self._resources.put(HISTORY, (instance.id, instance.parts, json.dumps(events)))
        instance.parts += 1
        if self._always_replay and instance.past is not None:
            instance.past += events
        self._resources.put(PROGRESS, instance.progress_row())

    def _hold(self, instance: Instance, turn: Turn) -> None:
        instance.waits = dict(turn.waits)
        if self._always_replay:
            instance.past = instance.past if instance.past is not None else []
            return
        instance.past = None
        instance.held = turn.held
        self._holding[instance.id] = None
        self._holding.move_to_end(instance.id)
        while len(self._holding) > MOST_HELD:
            oldest, _ = self._holding.popitem(last=False)
            self._let_go(self.live.get(oldest))

    def _let_go(self, instance: Instance | None) -> None:
        if instance is None:
            return
        if instance.busy:
            self._holding[instance.id] = None
        elif instance.held is not None:
            self._resources.worker.let_go(instance.held)
            instance.held = None
            instance.waits = None
            # The replay hears its own messages from the history.
            instance.echo = []

    def release(self, instance: Instance) -> None:
        """Forget what is kept in memory of an instance that has ended or begins anew."""
        self._holding.pop(instance.id, None)
        if instance.held is not None and not self._resources.winding_down:
            self._resources.worker.let_go(instance.held)
        instance.held = instance.waits = instance.past = None
        instance.echo = []

    def _consume(self, instance: Instance, taken: Sequence[Letter]) -> None:
        for letter in taken:
            self._resources.drop(letter.table, letter.key)
            kind = letter.event["EventType"]
            if kind in COMPLETES:
                instance.open_tasks.pop(letter.event[COMPLETES[kind]], None)

    def _settle(self, instance: Instance) -> None:
        """Take in what an ended orchestrator left open."""
        # An ended orchestrator waits for no event: one that comes now may be for the execution after it.
        taken = self._take(instance, {})
        if not taken:
            return
        self._consume(instance, taken)
        events = [history.orchestrator_started(self._touch(instance)), *(letter.event for letter in taken)]
        self._conclude(instance, events)

    def _obey(self, instance: Instance) -> None:
        while instance.controls and not instance.has_ended:
            letter = instance.controls.popleft()
            self._resources.drop(LETTERS, letter.key)
            event = letter.event
            when = self._touch(instance)
            match event["EventType"]:
                case EventType.EXECUTION_TERMINATED:
                    self.endings.terminate(instance, when, event["Input"])
                    return
                case EventType.EXECUTION_SUSPENDED:
                    instance.status = "Suspended"
                    self._keep_answers(instance)
                case EventType.EXECUTION_RESUMED:
                    instance.status = "Running" if instance.parts else "Pending"
            self._resources.journal.steered(instance, event)
            self.record(instance, [history.orchestrator_started(when), event])

    def _keep_answers(self, instance: Instance) -> None:
        """Write down the answers that have come, so that their activities are not run again after a crash."""
        if not any(letter.table is TASKS for letter in instance.mailbox):
            return
        # All of them anew: their numbers keep their order.
        kept: deque[Letter] = deque()
        for letter in instance.mailbox:
            self._resources.drop(letter.table, letter.key)
            kept.append(self._resources.letter(instance.id, letter.event, execution=letter.execution))
        instance.mailbox = kept

    def _touch(self, instance: Instance) -> str:
        instance.updated = max(instance.updated, self._resources.stamp())
        return instance.updated

    def _forget_timer(self, instance: Instance, task: int) -> None:
        del instance.open_tasks[task]
        self._cancel_timer(instance.id, task)
        self._resources.drop(TIMERS, (instance.id, task))


def _is_unstarted(instance: Instance) -> bool:
    # A suspension may be the first thing the history tells: there is nothing to replay before the start.
    return any(letter.event["EventType"] == EventType.EXECUTION_STARTED for letter in instance.mailbox)


def _warn_of_case(instance: Instance, kept: Sequence[Letter]) -> None:
    spellings = {name.casefold(): name for name in instance.waits or ()}
    for letter in kept:
        name = letter.event["Name"]
        waited = spellings.get(name.casefold())
        if waited is not None and waited != name and name not in instance.misspelt:
            instance.misspelt.add(name)
            log.warning(
                "Instance '%s' waits for the event '%s' and was sent '%s': the SDK compares names by case, "
                "so this event never arrives, on Azure neither.",
                instance.id,
                waited,
                name,
            )


def _tell_missing(instance: Instance) -> None:
    log.error(
        "Instance '%s' cannot go on: the app has no orchestrator '%s' any more. Put it back and restart the "
        "host, or terminate the instance: POST %s. Until then its messages are kept.",
        instance.id,
        instance.name,
        terminate_path(instance.id),
    )


def _tell_why_open(instance: Instance) -> None:
    log.warning(
        "Instance '%s' (%s) has %s but stays Running until what it left open is done: %s. "
        "Cancel timers that are no longer needed, and wait for the rest.",
        instance.id,
        instance.name,
        "failed" if isinstance(instance.closing, Failed) else "returned",
        ", ".join(instance.open_tasks.values()),
    )

"""A run as one of its steps sees it."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from activities import ballots, gathered
from activities.archive import Archive
from activities.ballots import Vote
from activities.gathered import Brought
from activities.outline import Outline
from dirigent import codec
from dirigent.domain import prompts
from dirigent.domain.catalogue import BEST, BRANCH, DECISION, OUTCOME, TALLY, WINNER, Agent
from dirigent.domain.elections import Election, Said, Voter
from dirigent.domain.outcomes import Category, Failure, Missing, Turnout
from dirigent.domain.records import StepRecord
from dirigent.domain.runs import Perform
from dirigent.domain.selections import left_out
from dirigent.domain.steps import AskStep, ChooseStep, Step
from dirigent.domain.teams import Team
from dirigent.records.texts import TextLost
from dirigent.records.unreadable import Unreadable


class TooLate(Exception):
    """No time is left to begin anything."""


class Undone(Exception):
    """Whoever was to carry something away did not take it; the failure says why."""

    def __init__(
        self, category: Category, message: str, *, reason: str = "", because: str | None = None
    ) -> None:
        self.failure = Failure(category=category, message=message, reason=reason)
        #: What the log alone may know.
        self.because = because
        super().__init__(f"{category}: {message}")


class Output:
    """What a step produced: its text, and the object it is where it is one."""

    def __init__(self, record: StepRecord, text: str) -> None:
        self.record, self.text = record, text

    @cached_property
    def fields(self) -> dict[str, object] | None:
        """The object's fields; None where the output is a text."""
        if not self.record.is_json:
            return None
        try:
            return codec.from_json(dict[str, object], self.text)
        except codec.Undecodable as error:
            raise Unreadable(f"The output of the step {self.record.step!r}", str(error)) from error

    @property
    def value(self) -> object:
        """The object or the text."""
        return self.text if self.fields is None else self.fields


class Scene:
    """The run's input, what earlier steps produced, and what those who work side by side brought."""

    def __init__(self, order: Perform, outline: Outline, archive: Archive) -> None:
        self.order, self.outline = order, outline
        self.definition, self.workflow = outline.definition, outline.workflow
        self._archive = archive
        self._outputs: dict[str, Output] = {}

    @property
    def frame(self) -> Step:
        """The step as it is declared: all its branches have its name, its output and its record."""
        return self.outline.step(self.order.step)

    @property
    def step(self) -> Step:
        """What is performed: of a step that chooses, the branch."""
        frame = self.frame
        return frame.taking(self.order.branch or None) if isinstance(frame, ChooseStep) else frame

    @property
    def agent(self) -> Agent | None:
        """Who is asked; None where nobody is, for a fixed value stands in."""
        if not isinstance(step := self.step, AskStep):
            return None
        agents = self.definition.agents
        own = agents[step.agent]
        if self.order.instead_of is None or own.fallback is None:
            return own
        return None if own.fallback.value is not None else agents[own.fallback.agent or own.name]

    @property
    def position(self) -> int:
        """The step's place."""
        return self.outline.places[self.order.step]

    @cached_property
    def missing(self) -> dict[str, Missing]:
        """By step, who is missing of those whose work this step merges, whatever they have brought since."""
        turnout = self.order.turnout
        if turnout is None or not turnout.missing:
            return {}
        by_path = {one.branch: one for one in turnout.missing}
        paths = self.outline.paths(self.order.step)
        return {step: by_path[path] for step, path in paths.items() if path in by_path}

    async def value(self, name: str) -> object:
        """An output, a field of one, an input field, or what the pattern tells; None for what is missing."""
        head, _, field = name.partition(".")
        found = await self._whole(head)
        if not field:
            return found
        return found.get(field) if isinstance(found, dict) else None

    async def text(self, name: str, *, is_for_model: bool = False) -> str:
        """The value as text: what is no text is told as JSON, and what is missing by a note."""
        maker = self.outline.makers.get(name.partition(".")[0])
        if maker is not None:
            if (absent := await self._absent(maker)) is not None:
                return absent
            if "." not in name:
                return (await self._output(maker)).text
        elif name == self.outline.gathered:
            return await self.gathered_text(is_for_model=is_for_model)
        value = await self.value(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else codec.to_json(value).decode()

    async def texts(self, names: tuple[str, ...], *, is_for_model: bool = False) -> dict[str, str]:
        """The texts of several values."""
        makers = {self.outline.makers.get(name.partition(".")[0]) for name in names}
        await self._load(maker for maker in makers if maker is not None and maker not in self.missing)
        return {name: await self.text(name, is_for_model=is_for_model) for name in names}

    async def given(self, template: str) -> object:
        """What a template means as data for others: a value as it is, or a text with values in it."""
        name = prompts.sole(template)
        if name is not None:
            return await self.value(name)
        return await self.plain(template)

    async def plain(self, template: str) -> str:
        """The template with the texts of its values in it, as they are."""
        return prompts.plain(template, await self.texts(prompts.variables(template)))

    def add(self, record: StepRecord, text: str) -> Output:
        """The step has produced this."""
        output = self._outputs[record.step] = Output(record, text)
        return output

    def forget(self, step: str) -> None:
        """What the step has produced is to be read anew."""
        self._outputs.pop(step, None)

    async def _whole(self, name: str) -> object:
        if self.workflow.election is not None and name in (DECISION, OUTCOME, TALLY):
            # First, for the step that tells them may have an output of the same name.
            tally = await self._output(self.workflow.election.tally)
            return (tally.fields or {}).get(name)
        maker = self.outline.makers.get(name)
        if maker is not None:
            return None if await self._absent(maker) is not None else (await self._output(maker)).value
        if name == self.outline.gathered:
            return await self._gathered_list()
        if (picks := self.outline.picks) is not None and name in (WINNER, BEST):
            return await self._picked(picks.name, name)
        if name == BRANCH and self.outline.gathered is not None:
            return self.order.step
        return (await self.inputs()).get(name)

    async def _picked(self, step: str, name: str) -> object:
        winner = ((await self._output(step)).fields or {}).get(WINNER)
        if name == WINNER or not isinstance(winner, str):
            return winner
        return (await self._output(winner)).value if winner in await self.finished() else None

    async def inputs(self) -> dict[str, object]:
        """The run's input."""
        return await self._archive.input(self.order)

    async def output(self, step: str) -> Output | None:
        """What the step produced; None as long as it is not done."""
        if (known := self._outputs.get(step)) is not None:
            return known
        if step != self.order.step and self.outline.is_comparison(step):
            return await self._comparison(step)
        # Not by way of `_load`: every step's activity begins with this.
        place, runs = self.outline.places[step], self._archive.runs
        record = await runs.step(self.order.run, place, self.row(step))
        return None if record is None else self.add(record, await self._archive.texts.read(record.value))

    async def _output(self, step: str) -> Output:
        found = await self.output(step)
        if found is None:
            raise TextLost(f"runs/{self.order.run}/steps/{step}")
        return found

    async def _comparison(self, step: str) -> Output | None:
        """The latest comparison whose labels the poll holds: one that was overtaken may be kept as well."""
        found = [record for record in await self._archive.runs.steps(self.order.run) if record.step == step]
        for record in reversed(found):
            output = Output(record, await self._archive.texts.read(record.value))
            if ballots.is_by(output.fields or {}, self.order.poll):
                return self.add(record, output.text)
        return None

    async def _load(self, steps: Iterable[str]) -> None:
        """Have the outputs of those of the steps that are done, with one query for all."""
        unread = [one for one in steps if one not in self._outputs and not self.outline.is_comparison(one)]
        if not unread:
            return
        places = {self.row(step): self.outline.places[step] for step in unread}
        records = await self._archive.records(self.order.run, places)
        long = [record for record in records if record.value.artifact is not None]
        texts = await asyncio.gather(*(self._archive.texts.read(record.value) for record in long))
        read = {record.step: text for record, text in zip(long, texts, strict=True)}
        for record in records:
            self.add(record, read.get(record.step) or record.value.text or "")

    def row(self, step: str) -> str:
        """Under which name the step is kept: answers are compared anew whenever there are more of them."""
        if step != self.order.step or not self.outline.is_comparison(step):
            return step
        heard = self.heard()
        return f"{step}.{len(heard):04}-{sha256(' '.join(heard).encode()).hexdigest()[:16]}"

    async def _absent(self, step: str) -> str | None:
        """In words, that this step of the others brought nothing; None of one that did, or had to."""
        if step == self.order.step:
            return None
        if (missing := self.missing.get(step)) is not None:
            return gathered.note(missing)
        if not self.counts(step):
            return f"[{step} was not heard]"
        if step in await self._left_out() or (self._may_be_undone(step) and await self.output(step) is None):
            return f"[{step} was not asked]"
        return None

    def _may_be_undone(self, step: str) -> bool:
        """Whether the run goes on without the step: what only some votes need, and teams that were lost."""
        election = self.workflow.election
        if election is not None:
            return step in (election.same, election.resolution)
        turnout, path = self.order.turnout, self.outline.paths(self.order.step).get(step)
        if turnout is None or path is None:
            return False
        return any(path.startswith(f"{one.branch}/") for one in turnout.missing)

    def counts(self, step: str) -> bool:
        """Whether what the step brought is used: that of the missing never is, whenever it came."""
        if step in self.missing:
            return False
        return step not in self.outline.voters or step in self.heard()

    async def _left_out(self) -> frozenset[str]:
        return frozenset() if self.workflow.select is None else left_out(self.workflow, await self.inputs())

    async def finished(self) -> tuple[str, ...]:
        """The branches that brought something, in declared order."""
        team = self.outline.teams.get(self.order.step)
        if team is None:
            return ()
        absent = await self._left_out() | self.missing.keys()
        return tuple(name for name in team.names if name not in absent)

    def heard(self) -> tuple[str, ...]:
        """The voters that answered in time, in declared order."""
        voters = self._election.voters
        return ballots.answered(voters, self.order.poll, self.order.turnout)

    @property
    def _election(self) -> Election:
        if self.workflow.election is None:
            raise TypeError(f"Nobody votes in the workflow {self.workflow.name!r}.")
        return self.workflow.election

    async def _gathered_list(self) -> list[dict[str, object]]:
        if self.workflow.election is not None:
            return ballots.listed(await self.votes())
        return gathered.listed(await self.brought())

    async def gathered_text(self, *, is_for_model: bool = False) -> str:
        """What those who worked side by side brought, in words."""
        if self.workflow.election is not None:
            return ballots.told(await self.votes())
        return gathered.told(await self.brought(), is_for_model=is_for_model)

    async def brought(self) -> tuple[Brought, ...]:
        """What the members of the team brought whose work this step merges."""
        team = self.outline.teams.get(self.order.step)
        if team is None:
            return ()
        gone = self.missing.keys() | await self._left_out()
        await self._load(step for step in self.outline.paths(team.merge) if step not in gone)
        return self._brought(team, "", await self._left_out(), is_merged=True)

    def _brought(
        self, team: Team, inside: str, left_out: frozenset[str], *, is_merged: bool
    ) -> tuple[Brought, ...]:
        found: list[Brought] = []
        for member in team.members:
            name, step = (member, member) if isinstance(member, str) else (member.name, member.merge)
            if name in left_out:
                continue
            missing, path = self.missing.get(step), f"{inside}{name}/"
            inner = None
            if isinstance(member, Team):
                inner = self._brought(member, path, frozenset(), is_merged=missing is None)
            output = self._outputs.get(step) if missing is None else None
            if missing is None and output is None:
                if not is_merged:
                    # Of a team that is gone it was never asked, or is not worth a word of its own.
                    continue
                raise TextLost(f"runs/{self.order.run}/steps/{step}")
            found.append(
                Brought(
                    name=name,
                    value=None if output is None else output.fields,
                    text="" if output is None else output.text,
                    missing=missing,
                    gaps=self._gaps(path) if missing is None else (),
                    inner=inner,
                )
            )
        return tuple(found)

    def _gaps(self, inside: str) -> tuple[Missing, ...]:
        turnout = self.order.turnout or Turnout()
        return tuple(one for one in turnout.missing if one.branch.startswith(inside))

    async def votes(self) -> tuple[Vote, ...]:
        """Every voter's ballot, in declared order."""
        heard = frozenset(self.heard())
        await self._load(heard)
        return tuple(
            [await self._vote(voter, is_heard=voter.name in heard) for voter in self._election.voters]
        )

    async def _vote(self, voter: Voter, *, is_heard: bool) -> Vote:
        poll, agent = self.order.poll, self.outline.agent(voter.name)
        ballot = None if poll is None else poll.ballots.get(voter.name)
        if not is_heard:
            return ballots.silent(voter, agent, ballot, self.missing.get(voter.name))
        output = await self._output(voter.name)
        return Vote(
            voter=voter.name,
            agent=agent,
            weight=voter.weight,
            said=str(Said.CHOICE) if ballot is None else str(ballot.said),
            choice=None if ballot is None else ballot.choice,
            answer=output.value,
            text=output.text,
        )

    def seconds_left(self, now: datetime) -> float:
        """How long what begins now may take; `TooLate` when nothing may begin any more."""
        if not self.may_begin(now):
            raise TooLate
        return min(self.order.timeout, (self.order.not_after - now).total_seconds())

    def may_begin(self, now: datetime) -> bool:
        """Whether there is time left to begin something."""
        begin_by = self.order.begin_by
        return now < self.order.not_after and (begin_by is None or now <= begin_by)

"""What every step's activity does around its one effect: open, look up, keep, close."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.catalogue import Definition, ResultField, Step
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome, Usage
from dirigent.domain.records import Degraded, StepRecord
from dirigent.domain.runs import Held, Perform
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.model import ModelFailed
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claims
from dirigent.records.definitions import Definitions
from dirigent.records.runs import Runs
from dirigent.records.texts import TextLost, Texts
from dirigent.records.unreadable import Unreadable

log = logging.getLogger(__name__)

TOO_LATE = "its time was over before it began, or before what it was doing came to an end"

Activity = Callable[[Any], Coroutine[Any, Any, Any]]


class TooLate(Exception):
    """No time is left to begin anything."""


class Product(Message, frozen=True, kw_only=True):
    """What an effect brought: the step's output, and whose work it is."""

    text: str
    agent: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    degraded: Degraded | None = None


class Scene:
    """A run as one of its steps sees it: its input and what earlier steps produced."""

    def __init__(self, order: Perform, definition: Definition, runs: Runs, texts: Texts) -> None:
        self.order, self.definition = order, definition
        self.step: Step = definition.step(order.step)
        self.position = definition.workflow.steps.index(self.step)
        self._runs, self._texts = runs, texts
        self._places = {step.output: place for place, step in enumerate(definition.workflow.steps)}
        self._known: dict[str, object] = {}
        self._input: dict[str, object] | None = None

    async def value(self, name: str) -> object:
        """An output's text, or an input field's value; None for a field that was left out."""
        if name not in self._places:
            return (await self._inputs()).get(name)
        if name not in self._known:
            self._known[name] = await self._output(name)
        return self._known[name]

    async def text(self, name: str) -> str:
        """The value as text: what is no text is told as JSON."""
        value = await self.value(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else codec.to_json(value).decode()

    async def texts(self, names: tuple[str, ...]) -> dict[str, str]:
        """The texts of several values."""
        return {name: await self.text(name) for name in names}

    def add(self, name: str, text: str) -> None:
        """The step has just produced this."""
        self._known[name] = text

    async def _output(self, name: str) -> str:
        place = self._places[name]
        step = self.definition.workflow.steps[place].name
        record = await self._runs.step(self.order.run, place, step)
        if record is None:
            raise TextLost(f"runs/{self.order.run}/steps/{step}")
        return await self._texts.read(record.value)

    async def _inputs(self) -> dict[str, object]:
        if self._input is None:
            opening = self.order.opening
            held = opening.input if opening is not None else await self._recorded_input()
            text = await self._texts.read(held)
            try:
                self._input = codec.from_json(dict[str, object], text)
            except codec.Undecodable as error:
                raise Unreadable(f"The input of the run {self.order.run!r}", str(error)) from error
        return self._input

    async def _recorded_input(self) -> Held:
        held = await self._runs.input(self.order.account, self.order.run)
        if held is None:
            raise TextLost(f"runs/{self.order.run}")
        return held

    def seconds_left(self, now: datetime) -> float:
        """How long what begins now may take; `TooLate` when nothing may begin any more."""
        order = self.order
        left = (order.not_after - now).total_seconds()
        if left <= 0 or (order.begin_by is not None and now > order.begin_by):
            raise TooLate
        return min(order.timeout, left)


Effect = Callable[[Scene], Awaitable[Product]]


class Stage:
    """Performs steps: whatever the effect, its output is kept once, and a failure is an outcome."""

    def __init__(self, parts: Parts) -> None:
        self._clock = parts.clock
        self._runs = Runs(parts.records, parts.artifacts)
        self._claims = Claims(parts.records)
        self._texts = Texts(parts.artifacts)
        self._definitions = Definitions(parts.artifacts)

    async def perform(self, order: Perform, effect: Effect) -> Outcome:
        """Perform the step unless it was performed before: activities are delivered at least once."""
        try:
            return await self._perform(order, effect)
        except ModelFailed as error:
            return Failed(failure=error.failure.brief(), is_theirs=error.is_theirs)
        except TooLate:
            return failed(Category.TIMEOUT, TOO_LATE, attempts=0)
        except (RecordsUnavailable, ArtifactsUnavailable) as error:
            return unavailable(error)
        except Unreadable as error:
            return failed(Category.PERMANENT, str(error))

    async def _perform(self, order: Perform, effect: Effect) -> Outcome:
        definition = await self._definitions.find(order.definition)
        is_new = await self._open(order)
        scene = Scene(order, definition, self._runs, self._texts)
        # A run that was not there a moment ago has no step yet.
        done = None if is_new else await self._runs.step(order.run, scene.position, order.step)
        is_repeated = done is not None
        if done is None:
            done = await self._do(scene, effect)
        is_degraded = done.degraded is not None
        if order.closes:
            try:
                await self._close(scene, is_degraded=is_degraded or order.is_degraded)
            except (RecordsUnavailable, ArtifactsUnavailable) as error:
                # Not to be confused with a step that is to be done again: nobody needs to be called.
                return replace(unavailable(error), is_done=True, is_repeated=is_repeated)
        return Done(usage=done.usage, is_degraded=is_degraded, is_repeated=is_repeated)

    async def _open(self, order: Perform) -> bool:
        start = order.opening
        if start is None:
            return False
        is_new = await self._runs.open(start, at=self._clock.now(), admission=order.admission)
        # Marked once the record is there, not before: a marked claim is never started again.
        if start.claim is not None:
            await self._claims.mark(start.account, start.claim)
        return is_new

    async def _do(self, scene: Scene, effect: Effect) -> StepRecord:
        """The step's record as it stands."""
        order, step = scene.order, scene.step
        started_at = self._clock.now()
        scene.seconds_left(started_at)
        product = whole(await effect(scene))
        # By its content: who comes second with another text must not write over what was recorded.
        digest = sha256(product.text.encode()).hexdigest()[:16]
        value = await self._texts.keep(product.text, name=f"runs/{order.run}/texts/{step.name}-{digest}.txt")
        record = StepRecord(
            step=step.name,
            position=scene.position,
            record=step.record or step.name,
            output=step.output,
            value=value,
            started_at=started_at,
            completed_at=self._clock.now(),
            attempts=order.attempt,
            agent=product.agent,
            model=product.model,
            usage=product.usage,
            passage=order.passage,
            degraded=product.degraded,
        )
        # Delivered twice at a time, the first to write has done the step: its text is the step's output.
        if not await self._runs.add_step(order.run, record):
            return await self._runs.step(order.run, scene.position, step.name) or record
        scene.add(step.output, product.text)
        return record

    async def _close(self, scene: Scene, *, is_degraded: bool) -> None:
        order, workflow = scene.order, scene.definition.workflow
        result = {name: await _result(scene, wanted) for name, wanted in workflow.result.items()}
        if is_degraded:
            result["degraded"] = _degraded(await self._runs.steps(order.run))
        name = f"runs/{order.run}/result.json"
        held = await self._texts.keep(
            codec.to_json(result).decode(), name=name, content_type="application/json"
        )
        await self._runs.complete(order.account, order.run, held, at=self._clock.now())


async def _result(scene: Scene, wanted: ResultField) -> object:
    if wanted.words_of is not None:
        return len((await scene.text(wanted.words_of)).split())
    return await scene.value(wanted.value or "")


def _degraded(steps: tuple[StepRecord, ...]) -> list[dict[str, object]]:
    """Which steps a fallback answered, and why."""
    return [{"step": step.step, **codec.encode(step.degraded)} for step in steps if step.degraded is not None]


def failed(category: Category, message: str, *, attempts: int = 1) -> Failed:
    """An attempt that brought nothing."""
    return Failed(failure=Failure(category=category, message=message), attempts=attempts)


def unavailable(error: Exception) -> Failed:
    """A store that did not answer; where it lies is told to the log alone, not to the caller."""
    log.warning("%s", error)
    store = "records" if isinstance(error, RecordsUnavailable) else "artifacts"
    return failed(Category.TRANSIENT, f"the app's {store} did not answer; its log says more")


def whole(product: Product) -> Product:
    """The product, without the halves of characters that no store can keep."""
    return replace(product, text=product.text.encode("utf-8", "replace").decode())


def named(failure: Failure, who: str) -> Failure:
    """The failure, saying of whom it is told."""
    return replace(failure, message=f"{who}: {failure.message}")

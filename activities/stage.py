"""What every step's activity does around its one effect: open, look up, keep, close."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from activities.archive import Archive
from activities.ending import Ending
from activities.reports import Report, spanned
from activities.scene import Output, Scene, TooLate, Undone
from activities.telling import told
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome, Usage
from dirigent.domain.records import Degraded, StepRecord
from dirigent.domain.runs import Perform
from dirigent.domain.steps import ChooseStep
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.model import ModelFailed
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.unreadable import Unreadable
from dirigent.telemetry.tracing import Tracing, joined

log = logging.getLogger(__name__)

TOO_LATE = "its time was over before it began, or before what it was doing came to an end"

Activity = Callable[[Any], Coroutine[Any, Any, Any]]


class Product(Message, frozen=True, kw_only=True):
    """What an effect brought: the step's output, and whose work it is."""

    text: str
    #: The text is JSON.
    is_json: bool = False
    #: What it tells of was written down, and not done.
    is_simulated: bool = False
    agent: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    finish: str | None = None
    request_id: str | None = None
    degraded: Degraded | None = None


class Stand(Message, frozen=True, kw_only=True):
    """A step that is done."""

    output: Output
    #: It was done before.
    is_repeated: bool = False
    #: The run is closed with it.
    is_closed: bool = False


Effect = Callable[[Scene], Awaitable[Product]]


class Stage:
    """Performs steps: whatever the effect, its output is kept once, and a failure is an outcome."""

    def __init__(
        self, parts: Parts, archive: Archive | None = None, *, tracing: Tracing | None = None
    ) -> None:
        self._archive = archive or Archive(parts)
        self.tracing = tracing or Tracing()
        self._clock, self._runs = parts.clock, self._archive.runs
        self._ending = Ending(self._archive)

    async def perform(self, order: Perform, effect: Effect) -> Outcome:
        """Perform the step unless it was performed before: activities are delivered at least once."""
        report = Report(order, self._clock.now())
        with joined(order.trace):
            try:
                outcome = await self._perform(order, effect, report)
            except ModelFailed as error:
                outcome = Failed(failure=error.failure.brief(), is_theirs=error.is_theirs)
            except Undone as error:
                outcome, report.because = Failed(failure=error.failure.brief()), error.because
            except TooLate:
                outcome = failed(Category.TIMEOUT, TOO_LATE, attempts=0)
            except (RecordsUnavailable, ArtifactsUnavailable) as error:
                outcome = unanswered(error, report)
            except Unreadable as error:
                outcome = failed(Category.PERMANENT, str(error))
            report.step(outcome, self._clock.now())
        return outcome

    async def finish(self, order: Perform) -> Outcome:
        """Close a run all of whose steps are done."""
        report = Report(order, self._clock.now())
        with joined(order.trace):
            try:
                scene = await self._scene(order, report)
                said = await self._ending.close(scene, Usage(), is_degraded=order.is_degraded)
            except (RecordsUnavailable, ArtifactsUnavailable) as error:
                outcome = replace(unanswered(error, report), is_done=True)
            except Unreadable as error:
                outcome = failed(Category.PERMANENT, str(error))
            else:
                report.run()
                return Done(told=said)
            report.step(outcome, self._clock.now())
        return outcome

    async def _scene(self, order: Perform, report: Report) -> Scene:
        report.scene = Scene(order, await self._archive.outline(order.definition), self._archive)
        return report.scene

    async def _perform(self, order: Perform, effect: Effect, report: Report) -> Outcome:
        scene = await self._scene(order, report)
        is_new = await self._open(order)
        # A run that was not there a moment ago has no step yet.
        before = None if is_new else await self._before(scene)
        stand = await self._do(scene, effect) if before is None else Stand(output=before, is_repeated=True)
        record = stand.output.record
        is_degraded = record.degraded is not None
        said = told(scene.outline, stand.output)
        if order.closes and not stand.is_closed:
            try:
                said = await self._ending.close(
                    scene, record.usage, is_degraded=is_degraded or order.is_degraded
                )
            except (RecordsUnavailable, ArtifactsUnavailable) as error:
                # Not to be confused with a step that is to be done again: nobody needs to be called.
                unwritten = unanswered(error, report)
                return replace(unwritten, is_done=True, is_repeated=stand.is_repeated)
        return Done(
            usage=record.usage,
            is_degraded=is_degraded,
            is_repeated=stand.is_repeated,
            told=said,
            turnout=record.turnout,
        )

    async def _open(self, order: Perform) -> bool:
        start = order.opening
        if start is None:
            return False
        is_new = await self._runs.open(start, at=self._clock.now(), admission=order.admission)
        # Marked once the record is there, not before: a marked claim is never started again.
        if start.claim is not None:
            await self._archive.claims.mark(start.account, start.claim, run=start.run)
        return is_new

    async def _before(self, scene: Scene) -> Output | None:
        """What the step produced when it was delivered before, if that is worth looking for."""
        step = scene.order.step
        if step in scene.outline.quick and scene.may_begin(self._clock.now()):
            return None
        return await scene.output(step)

    async def _do(self, scene: Scene, effect: Effect) -> Stand:
        """The step as it stands."""
        order, frame = scene.order, scene.frame
        started_at = self._clock.now()
        scene.seconds_left(started_at)
        product = whole(await self._product(scene, effect))
        # By its content: who comes second with another text must not write over what was recorded.
        digest = sha256(product.text.encode()).hexdigest()[:16]
        name = f"runs/{order.run}/texts/{frame.name}-{digest}.txt"
        record = StepRecord(
            step=frame.name,
            position=scene.position,
            record=frame.record or frame.name,
            output=frame.output,
            value=await self._archive.texts.keep(product.text, name=name),
            started_at=started_at,
            completed_at=self._clock.now(),
            attempts=order.attempt,
            agent=product.agent,
            model=product.model,
            usage=product.usage,
            finish=product.finish,
            request_id=product.request_id,
            passage=order.passage,
            degraded=product.degraded,
            is_json=product.is_json,
            is_simulated=product.is_simulated,
            branch=(order.branch or "") if isinstance(frame, ChooseStep) else None,
        )
        if await self._ending.finish(scene, record, product.text):
            return Stand(output=scene.add(record, product.text), is_closed=True)
        scene.forget(frame.name)
        # Delivered twice, the first to write has done the step: its text is the step's output.
        is_first = await self._runs.add_step(order.run, record, name=scene.row(frame.name))
        if not is_first and (first := await scene.output(frame.name)):
            # Whoever asked somebody has done something all the same.
            return Stand(output=first, is_repeated=frame.name in scene.outline.quick)
        return Stand(output=scene.add(record, product.text))

    async def _product(self, scene: Scene, effect: Effect) -> Product:
        if scene.agent is not None:
            # Its span begins when it is asked, and tells of nothing else.
            return await effect(scene)
        with spanned(self.tracing, f"dirigent.step {scene.order.step}", scene):
            return await effect(scene)


def failed(category: Category, message: str, *, attempts: int = 1) -> Failed:
    """An attempt that brought nothing."""
    return Failed(failure=Failure(category=category, message=message), attempts=attempts)


def unavailable(error: Exception) -> Failed:
    """A store that did not answer; where it lies is told to the log alone, not to the caller."""
    log.warning("%s", error)
    return _unanswered(error)


def unanswered(error: Exception, report: Report) -> Failed:
    """The same, where a report is made of it anyhow."""
    report.because = str(error)
    return _unanswered(error)


def _unanswered(error: Exception) -> Failed:
    store = "records" if isinstance(error, RecordsUnavailable) else "artifacts"
    passing = failed(Category.TRANSIENT, f"the app's {store} did not answer; its log says more")
    return replace(passing, is_stores=True)


def whole(product: Product) -> Product:
    """The product, without the halves of characters that no store can keep."""
    return replace(product, text=product.text.encode("utf-8", "replace").decode())


def named(failure: Failure, who: str) -> Failure:
    """The failure, saying of whom it is told."""
    return replace(failure, message=f"{who}: {failure.message}")

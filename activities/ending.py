"""The end of a run that did what it was for: its result, for itself and for the run it is a step of."""

import logging
from hashlib import sha256

from activities.archive import Archive
from activities.scene import Output, Scene
from activities.telling import told
from dirigent import codec
from dirigent.domain.catalogue import ResultField
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Turnout, Usage
from dirigent.domain.records import Degraded, StepRecord
from dirigent.domain.runs import Parent
from dirigent.domain.steps import ChooseStep
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.texts import inline
from dirigent.records.unreadable import Unreadable

log = logging.getLogger(__name__)

#: What every result may say besides what is declared.
COMPLETED, TIMED_OUT, MISSING, DEGRADED = "completed_agents", "timed_out", "missing", "degraded"


class End(Message, frozen=True, kw_only=True):
    """What came of a run."""

    #: Its result as JSON.
    text: str
    usage: Usage
    turnout: Turnout | None
    degraded: Degraded | None


class Ending:
    """Writes the end down: first where it is used, then where it is shown."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def close(self, scene: Scene, usage: Usage, *, is_degraded: bool) -> str | None:
        """Write the run's result, and before it the step of the other run that it is; what that tells."""
        order, archive = scene.order, self._archive
        turnout = await _turnout(scene)
        degraded = await self._degraded(scene) if is_degraded else []
        text, said = await _result(scene, turnout, degraded), None
        if order.parent is not None:
            whole = (order.usage or Usage()).plus(usage)
            end = End(text=text, usage=whole, turnout=turnout, degraded=_mark(scene, degraded))
            said = await self._report(scene, order.parent, end)
        name = f"runs/{order.run}/result.json"
        held = await archive.texts.keep(text, name=name, content_type="application/json")
        now = archive.clock.now()
        await archive.runs.complete(order.account, order.run, held, at=now, turnout=turnout)
        return said

    async def finish(self, scene: Scene, record: StepRecord, text: str) -> bool:
        """Write a run's last step and its result in one go, where that can be; whether it was done.

        If not, nothing is known of it.
        """
        order, archive = scene.order, self._archive
        is_plain = order.closes and order.parent is None and not order.is_degraded and record.degraded is None
        if not is_plain or not archive.runs.is_opened_here(order.account, order.run):
            return False
        scene.add(record, text)
        try:
            turnout = await _turnout(scene)
            # A long one has one place for whoever writes it: only what stands may go there.
            held = inline(await _result(scene, turnout, []))
            if held is not None:
                now = archive.clock.now()
                return await archive.runs.finish(
                    order.account, order.run, record, held, at=now, turnout=turnout
                )
        except (RecordsUnavailable, ArtifactsUnavailable, Unreadable) as error:
            # The step is done all the same, and is to be kept.
            log.warning("A run's last step is kept before its result: %s", error)
        return False

    async def _degraded(self, scene: Scene) -> list[StepRecord]:
        """The steps that a fallback answered, of those that count."""
        steps = await self._archive.runs.steps(scene.order.run)
        return [step for step in steps if step.degraded is not None and scene.counts(step.step)]

    async def _report(self, scene: Scene, parent: Parent, end: End) -> str | None:
        """Write the step of the other run that this run is, unless that is done; what it tells that run."""
        archive, order = self._archive, scene.order
        outline = await archive.outline(parent.definition)
        step = outline.step(parent.step)
        own = await archive.runs.get(order.account, order.run)
        now = archive.clock.now()
        name = f"runs/{parent.run}/texts/{step.name}-{sha256(end.text.encode()).hexdigest()[:16]}.txt"
        record = StepRecord(
            step=step.name,
            position=outline.places[step.name],
            record=step.record or step.name,
            output=step.output,
            value=await archive.texts.keep(end.text, name=name),
            started_at=now if own is None else own.created_at,
            completed_at=now,
            usage=end.usage,
            degraded=end.degraded,
            is_json=True,
            branch=(parent.branch or "") if isinstance(step, ChooseStep) else None,
            child=order.run,
            turnout=end.turnout,
        )
        await archive.runs.add_step(parent.run, record)
        return told(outline, Output(record, end.text))


async def _result(scene: Scene, turnout: Turnout | None, degraded: list[StepRecord]) -> str:
    result = {name: await _field(scene, wanted) for name, wanted in scene.workflow.result.items()}
    if degraded:
        result[DEGRADED] = [_entry(step) for step in degraded]
    return codec.to_json(result | _marks(scene, turnout)).decode()


async def _turnout(scene: Scene) -> Turnout | None:
    if scene.order.turnout is not None or scene.outline.gathered is None:
        return scene.order.turnout
    came = scene.heard() if scene.workflow.election is not None else await scene.finished()
    return Turnout(completed_agents=len(came))


def _marks(scene: Scene, turnout: Turnout | None) -> dict[str, object]:
    """What the result says of those who worked side by side; a mere chain says only what went wrong."""
    if turnout is None:
        return {}
    marks: dict[str, object] = {}
    if scene.outline.gathered is not None:
        marks[COMPLETED] = turnout.completed_agents
    if scene.outline.gathered is not None or turnout.timed_out:
        marks[TIMED_OUT] = turnout.timed_out
    if turnout.missing:
        marks[MISSING] = codec.encode(turnout.missing)
    return marks


def _entry(step: StepRecord) -> dict[str, object]:
    return {"step": step.step, **codec.encode(step.degraded or ())}


def _mark(scene: Scene, degraded: list[StepRecord]) -> Degraded | None:
    """What the step that the run is says of fallbacks inside."""
    marks = [(step.step, step.degraded) for step in degraded if step.degraded is not None]
    if not marks:
        return None
    step, first = marks[0]
    more = f", and {len(marks) - 1} more" if len(marks) > 1 else ""
    because = f"its step {step!r}{more}: {first.because}"
    return Degraded(by="workflow", name=scene.workflow.name, category=first.category, because=because)


async def _field(scene: Scene, wanted: ResultField) -> object:
    if wanted.words_of is None:
        return await scene.value(wanted.value or "")
    # What is missing has no words, though its place in a prompt has.
    value = await scene.value(wanted.words_of)
    return 0 if value is None else len((await scene.text(wanted.words_of)).split())

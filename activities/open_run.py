"""Write down that there is a run, before any step of it is done."""

import logging
from typing import Any

from msgspec.structs import replace

from activities.archive import Archive
from activities.reports import facts_of
from activities.scene import Scene
from activities.stage import Activity, failed, unavailable
from dirigent import codec
from dirigent.domain.inputs import InputRefused
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.runs import OpenRun, Parent, Perform, StartRun
from dirigent.domain.selections import checked
from dirigent.domain.steps import WorkflowStep
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.unreadable import Unreadable
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import joined

log = logging.getLogger(__name__)


def open_run(archive: Archive) -> Activity:
    """The activity, writing into this archive."""

    async def opened(order: OpenRun) -> Outcome:
        try:
            return Done(told=await _opened(archive, order))
        except (RecordsUnavailable, ArtifactsUnavailable) as error:
            return unavailable(error)
        except Unreadable as error:
            return failed(Category.PERMANENT, str(error))
        except InputRefused as error:
            workflow = order.opening.workflow
            message = f"what it was to be started with does not fit the workflow {workflow!r}: {error}"
            return Failed(failure=Failure(category=Category.PERMANENT, message=message).brief())

    async def open_run(order: Any) -> Any:
        opening = codec.decode(OpenRun, order)
        with joined(opening.opening.traceparent):
            return codec.encode(await opened(opening))

    return open_run


async def _opened(archive: Archive, order: OpenRun) -> str | None:
    """Of a run that is a step of another, which branches its input names."""
    start, now, told = order.opening, archive.clock.now(), None
    if order.is_begun:
        if start.parent is not None:
            start, told = await _drawn(archive, start, start.parent)
        is_new = await archive.runs.open(start, at=now, admission=order.admission)
        if is_new and start.parent is not None:
            # Whoever starts a run that is a step of no other says so where it is asked for.
            line(log, logging.INFO, "A run has begun", **facts_of(start))
    else:
        await archive.runs.wait(start, at=now)
    if start.claim is not None:
        await archive.claims.mark(start.account, start.claim, run=start.run)
    return told


async def _drawn(archive: Archive, start: StartRun, parent: Parent) -> tuple[StartRun, str | None]:
    """The start with its input, drawn from the other run; and which branches that names, as a JSON list."""
    order = Perform(
        run=parent.run,
        account=start.account,
        definition=parent.definition,
        step=parent.step,
        attempt=1,
        not_after=parent.until,
        timeout=start.timeout,
        branch=parent.branch,
    )
    scene = Scene(order, await archive.outline(parent.definition), archive)
    if not isinstance(scene.step, WorkflowStep):
        raise TypeError(f"The step {parent.step!r} is no run.")
    given = {field: await scene.given(template) for field, template in scene.step.given.items()}
    workflow = (await archive.outline(start.definition)).workflow
    values = checked(workflow, given)
    text = codec.to_json(values).decode()
    name = f"runs/{start.run}/input.json"
    held = await archive.texts.keep(text, name=name, content_type="application/json")
    chosen = None if workflow.select is None else values.get(workflow.select)
    return replace(start, input=held), None if chosen is None else codec.to_json(chosen).decode()

"""Runs that are steps of a run."""

import asyncio

from dirigent.domain.catalogue import Workflow
from dirigent.domain.messages import Message
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Status
from dirigent.domain.steps import ChooseStep, Step, WorkflowStep
from dirigent.ports import Parts
from dirigent.records.runs import Runs
from triggers.instances import Instances
from triggers.reconciling import Reconciling
from triggers.task_view import is_simulated

#: How many are looked at together.
AT_ONCE = 8


class Child(Message, frozen=True, kw_only=True):
    """A run, and the step of another that it is."""

    step: str
    record: RunRecord


class Children:
    """Finds the runs that are steps of a run."""

    def __init__(self, parts: Parts) -> None:
        self._runs = Runs(parts.records, parts.artifacts)
        self._reconciling = Reconciling(parts)

    async def of(self, record: RunRecord, workflow: Workflow, instances: Instances) -> tuple[Child, ...]:
        """Those that have begun, as they really stand, in the order of the steps."""
        free = asyncio.Semaphore(AT_ONCE)

        async def found(step: str) -> Child | None:
            async with free:
                child = await self._runs.get(record.account, child_id(record.run, step))
                if child is None:
                    return None
                return Child(step=step, record=await self._reconciling.settled(child, instances))

        names = [step.name for step in workflow.steps if _may_be_run(step)]
        seen = await asyncio.gather(*map(found, names))
        return tuple(child for child in seen if child is not None)

    async def begun(
        self, record: RunRecord, workflow: Workflow, steps: tuple[StepRecord, ...]
    ) -> frozenset[str]:
        """Ids of those that there are, where no step tells it; as few as will do are looked for."""
        free, done = asyncio.Semaphore(AT_ONCE), {step.step for step in steps}

        async def found(run: str) -> bool:
            async with free:
                return await self._runs.get(record.account, run) is not None

        names = [step.name for step in workflow.steps if step.name not in done and _is_led_to(step, record)]
        runs = [child_id(record.run, name) for name in names]
        seen = await asyncio.gather(*map(found, runs))
        return frozenset(run for run, is_there in zip(runs, seen, strict=True) if is_there)

    async def are_simulated(self, steps: tuple[StepRecord, ...]) -> bool:
        """Whether anything was simulated in these steps, or somewhere below them."""
        # Its own steps tell of most runs, and those below need not be read.
        if is_simulated(steps):
            return True
        below = [await self._runs.steps(step.child) for step in steps if step.child is not None]
        return any([await self.are_simulated(each) for each in below])


def _is_led_to(step: Step, record: RunRecord) -> bool:
    """Whether the step may be a run of which only its record tells whether there is one."""
    if record.status is Status.FAILED:
        return _may_be_run(step) and record.error is not None and record.error.step == step.name
    if record.status is Status.CANCELLED:
        return _may_be_run(step)
    return _may_be_run(step) and isinstance(step, ChooseStep) and record.status is Status.IN_PROGRESS


def _may_be_run(step: Step) -> bool:
    if isinstance(step, ChooseStep):
        ways = (*step.branches.values(), step.otherwise)
        return any(isinstance(way, WorkflowStep) for way in ways)
    return isinstance(step, WorkflowStep)

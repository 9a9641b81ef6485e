"""What voters wait for: each is asked in an instance of its own, which says so itself."""

import asyncio

from dirigent.domain.catalogue import Workflow
from dirigent.domain.records import StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import ENDED
from dirigent.domain.waves import Wait
from dirigent.ports.clock import Clock
from triggers.course import lost
from triggers.instances import Instances, InstancesUnavailable
from triggers.outlook import under_way
from triggers.reconciling import Found, still_waited

#: Of so many Durable is asked.
MOST_ASKED = 20


class Voters:
    """Asks Durable about the voters that a run waits for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def waits(
        self,
        found: Found,
        workflow: Workflow | None,
        steps: tuple[StepRecord, ...],
        instances: Instances,
    ) -> tuple[Wait, ...]:
        """What they wait for, those that will be asked again."""
        record = found.record
        if workflow is None or workflow.election is None or record.status in ENDED:
            return ()
        at_work = under_way(record, workflow, {}, steps, lost(record, workflow, steps, found.missing))
        names = [voter.name for voter in workflow.election.voters if voter.name in at_work]
        asked = (self._of(child_id(record.run, name), instances) for name in names[:MOST_ASKED])
        return tuple(wait for waits in await asyncio.gather(*asked) for wait in waits)

    async def _of(self, run: str, instances: Instances) -> tuple[Wait, ...]:
        try:
            instance = await instances.find(run)
        except InstancesUnavailable:
            # The run's own instance has answered: the task can be told without.
            return ()
        if instance is None or instance.has_ended:
            return ()
        return still_waited(instance, self._clock.now())

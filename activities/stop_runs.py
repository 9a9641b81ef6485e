"""End instances that nobody wants any more, and say so in their records."""

import asyncio
import logging
from typing import Any, Protocol

from activities.archive import Archive
from activities.stage import failed, unavailable
from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Outcome
from dirigent.domain.run_ids import task_of
from dirigent.domain.runs import Status, StopRuns
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.unreadable import Unreadable
from dirigent.telemetry.lines import line

#: Seconds to wait for Durable's answer about one instance.
PATIENCE = 10.0
#: Instances that are ended at a time: each is a call to the host.
AT_A_TIME = 20

#: Begun a moment ago it is not known; soon it is, and then it has to be ended.
UNKNOWN = "Durable does not know an instance yet that was begun"

log = logging.getLogger(__name__)


class Durable(Protocol):
    """As much of the durable client as is used here."""

    async def terminate(self, instance_id: str, reason: str) -> None:
        """End the instance; one that has ended stays as it is."""


class Steering(Protocol):
    """An activity that takes the durable client besides its order."""

    @property
    def __name__(self) -> str: ...

    async def __call__(self, order: Any, client: Any) -> Any: ...


def stop_runs(archive: Archive, *, patience: float = PATIENCE) -> Steering:
    """The activity, writing into this archive."""

    async def stopped(order: StopRuns, client: Durable) -> Outcome:
        places = asyncio.Semaphore(AT_A_TIME)

        async def stop(instance: str, *, is_there: bool) -> str | None:
            async with places:
                problem = await _ended(client, instance, order.reason, patience)
                if problem is None:
                    await _told(archive, order, instance)
                return problem if is_there or problem != UNKNOWN else None

        stops = [stop(instance, is_there=True) for instance in order.instances]
        stops += [stop(instance, is_there=False) for instance in order.others]
        try:
            problems = [problem for problem in await asyncio.gather(*stops) if problem is not None]
        except RecordsUnavailable as error:
            return unavailable(error)
        return failed(Category.TRANSIENT, problems[0]) if problems else Done()

    async def stop_runs(order: Any, client: Any) -> Any:
        return codec.encode(await stopped(codec.decode(StopRuns, order), client))

    return stop_runs


async def _ended(client: Durable, instance: str, reason: str, patience: float) -> str | None:
    """What went wrong, None if nothing did."""
    try:
        async with asyncio.timeout(patience):
            await client.terminate(instance, reason)
    except TimeoutError:
        log.warning("Durable did not say within %g s whether the instance %r is ended.", patience, instance)
        return "Durable did not answer; the app's log says more"
    except Exception as error:  # noqa: BLE001 - the SDK raises a bare Exception for every answer but success
        if str(error).startswith("No instance with ID"):
            return UNKNOWN
        log.warning("The instance %r could not be ended: %s", instance, error)
        return "Durable did not end an instance; the app's log says why"
    return None


async def _told(archive: Archive, order: StopRuns, instance: str) -> None:
    try:
        is_new = await archive.runs.cancel(order.account, instance, order.reason, at=archive.clock.now())
    except Unreadable as error:
        # It is ended; its record says nothing to anybody anyhow.
        log.warning("%s", error)
        return
    if is_new:
        told = {"task_id": task_of(instance), "run": instance, "status": Status.CANCELLED}
        line(log, logging.INFO, "A run was ended that nobody waits for", **told)

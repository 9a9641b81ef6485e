"""Durable instances, as much as the triggers ask of them."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Missing
from dirigent.domain.runs import StartRun
from dirigent.domain.waves import Wait

#: Seconds to wait for Durable's answer about one instance.
PATIENCE = 10.0

Kind = TypeVar("Kind")


class Instance(Message, frozen=True, kw_only=True):
    """An instance as Durable knows it."""

    #: Durable's own word: Pending, Running, Completed, Failed, Terminated …
    status: str
    updated: datetime
    #: What it was started with, None when that is no run of this app or was not asked for.
    start: StartRun | None = None
    #: Of one that failed or was ended: the reason.
    reason: str = ""
    #: What it says it waits for.
    waits: tuple[Wait, ...] = ()
    #: Whom it says it has given up, by the names of their steps.
    missing: tuple[Missing, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in ("Completed", "Failed", "Terminated", "Canceled")


class _Told(Message, frozen=True, kw_only=True):
    """What a run says of itself: its custom status."""

    waits: tuple[Wait, ...] = ()
    missing: tuple[Missing, ...] = ()


class InstancesUnavailable(Exception):
    """Durable did not answer; later it may."""


class Instances(Protocol):
    """Starts, finds, ends and forgets instances."""

    async def start(self, pattern: str, start: StartRun) -> None:
        """Start the run; one that runs already counts as started."""

    async def find(self, run: str, *, with_start: bool = False) -> Instance | None:
        """The run's instance, None when there is none; what it was started with only if asked, it is long."""

    async def terminate(self, run: str, reason: str) -> None:
        """End the run; one that has ended stays as it is."""

    async def purge(self, run: str) -> None:
        """Forget the history of a run that ended; it may be gone already."""


class DurableInstances:
    """The same over the SDK's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def start(self, pattern: str, start: StartRun) -> None:
        """Start the run; one that runs already counts as started."""
        wanted = self._client.start_new(pattern, instance_id=start.run, client_input=codec.encode(start))
        try:
            await patiently(wanted, "The run could not be started")
        except InstancesUnavailable:
            # It is an error for an id that runs already, too: Durable knows how it stands.
            if await self.find(start.run) is None:
                raise

    async def find(self, run: str, *, with_start: bool = False) -> Instance | None:
        """The run's instance, None when there is none; what it was started with only if asked."""
        asked = self._client.get_status(run, show_input=with_start)
        status = await patiently(asked, "Durable did not say how the run stands")
        return _to_instance(status) if status else None

    async def terminate(self, run: str, reason: str) -> None:
        """End the run; one that has ended stays as it is."""
        await patiently(self._client.terminate(run, reason), "Durable did not end the run")

    async def purge(self, run: str) -> None:
        """Forget the history of a run that ended; it may be gone already."""
        await patiently(self._client.purge_instance_history(run), "Durable did not forget the run")


async def patiently(asked: Awaitable[Kind], complaint: str) -> Kind:
    """What Durable answers; `InstancesUnavailable` with the complaint when it does not, or not in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asked
    except Exception as error:
        # The SDK raises bare exceptions.
        raise InstancesUnavailable(f"{complaint}: {_told(error)}") from error


def _told(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if text.endswith(".") else f"{text}."


def _to_instance(status: Any) -> Instance:
    updated: datetime = status.last_updated_time or status.created_time
    output, told = status.output, _to_told(status.custom_status)
    return Instance(
        status=status.runtime_status.value,
        updated=updated.astimezone(UTC),
        start=_to_start(status.input_),
        reason=output if isinstance(output, str) else "",
        waits=told.waits,
        missing=told.missing,
    )


def _to_told(told: object) -> _Told:
    try:
        return codec.decode(_Told, told) if isinstance(told, dict) else _Told()
    except codec.Undecodable:
        return _Told()


def _to_start(told: object) -> StartRun | None:
    # The SDK hands inputs over as JSON text, and so they are told; hosts may show what the text says. What
    # fits no run is a voter's instance, or not of this app.
    try:
        if isinstance(told, str):
            return codec.from_json(StartRun, told)
        return codec.decode(StartRun, told) if isinstance(told, dict) else None
    except codec.Undecodable:
        return None

"""Durable instances, as much as the triggers ask of them."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Protocol

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.domain.runs import StartRun
from dirigent.domain.waves import Wait

#: Seconds to wait for Durable's answer about one instance.
PATIENCE = 10.0


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


class _Told(Message, frozen=True, kw_only=True):
    """What a run says of itself: its custom status."""

    waits: tuple[Wait, ...] = ()


class InstancesUnavailable(Exception):
    """Durable did not answer; later it may."""


class Instances(Protocol):
    """Starts, finds and forgets instances."""

    async def start(self, pattern: str, start: StartRun) -> None:
        """Start the run; one that runs already counts as started."""

    async def find(self, run: str, *, with_start: bool = False) -> Instance | None:
        """The run's instance, None when there is none; what it was started with only if asked, it is long."""

    async def purge(self, run: str) -> None:
        """Forget the history of a run that ended; it may be gone already."""


class DurableInstances:
    """The same over the SDK's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def start(self, pattern: str, start: StartRun) -> None:
        """Start the run; one that runs already counts as started."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._client.start_new(pattern, instance_id=start.run, client_input=codec.encode(start))
        except Exception as error:
            # The SDK raises bare exceptions, for an id that runs already too: Durable knows how it stands.
            if await self.find(start.run) is None:
                raise InstancesUnavailable(f"The run could not be started: {_told(error)}") from error

    async def find(self, run: str, *, with_start: bool = False) -> Instance | None:
        """The run's instance, None when there is none; what it was started with only if asked."""
        try:
            async with asyncio.timeout(PATIENCE):
                status = await self._client.get_status(run, show_input=with_start)
        except Exception as error:
            # The SDK raises bare exceptions.
            raise InstancesUnavailable(f"Durable did not say how the run stands: {_told(error)}") from error
        return _to_instance(status) if status else None

    async def purge(self, run: str) -> None:
        """Forget the history of a run that ended; it may be gone already."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._client.purge_instance_history(run)
        except Exception as error:
            # The SDK raises bare exceptions.
            raise InstancesUnavailable(f"Durable did not forget the run: {_told(error)}") from error


def _told(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if text.endswith(".") else f"{text}."


def _to_instance(status: Any) -> Instance:
    updated: datetime = status.last_updated_time or status.created_time
    output = status.output
    return Instance(
        status=status.runtime_status.value,
        updated=updated.astimezone(UTC),
        start=_to_start(status.input_),
        reason=output if isinstance(output, str) else "",
        waits=_to_waits(status.custom_status),
    )


def _to_waits(told: object) -> tuple[Wait, ...]:
    try:
        return codec.decode(_Told, told).waits if isinstance(told, dict) else ()
    except codec.Undecodable:
        return ()


def _to_start(text: object) -> StartRun | None:
    # What the SDK's client started is told as JSON text; anything else was not started by a trigger.
    try:
        return codec.from_json(StartRun, text) if isinstance(text, str) else None
    except codec.Undecodable:
        return None

"""Durable instances that tell many dead letters again."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.domain.redrives import Course, Progress, Redrive
from triggers.instances import InstancesUnavailable, patiently

Kind = TypeVar("Kind")

#: The orchestrator's name.
REDRIVING = "redriving"


class Standing(Message, frozen=True, kw_only=True):
    """How a replay of many stands."""

    redrive: Redrive
    progress: Progress
    updated_at: datetime

    @property
    def has_ended(self) -> bool:
        """Whether it tells no more letters."""
        return self.progress.course is not Course.RUNNING


class RedrivingInstances:
    """Starts, finds and stops them over the SDK's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def start(self, redrive: Redrive) -> None:
        """Start it."""
        wanted = self._client.start_new(REDRIVING, instance_id=redrive.id, client_input=codec.encode(redrive))
        try:
            await patiently(wanted, "The replay could not be started")
        except InstancesUnavailable:
            # What was not answered may have been done.
            if await self.find(redrive.account, redrive.id) is None:
                raise

    async def find(self, account: str, replay: str) -> Standing | None:
        """The replay, None when the account has none of that id."""
        asked = self._client.get_status(replay, show_input=True)
        status = await patiently(asked, "Durable did not say how the replay stands")
        if not status or status.name != REDRIVING:
            return None
        try:
            redrive = _decoded(Redrive, status.input_)
        except codec.Undecodable:
            return None
        if redrive.account != account:
            return None
        updated: datetime = status.last_updated_time or status.created_time
        return Standing(
            redrive=redrive, progress=_progress(status, redrive), updated_at=updated.astimezone(UTC)
        )

    async def stop(self, replay: str, reason: str) -> None:
        """End it; a go that is under way is not cut short."""
        await patiently(self._client.terminate(replay, reason), "Durable did not stop the replay")


def _progress(status: Any, redrive: Redrive) -> Progress:
    try:
        progress = _decoded(Progress, status.custom_status)
    except codec.Undecodable:
        # It has said nothing yet, in this generation; it was begun with what the one before came to.
        progress = redrive.progress
    if status.runtime_status.value in ("Terminated", "Canceled", "Failed"):
        why = status.output if isinstance(status.output, str) else ""
        return replace(progress, course=Course.STOPPED, because=why or "Somebody ended it.")
    return progress


def _decoded(kind: type[Kind], told: object) -> Kind:
    # The SDK hands inputs over as JSON text.
    return codec.from_json(kind, told) if isinstance(told, str) else codec.decode(kind, told)

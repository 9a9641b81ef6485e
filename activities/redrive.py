"""Tell the next of many dead letters again."""

import logging
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from activities.stage import Activity
from dirigent import codec
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.dead_letters import Choice, State
from dirigent.domain.redrives import RedriveGo, Told
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.dead_letters import DeadLetters, readable
from dirigent.records.replays import Replays
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import joined

log = logging.getLogger(__name__)


def redrive(parts: Parts, catalogue: Catalogue) -> Activity:
    """The activity, over these parts; only who is subscribed today is told."""
    letters = DeadLetters(parts.records, parts.artifacts)
    replays = Replays(letters, parts.bus, parts.clock, catalogue.subscriptions)

    async def redrive(order: Any) -> Any:
        go = codec.decode(RedriveGo, order)
        with joined(UNSET if go.traceparent is None else go.traceparent):
            try:
                told = await _counted(letters, go, await _gone(letters, replays, go))
            except (RecordsUnavailable, ArtifactsUnavailable) as error:
                log.warning("%s", error)
                store = "records" if isinstance(error, RecordsUnavailable) else "artifacts"
                told = Told(because=f"The app's {store} did not answer; its log says more.", is_passing=True)
            _tell(go, told)
        return codec.encode(told)

    return redrive


async def _gone(letters: DeadLetters, replays: Replays, go: RedriveGo) -> Told:
    rows, is_last = await letters.due(go.account, go.choice, go.id, behind=go.behind, limit=go.size)
    told = await replays.many(list(readable(rows)), go.id, go.traceparent)
    return replace(told, behind=rows[-1].key if rows else None, is_last=is_last)


async def _counted(letters: DeadLetters, go: RedriveGo, told: Told) -> Told:
    """The same, with those of the whole replay that have come back."""
    back = Choice(batch=go.id, state=State.OPEN)
    # One at least: it is the example of those that came back.
    rows, _ = await letters.rows(go.account, back, limit=max(go.most_returns, 1))
    example = next((kept.letter for kept in readable(rows)), None)
    if example is None:
        return told
    return replace(
        told,
        returned=len(rows),
        returned_letter=example.id,
        returned_because=f"{example.reason}: {example.description}",
    )


def _tell(go: RedriveGo, told: Told) -> None:
    facts: dict[str, str | float | None] = {
        "replay": go.id,
        "replayed": told.replayed,
        "returned": told.returned,
    }
    if told.because:
        line(log, logging.WARNING, "Dead letters could not be replayed", **facts, letter=told.letter)
    else:
        line(log, logging.INFO, "Dead letters were replayed", **facts)

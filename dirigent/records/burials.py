"""Burials of runs that an event started and that failed: the event becomes a dead letter."""

import logging
from datetime import datetime

from dirigent import codec
from dirigent.domain.dead_letters import DeadLetter, State, cause_of, dead_letter_id, replay_id
from dirigent.domain.events import Origin
from dirigent.domain.outcomes import Category
from dirigent.domain.records import RunError, RunRecord
from dirigent.domain.runs import Held
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.records import Records
from dirigent.records.claims import Claims
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.deliveries import Parcel
from dirigent.records.texts import Texts
from dirigent.records.unreadable import Unreadable

log = logging.getLogger(__name__)

#: What is said in one word where a run's failure has none.
RUN_FAILED = "RunFailed"


class Burials:
    """Makes dead letters of failed runs."""

    def __init__(self, records: Records, artifacts: Artifacts) -> None:
        self._claims, self._texts = Claims(records), Texts(artifacts)
        self._letters = DeadLetters(records, artifacts)

    async def bury(self, record: RunRecord, *, at: datetime) -> None:
        """Keep the event of a run that has failed, from now on; told again, it changes nothing.

        Of a run that no event started, or that is a step of another, there is none. Where another run has
        taken its event up since, that one answers for it.
        """
        origin = record.origin
        if origin is None or record.parent is not None:
            return
        if (parcel := await self._parcel(record)) is None:
            return
        error = record.error or RunError(category=Category.PERMANENT, message="Nobody knows why it failed.")
        reason = error.reason or RUN_FAILED
        letter = DeadLetter(
            id=letter_id(origin),
            account=record.account,
            subscription=origin.subscription,
            topic=origin.topic,
            type=origin.type,
            event=first_id(origin),
            correlation_id=origin.correlation_id,
            state=State.OPEN,
            source="run",
            category=error.category,
            reason=reason,
            description=error.message,
            cause=cause_of(origin.subscription, error.category, reason, error.message, error.step),
            enqueued_at=origin.enqueued_at,
            died_at=record.completed_at or record.updated_at,
            # Not the run's own end: one that is learnt of late has its whole time of keeping before it.
            updated_at=at,
            message=Held(),
            is_base64=parcel.is_base64,
            content_type=parcel.content_type or "application/json",
            properties=parcel.properties,
            delivery_count=parcel.delivery_count,
            run=record.run,
            step=error.step,
            replays=0 if origin.replay is None else origin.replay.number,
        )
        try:
            await self._letters.bury(letter, parcel.body)
        except Unreadable as error:
            # Somebody meddled with the letter: that must not keep the run from ending.
            log.error("The event of the failed run %s cannot be kept: %s", record.run, error)

    async def _parcel(self, record: RunRecord) -> Parcel | None:
        """The message as it came; an empty one where that is lost, for that a run failed must not be.

        None where the event is claimed for another run.
        """
        try:
            claim = None if record.claim is None else await self._claims.find(record.account, record.claim)
            if claim is not None and claim.run != record.run:
                log.info("The run %s failed when its event was another's already.", record.run)
                return None
            if claim is not None and claim.message is not None:
                return codec.from_json(Parcel, await self._texts.read(claim.message))
            why = "its claim holds none"
        except (Unreadable, codec.Undecodable) as error:
            why = str(error)
        log.error(
            "The message that started the run %s is lost, and its dead letter empty: %s", record.run, why
        )
        return Parcel(body="")


def letter_id(origin: Origin) -> str:
    """The id of the dead letter that the event becomes; a replay goes back to the one it was told from."""
    if origin.replay is not None:
        return origin.replay.dead_letter
    return dead_letter_id(origin.subscription, origin.event, origin.enqueued_at)


def first_id(origin: Origin) -> str:
    """The message's id as it was told first, as far as that can be seen of a replay's."""
    if origin.replay is None:
        return origin.event
    return origin.event.removesuffix(replay_id("", origin.replay.number))

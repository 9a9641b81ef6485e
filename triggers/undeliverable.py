"""Messages that the bus gave up: each becomes a dead letter, unless it was handled after all."""

import logging
from datetime import datetime

from dirigent.domain.dead_letters import DeadLetter, State, cause_of
from dirigent.domain.outcomes import Category
from dirigent.domain.run_ids import task_of
from dirigent.domain.runs import Held
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.burials import first_id, letter_id
from dirigent.records.claims import Claim, Claims, Standing, message_folder
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.deliveries import Cause, Deliveries
from dirigent.records.unreadable import Unreadable
from dirigent.telemetry.lines import line
from triggers.deliveries import Delivery
from triggers.instances import Instances, InstancesUnavailable
from triggers.receiving import PAUSES, Judged, Receiving
from triggers.verdicts import Verdict

log = logging.getLogger(__name__)

#: How Service Bus calls what nobody fetched in time, and what failed too often.
EXPIRED, EXCEEDED = "TTLExpiredException", "MaxDeliveryCountExceeded"
#: What is said where the bus says nothing.
_UNSAID = {
    EXPIRED: "Nobody heard the event before its time to live was over.",
    EXCEEDED: "Every delivery was cut short before it could say why.",
}


class Undeliverable:
    """Buries what the bus gave up."""

    def __init__(self, parts: Parts, receiving: Receiving) -> None:
        self._clock, self._receiving = parts.clock, receiving
        self._artifacts, self._claims = parts.artifacts, Claims(parts.records)
        self._deliveries = Deliveries(parts.records)
        self._letters = DeadLetters(parts.records, parts.artifacts)

    async def bury(self, delivery: Delivery, instances: Instances) -> DeadLetter | None:
        """The dead letter, kept; None where the message has started its run.

        What does not answer is waited for.
        """
        for pause in (*PAUSES, None):
            try:
                return await self._buried(delivery, instances)
            except (RecordsUnavailable, ArtifactsUnavailable, InstancesUnavailable) as error:
                if pause is None:
                    raise
                why = " ".join(str(error).split())
                log.warning("A dead letter waits %g seconds for what does not answer: %s", pause, why)
                await self._clock.sleep(pause)
        raise AssertionError("The last attempt returns or raises.")

    async def _buried(self, delivery: Delivery, instances: Instances) -> DeadLetter | None:
        origin = delivery.origin
        judged, letter = await self._judged(delivery, instances), None
        claim = judged.claim
        if claim is not None and judged.verdict is Verdict.DONE:
            line(
                log,
                logging.INFO,
                "The bus gave up a message of an event that is taken care of; it is no dead letter",
                task_id=task_of(claim.run),
                subscription=origin.subscription,
                event=origin.event,
                correlation_id=origin.correlation_id,
            )
        else:
            noted = await self._deliveries.find(origin.subscription, delivery.account, origin.event)
            parcel = delivery.parcel
            letter = letter_of(delivery, noted, now=self._clock.now())
            await self._letters.bury(letter, parcel.body)
            if claim is not None and judged.verdict is Verdict.FREE:
                await self._forget_claim(claim, delivery)
        await self._deliveries.forget(origin.subscription, delivery.account, origin.event)
        return letter

    async def _judged(self, delivery: Delivery, instances: Instances) -> Judged:
        try:
            return await self._receiving.judged(delivery, instances)
        except Unreadable as error:
            # Whether it was started nobody can tell any more: then people are to look at it.
            log.warning("A message is taken for dead whose claim is spoilt: %s", error)
            return Judged(claim=None, verdict=Verdict.FREE)

    async def _forget_claim(self, claim: Claim, delivery: Delivery) -> None:
        """Of a start that was cut short and that nobody will take up; not that of another telling."""
        is_own = claim.standing(delivery.origin.replay) is Standing.SAME
        # Only as it was judged: told anew at this moment, the event has its run all the same.
        if is_own and await self._claims.drop(claim):
            await self._artifacts.delete_under(message_folder(claim.run))


def letter_of(delivery: Delivery, noted: Cause | None, *, now: datetime) -> DeadLetter:
    """The dead letter that a message becomes which the bus gave up."""
    origin, parcel, reason = delivery.origin, delivery.parcel, delivery.dead_reason or EXCEEDED
    # The bus counts this delivery, too, though it is none to the subscription.
    count = max(parcel.delivery_count - 1, 0) if noted is None else noted.delivery_count
    if reason == EXPIRED:
        # Whatever happened to it before: its time was over.
        noted = None
    category = Category.TIMEOUT if reason == EXPIRED else Category.TRANSIENT
    description = delivery.dead_description or _UNSAID.get(reason, "The bus does not say why.")
    if noted is None and reason == EXCEEDED:
        description = _UNSAID[EXCEEDED]
    if noted is not None:
        category, description = noted.category, noted.description
    what = reason if noted is None else noted.reason
    return DeadLetter(
        id=letter_id(origin),
        account=delivery.account,
        subscription=origin.subscription,
        topic=origin.topic,
        type=origin.type,
        event=first_id(origin),
        correlation_id=origin.correlation_id,
        state=State.OPEN,
        source="bus",
        category=category,
        reason=reason,
        description=description,
        cause=cause_of(origin.subscription, category, what, description, None),
        enqueued_at=origin.enqueued_at,
        died_at=now,
        updated_at=now,
        message=Held(),
        is_base64=parcel.is_base64,
        content_type=parcel.content_type,
        properties=parcel.properties,
        delivery_count=count,
        replays=0 if origin.replay is None else origin.replay.number,
    )

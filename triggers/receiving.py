"""Receives events: each starts one run for a subscription, however often it is delivered."""

import logging
import secrets
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from dirigent import codec
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.events import Origin
from dirigent.domain.inputs import InputRefused
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category
from dirigent.domain.run_ids import RANDOM_BITS, new_run_id
from dirigent.domain.runs import Held
from dirigent.domain.selections import checked
from dirigent.domain.subscriptions import Subscription, given
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.burials import first_id
from dirigent.records.claims import Claim, Claims, Standing, event_key, message_folder
from dirigent.records.texts import Texts, inline
from dirigent.settings import Settings
from dirigent.telemetry.tracing import carried
from triggers.bodies import value_of
from triggers.deliveries import Delivery, Poison
from triggers.identity import Caller
from triggers.instances import Instances, InstancesUnavailable
from triggers.problems import Refused
from triggers.starting import Started, Starting, Wanted
from triggers.verdicts import Verdict, Verdicts

log = logging.getLogger(__name__)

#: Seconds before each further attempt where a store does not answer: of three deliveries none may be burnt
#: in a moment, and all this fits into the five minutes for which a message is locked.
PAUSES = (1.0, 5.0, 20.0, 60.0, 120.0)
#: Seconds between looks for a run that another host is just starting.
LOOK = 1.0


class Judged(Message, frozen=True, kw_only=True):
    """What has come of a message."""

    #: The event's, if there is one.
    claim: Claim | None
    verdict: Verdict


class Receiving:
    """Starts the run of a delivery behind a claim that outlives it."""

    def __init__(self, parts: Parts, catalogue: Catalogue, settings: Settings) -> None:
        self._clock, self._catalogue = parts.clock, catalogue
        self._lease = timedelta(seconds=settings.claim_lease)
        self._starting = Starting(parts, catalogue, lease=settings.claim_lease)
        self._claims, self._texts = Claims(parts.records), Texts(parts.artifacts)
        self._artifacts = parts.artifacts
        self._verdicts = Verdicts(parts, self._starting, lease=self._lease)

    async def receive(self, delivery: Delivery, subscription: Subscription, instances: Instances) -> Started:
        """The event's run: started now, or by a delivery before; `Poison` where nothing can come of it.

        What does not answer is waited for.
        """
        for pause in (*PAUSES, None):
            try:
                return await self._received(delivery, subscription, instances)
            except (RecordsUnavailable, ArtifactsUnavailable, InstancesUnavailable, Refused) as error:
                if pause is None:
                    raise
                why = " ".join(str(error).split())
                log.warning("An event waits %g seconds for what does not answer: %s", pause, why)
                await self._clock.sleep(pause)
        raise AssertionError("The last attempt returns or raises.")

    async def judged(self, delivery: Delivery, instances: Instances) -> Judged:
        """What has come of the message, once nobody can be about to start its run."""
        while (claim := await self._claim(delivery)) is not None:
            verdict = await self._verdicts.of(claim, delivery.origin.replay, instances)
            if verdict is not Verdict.WAIT:
                return Judged(claim=claim, verdict=verdict)
            await self._clock.sleep(max(self._verdicts.left(claim).total_seconds(), 0))
        return Judged(claim=None, verdict=Verdict.FREE)

    async def _received(
        self, delivery: Delivery, subscription: Subscription, instances: Instances
    ) -> Started:
        try:
            wanted = self._wanted(delivery, subscription)
        except Poison:
            # It may have fitted when it came first: the catalogue has changed since, and all is done.
            claim = await self._claim(delivery)
            if claim is None or await self._verdict(claim, delivery, instances) is not Verdict.DONE:
                raise
            return Started(run=claim.run, is_replay=True)
        return await self._claimed(wanted, delivery, instances)

    def _wanted(self, delivery: Delivery, subscription: Subscription) -> Wanted:
        delivery.check()
        workflow = self._catalogue.workflows.get(subscription.workflow)
        if workflow is None:
            raise Poison(
                "unknown_workflow",
                f"The subscription {subscription.name!r} starts the workflow {subscription.workflow!r}, "
                "which the catalogue has no more.",
            )
        body = given(subscription, delivery.origin, _data(delivery))
        try:
            values = checked(workflow, body)
        except InputRefused as error:
            raise Poison(
                "input", f"The event does not fit the workflow {workflow.name!r}: {error}"
            ) from error
        return Wanted(
            caller=Caller(account=delivery.account, user=delivery.user),
            workflow=workflow,
            values=values,
            traceparent=carried(),
            origin=delivery.origin,
            max_wait=subscription.max_wait,
        )

    async def _claimed(self, wanted: Wanted, delivery: Delivery, instances: Instances) -> Started:
        """The run of the event's claim, whoever made it."""
        while True:
            claim = self._new_claim(delivery)
            held = await self._claims.make(claim)
            if held is None:
                return await self._start(wanted, delivery, claim, instances)
            verdict = await self._verdict(held, delivery, instances)
            if verdict is Verdict.DONE:
                return Started(run=held.run, is_replay=True)
            if verdict is Verdict.UNDER_WAY:
                raise _under_way(held)
            if verdict is Verdict.WAIT:
                # Another host is about to start it, or was cut short: not done before it is there.
                left = max(self._verdicts.left(held).total_seconds(), 0)
                await self._clock.sleep(min(LOOK, left))
                continue
            taken = await self._taken_over(held, claim, delivery)
            if taken is not None:
                return await self._start(wanted, delivery, taken, instances)

    async def _taken_over(self, held: Claim, claim: Claim, delivery: Delivery) -> Claim | None:
        """The claim that is ours now, None where somebody else was faster."""
        if held.standing(delivery.origin.replay) is Standing.SAME:
            now, message = self._clock.now(), _held(delivery, held.run)
            renewed = replace(held, claimed_at=now, message=message)
            return renewed if await self._claims.renew(held, at=now, message=message) else None
        if not await self._claims.move(held, claim):
            return None
        try:
            # What the other run was to be started with: nobody asks for it any more.
            await self._artifacts.delete_under(message_folder(held.run))
        except ArtifactsUnavailable as error:
            log.warning("The message of the run %s is not removed: %s", held.run, error)
        return claim

    async def _start(self, wanted: Wanted, delivery: Delivery, claim: Claim, instances: Instances) -> Started:
        try:
            if claim.message is not None and claim.message.artifact is not None:
                await self._texts.keep(_parcel(delivery), name=claim.message.artifact)
        except ArtifactsUnavailable:
            await self._starting.release(claim)
            raise
        # Nobody is turned away at the edge: the run waits at its account's gate itself.
        return await self._starting.start_claimed(wanted, claim, instances, None)

    def _new_claim(self, delivery: Delivery) -> Claim:
        now = self._clock.now()
        run = new_run_id(now, secrets.randbits(RANDOM_BITS))
        origin, replay = delivery.origin, delivery.origin.replay
        return Claim(
            account=delivery.account,
            key=claim_key_of(origin),
            run=run,
            body=sha256(delivery.body).hexdigest(),
            claimed_at=now,
            started=False,
            etag="",
            message=_held(delivery, run),
            replay=0 if replay is None else replay.number,
            letter="" if replay is None else replay.dead_letter,
        )

    async def _claim(self, delivery: Delivery) -> Claim | None:
        return await self._claims.find(delivery.account, claim_key_of(delivery.origin))

    async def _verdict(self, claim: Claim, delivery: Delivery, instances: Instances) -> Verdict:
        return await self._verdicts.of(claim, delivery.origin.replay, instances)


def claim_key_of(origin: Origin) -> str:
    """The key of the claim that an event and all its replays share."""
    return event_key(origin.subscription, first_id(origin))


def _under_way(claim: Claim) -> Poison:
    return Poison(
        "under_way",
        f"The event is being handled by the run {claim.run!r}: wait for its end before telling it again.",
        category=Category.TRANSIENT,
    )


def _data(delivery: Delivery) -> dict[str, object]:
    try:
        data = value_of(delivery.body)
    except Refused as refused:
        raise Poison("body", refused.sentence) from refused
    if not isinstance(data, dict):
        raise Poison("body", "The body is no JSON object: send the event's data as one.")
    return data


def _parcel(delivery: Delivery) -> str:
    return codec.to_json(delivery.parcel).decode()


def _held(delivery: Delivery, run: str) -> Held:
    """The message as the claim of that run holds it."""
    return inline(_parcel(delivery)) or Held(artifact=f"{message_folder(run)}message.json")

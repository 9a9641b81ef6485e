"""Starts runs: one for each request, and one for all requests that name the same idempotency key."""

import asyncio
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from msgspec import UNSET, UnsetType

from dirigent import codec
from dirigent.domain.catalogue import Catalogue, Workflow
from dirigent.domain.events import Origin
from dirigent.domain.messages import Message
from dirigent.domain.run_ids import RANDOM_BITS, accepted_at, new_run_id
from dirigent.domain.runs import StartRun
from dirigent.domain.selections import left_out
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claim, Claims, claim_key
from dirigent.records.runs import Runs
from dirigent.records.texts import Texts
from triggers.edge import Edge
from triggers.freezing import Freezing, without
from triggers.gatehouse import Gates
from triggers.identity import Caller
from triggers.instances import Instances, InstancesUnavailable
from triggers.problems import Refused

#: Seconds between looks for a run that another request is just starting; real ones, for that takes moments.
LOOKS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


class Wanted(Message, frozen=True, kw_only=True):
    """What a caller wants started."""

    caller: Caller
    workflow: Workflow
    values: dict[str, object]
    #: The caller named no branches, and the catalogue's were filled in: another day it may have others.
    is_filled_in: bool = False
    #: The caller's idempotency key.
    key: str | None = None
    #: The trace of the request.
    traceparent: str | UnsetType = UNSET
    #: The event that wants it.
    origin: Origin | UnsetType = UNSET
    #: Seconds it waits at gates; None is as long as the workflow says.
    max_wait: float | None = None


class Started(Message, frozen=True, kw_only=True):
    """A run that is under way, or was."""

    run: str
    #: An earlier request with the same key has started it.
    is_replay: bool = False


class _NotStarted(Exception):
    """Another request has claimed the key, and no run of it has come up."""


class Starting:
    """Freezes what a run needs and hands it over, behind a claim where the caller names a key."""

    def __init__(
        self, parts: Parts, catalogue: Catalogue, *, lease: float, looks: tuple[float, ...] = LOOKS
    ) -> None:
        self._clock = parts.clock
        self._edge = Edge(parts.clock, catalogue)
        self._claims = Claims(parts.records)
        self._runs = Runs(parts.records, parts.artifacts)
        self._texts = Texts(parts.artifacts)
        self._freezing = Freezing(catalogue, parts.artifacts)
        self._lease, self._looks = timedelta(seconds=lease), looks

    async def start(self, wanted: Wanted, instances: Instances, gates: Gates) -> Started:
        """The run, started by this request or by the one that came first with its key."""
        now = self._clock.now()
        run = new_run_id(now, secrets.randbits(RANDOM_BITS))
        if wanted.key is None:
            await self._edge.check(wanted.caller, gates)
            await instances.start(wanted.workflow.pattern, await self._frozen(wanted, run, claim=None))
            return Started(run=run)
        claim = _claim(wanted, wanted.key, run, now)
        held = await self._claims.make(claim)
        if held is None:
            return await self.start_claimed(wanted, claim, instances, gates)
        if held.body != claim.body:
            raise Refused(
                409,
                f"The Idempotency-Key {wanted.key!r} was used for another input of the workflow "
                f"{wanted.workflow.name!r}: use a new key for a new run, or send the same input again.",
            )
        try:
            return await self._start_again(wanted, held, instances, gates)
        except _NotStarted as unknown:
            # The request before may have been refused, and so have freed the key.
            if await self._claims.make(claim) is None:
                return await self.start_claimed(wanted, claim, instances, gates)
            await self._edge.check(wanted.caller, gates)
            raise self._unknown(held) from unknown

    async def _start_again(self, wanted: Wanted, held: Claim, instances: Instances, gates: Gates) -> Started:
        """Answer a repeated request; start its run only if nobody did and nobody is about to."""
        replay = Started(run=held.run, is_replay=True)
        if held.started:
            return replay
        now = self._clock.now()
        is_abandoned = now - held.claimed_at >= self._lease and not await self.is_known(held, instances)
        if is_abandoned and await self._claims.renew(held, at=now):
            return await self.start_claimed(wanted, replace(held, claimed_at=now), instances, gates)
        await self._until_known(held, instances)
        return replay

    async def start_claimed(
        self, wanted: Wanted, claim: Claim, instances: Instances, gates: Gates | None
    ) -> Started:
        """Start the claim's run, for whoever has just made the claim or taken it over.

        Without gates nobody is turned away at the edge.
        """
        try:
            if gates is not None:
                await self._edge.check(wanted.caller, gates)
            start = await self._frozen(wanted, claim.run, claim=claim.key)
        except (Refused, RecordsUnavailable, ArtifactsUnavailable, InstancesUnavailable):
            # Nothing was handed over: the same key may start the run later.
            await self.release(claim)
            raise
        # Whoever dawdles past the lease may be overtaken, and starting an ended run's id would run it anew.
        if self._clock.now() - claim.claimed_at > self._lease / 2:
            raise Refused(
                503, "The start took too long. Send the request again.", headers={"Retry-After": "1"}
            )
        await instances.start(wanted.workflow.pattern, start)
        return Started(run=claim.run)

    async def release(self, claim: Claim) -> None:
        """Free the key of a run that was not handed over, as long as nobody can have taken it over."""
        if self._clock.now() - claim.claimed_at > self._lease / 2:
            return
        try:
            await self._claims.forget(claim.account, claim.key, run=claim.run)
        except RecordsUnavailable:
            return  # the lease frees it

    async def _until_known(self, held: Claim, instances: Instances) -> None:
        """Return when the run is there: a 202 for one that may never begin would be a lie."""
        for pause in (*self._looks, None):
            if await self.is_known(held, instances):
                return
            if pause is not None:
                await asyncio.sleep(pause)
        raise _NotStarted

    def _unknown(self, held: Claim) -> Refused:
        left = self._lease - (self._clock.now() - held.claimed_at)
        seconds = max(1, ceil(left.total_seconds()))
        return Refused(
            503,
            "An earlier request with this Idempotency-Key has not started its run yet. If it was cut short, "
            f"this request starts it when sent again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )

    async def is_known(self, held: Claim, instances: Instances) -> bool:
        """Whether the claim's run is under way, or was."""
        if await instances.find(held.run) is not None:
            return True
        # A record without an instance: it ran and was purged before its claim could be marked.
        return await self._runs.get(held.account, held.run) is not None

    async def _frozen(self, wanted: Wanted, run: str, *, claim: str | None) -> StartRun:
        """All the run needs, so that editing the catalogue changes later runs only."""
        workflow = wanted.workflow
        frozen = await self._freezing.frozen(workflow.name)
        frozen = without(frozen, left_out(workflow, wanted.values))
        text = codec.to_json(wanted.values).decode()
        return StartRun(
            run=run,
            account=wanted.caller.account,
            user=wanted.caller.user,
            workflow=workflow.name,
            type=workflow.type,
            definition=frozen.definition,
            plan=frozen.plan,
            input=await self._texts.keep(
                text, name=f"runs/{run}/input.json", content_type="application/json"
            ),
            created_at=accepted_at(run),
            timeout=workflow.timeout,
            claim=claim,
            max_wait=workflow.max_wait if wanted.max_wait is None else wanted.max_wait,
            team=frozen.team,
            election=frozen.election,
            traceparent=wanted.traceparent,
            origin=wanted.origin,
        )


def _claim(wanted: Wanted, key: str, run: str, now: datetime) -> Claim:
    account, workflow = wanted.caller.account, wanted.workflow.name
    own = {
        name: value
        for name, value in wanted.values.items()
        if not (wanted.is_filled_in and name == wanted.workflow.select)
    }
    asked = json.dumps([account, workflow, own], sort_keys=True)
    return Claim(
        account=account,
        key=claim_key(workflow, key),
        run=run,
        body=sha256(asked.encode()).hexdigest(),
        claimed_at=now,
        started=False,
        etag="",
    )

"""Receiving events."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dirigent import codec
from dirigent.domain.events import Origin
from dirigent.domain.run_ids import accepted_at
from dirigent.domain.runs import Held, StartRun
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable, Row, Values
from dirigent.records.claims import Claim, Claims, event_key
from dirigent.records.deliveries import Parcel
from dirigent.records.runs import Runs
from dirigent.records.texts import Texts
from triggers.deliveries import Delivery, Poison, delivery_of
from triggers.instances import DurableInstances, InstancesUnavailable
from triggers.receiving import PAUSES, Receiving
from triggers.starting import Started

NAME = "write-orders"
LEASE = timedelta(seconds=60)


def delivery(heard: Any, body: bytes = b'{"topic":"tea"}', **told: Any) -> Delivery:
    """A delivery to the subscription."""
    subscription = heard.catalogue.subscriptions[NAME]
    return delivery_of(heard.delivered(body, **told), subscription, heard.settings, now=heard.clock.now())


async def receiving(heard: Any, came: Delivery, parts: Parts | None = None) -> Started:
    """Whatever comes of the delivery."""
    desk = Receiving(parts or heard.parts, heard.catalogue, heard.settings)
    return await desk.receive(came, heard.catalogue.subscriptions[NAME], DurableInstances(heard.client))


def receive(heard: Any, came: Delivery | None = None, parts: Parts | None = None) -> Started:
    """Receive it."""
    return asyncio.run(receiving(heard, came or delivery(heard), parts))


def start_of(heard: Any, run: str) -> StartRun:
    """What the run was started with."""
    return codec.from_json(StartRun, heard.client.instances[run]["input"])


def claim_of(heard: Any, message: str = "m-1", account: str = "default") -> Claim | None:
    """The message's claim."""
    return asyncio.run(Claims(heard.parts.records).find(account, event_key(NAME, message)))


def cut_short(heard: Any) -> str:
    """A host claims the message and is gone before the run is handed over; the run's id."""

    class Killed(BaseException):
        pass

    class Dying(DurableInstances):
        async def start(self, pattern: str, start: StartRun) -> None:
            raise Killed

    desk = Receiving(heard.parts, heard.catalogue, heard.settings)
    with pytest.raises(Killed):
        asyncio.run(desk.receive(delivery(heard), heard.catalogue.subscriptions[NAME], Dying(heard.client)))
    claim = claim_of(heard)
    assert claim is not None
    return claim.run


def mark(heard: Any, message: str = "m-1") -> None:
    """The message's run has opened its record."""
    claim = claim_of(heard, message)
    assert claim is not None
    asyncio.run(Claims(heard.parts.records).mark("default", claim.key, run=claim.run))


def end(heard: Any, run: str, status: str) -> None:
    """The run ends so, by Durable's word, and its record says so."""
    heard.client.put(run, status)
    start = start_of(heard, run)
    runs = Runs(heard.parts.records, heard.parts.artifacts)
    asyncio.run(runs.open(start, at=heard.clock.now()))
    mark(heard, start.origin.event if isinstance(start.origin, Origin) else "")
    if status == "Completed":
        asyncio.run(runs.complete("default", run, Held(text="{}"), at=heard.clock.now()))


class Away:
    """Records that do not answer so often, and then do."""

    def __init__(self, heard: Any, times: int) -> None:
        self._records, self.times = heard.parts.records, times

    async def insert(self, table: str, partition: str, key: str, values: Values) -> str:
        self.times -= 1
        if self.times >= 0:
            raise RecordsUnavailable("away")
        return str(await self._records.insert(table, partition, key, values))

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        found: Row | None = await self._records.get(table, partition, key)
        return found


def test_an_event_starts_a_run_that_tells_whence_it_comes(heard: Any) -> None:
    came = delivery(heard, UserProperties={"account": "acme", "user": "ann", "hops": 3})
    started = receive(heard, came)

    start = start_of(heard, started.run)
    assert heard.client.instances[started.run]["name"] == "sequential"
    assert (start.account, start.user, start.workflow) == ("acme", "ann", "content-creation")
    assert (start.input.text, start.claim) == ('{"topic":"tea"}', event_key(NAME, "m-1"))
    assert start.origin == came.origin
    assert (came.origin.hops, came.origin.correlation_id) == (3, "order-7")


def test_the_claim_holds_the_message_as_it_came(heard: Any) -> None:
    receive(heard, delivery(heard, UserProperties={"kind": "tea", "urgent": True, "weight": 1.5}))

    claim = claim_of(heard)
    assert claim is not None
    assert claim.message is not None
    assert codec.from_json(Parcel, claim.message.text or "") == Parcel(
        body='{"topic":"tea"}',
        content_type="application/json",
        properties={"kind": "tea", "urgent": True, "weight": 1.5},
        delivery_count=1,
    )


def test_a_long_message_is_held_beside_the_runs(heard: Any) -> None:
    body = b'{"topic":"' + b"t" * 90_000 + b'"}'
    started = receive(heard, delivery(heard, body))

    claim = claim_of(heard)
    assert claim is not None
    assert claim.message == Held(artifact=f"events/{started.run}/message.json")
    text = asyncio.run(Texts(heard.parts.artifacts).read(claim.message))
    assert codec.from_json(Parcel, text).body == body.decode()
    assert start_of(heard, started.run).input.artifact == f"runs/{started.run}/input.json"


def test_a_body_of_250_kilobytes_that_fits_no_field_starts_nothing(heard: Any) -> None:
    with pytest.raises(Poison, match="shorten it to 100000") as poison:
        receive(heard, delivery(heard, b'{"topic":"' + b"t" * 250_000 + b'"}'))

    assert (poison.value.failure.reason, heard.client.started) == ("input", [])
    assert claim_of(heard) is None


def test_an_event_starts_nothing_twice_whatever_became_of_its_run(heard: Any) -> None:
    first = receive(heard)
    again = [receive(heard)]
    end(heard, first.run, "Completed")
    again.append(receive(heard))
    heard.client.instances.clear()
    heard.clock.time += timedelta(days=20)
    again.append(receive(heard))

    assert again == [Started(run=first.run, is_replay=True)] * 3
    assert heard.client.started == [first.run]


def test_a_message_of_the_same_id_is_the_same_event_whatever_it_says(heard: Any) -> None:
    first = receive(heard)

    assert receive(heard, delivery(heard, b'{"topic":"coffee"}')).run == first.run
    assert len(heard.client.started) == 1


def test_accounts_and_subscriptions_do_not_meet(heard: Any) -> None:
    first = receive(heard)
    second = receive(heard, delivery(heard, UserProperties={"account": "acme"}))

    assert first.run != second.run
    assert claim_of(heard, account="acme") != claim_of(heard)


def test_an_event_that_ten_hosts_are_given_at_once_starts_one_run(heard: Any) -> None:
    async def at_once() -> list[Started]:
        return await asyncio.gather(*(receiving(heard, delivery(heard)) for _ in range(10)))

    started = asyncio.run(at_once())

    assert {one.run for one in started} == set(heard.client.started)
    assert sorted(one.is_replay for one in started) == [False] + [True] * 9


def test_a_host_that_dies_between_claim_and_start_is_waited_for_and_then_replaced(heard: Any) -> None:
    run, began = cut_short(heard), heard.clock.now()

    assert receive(heard) == Started(run=run)
    assert heard.clock.now() - began >= LEASE
    assert start_of(heard, run).created_at == accepted_at(run)
    assert receive(heard) == Started(run=run, is_replay=True)


def test_whoever_takes_a_claim_over_puts_its_own_message_into_it(heard: Any) -> None:
    cut_short(heard)
    long = delivery(heard, b'{"topic":"' + b"t" * 50_000 + b'"}', DeliveryCount=2)
    started = receive(heard, long)

    claim = claim_of(heard)
    assert claim is not None
    assert claim.message == Held(artifact=f"events/{started.run}/message.json")


def test_an_abandoned_claim_is_taken_over_once_however_many_hosts_try(heard: Any) -> None:
    run = cut_short(heard)
    heard.clock.time += LEASE

    async def at_once() -> list[Started]:
        return await asyncio.gather(*(receiving(heard, delivery(heard)) for _ in range(5)))

    started = asyncio.run(at_once())

    assert {one.run for one in started} == {run}
    assert [one.is_replay for one in started].count(False) == 1
    assert heard.client.started == [run]


def test_a_host_that_dies_between_start_and_completion_has_started_the_run(heard: Any) -> None:
    first = receive(heard)
    heard.clock.time += timedelta(days=1)

    assert receive(heard) == Started(run=first.run, is_replay=True)
    assert heard.client.started == [first.run]


def test_a_run_whose_claim_could_not_be_marked_is_known_by_its_record(heard: Any) -> None:
    first = receive(heard)
    start = start_of(heard, first.run)
    runs = Runs(heard.parts.records, heard.parts.artifacts)
    asyncio.run(runs.open(start, at=heard.clock.now()))
    heard.client.instances.clear()
    heard.clock.time += timedelta(days=1)

    assert receive(heard) == Started(run=first.run, is_replay=True)
    assert heard.client.started == [first.run]


def test_an_account_whose_starts_are_used_up_is_not_turned_away(heard: Any) -> None:
    heard.exhaust()

    assert not receive(heard).is_replay


def test_a_workflow_that_is_gone_from_the_catalogue_makes_poison_of_its_events(heard: Any) -> None:
    heard.catalogue = msgspec.structs.replace(heard.catalogue, workflows={})

    with pytest.raises(Poison, match="which the catalogue has no more") as poison:
        receive(heard)
    assert poison.value.failure.reason == "unknown_workflow"


def test_what_was_handled_before_its_workflow_was_edited_stays_handled(heard: Any) -> None:
    first = receive(heard)
    mark(heard)
    heard.catalogue = msgspec.structs.replace(heard.catalogue, workflows={})

    assert receive(heard) == Started(run=first.run, is_replay=True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"topic":', "is not valid JSON"),
        (b"", "is not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"topic":"a","topic":"b"}', "stands twice"),
        (b'{"topic":NaN}', "no JSON number"),
        (b'["tea"]', "no JSON object"),
        (b"null", "no JSON object"),
    ],
)
def test_a_body_that_is_no_event_is_poison(heard: Any, body: bytes, why: str) -> None:
    with pytest.raises(Poison, match=why) as poison:
        receive(heard, delivery(heard, body))

    assert (poison.value.failure.reason, heard.client.started) == ("body", [])


@pytest.mark.parametrize("body", [b'{"topic":7}', b"{}", b'{"topic":"tea","colour":"red"}'])
def test_data_that_does_not_fit_the_workflow_is_poison(heard: Any, body: bytes) -> None:
    with pytest.raises(Poison, match="does not fit the workflow 'content-creation'") as poison:
        receive(heard, delivery(heard, body))

    assert poison.value.failure.reason == "input"


def test_wrong_properties_are_poison_before_anything_is_claimed(heard: Any) -> None:
    with pytest.raises(Poison, match="'hops' is 'three'"):
        receive(heard, delivery(heard, UserProperties={"hops": "three"}))

    assert claim_of(heard) is None


def test_stores_that_do_not_answer_are_waited_for_within_the_delivery(heard: Any) -> None:
    began = heard.clock.now()
    away: Any = Away(heard, times=3)

    assert not receive(heard, parts=replace(heard.parts, records=away)).is_replay
    assert heard.clock.now() - began == timedelta(seconds=sum(PAUSES[:3]))


def test_stores_that_never_answer_fail_the_delivery_after_minutes(heard: Any) -> None:
    began = heard.clock.now()
    away: Any = Away(heard, times=100)
    with pytest.raises(RecordsUnavailable):
        receive(heard, parts=replace(heard.parts, records=away))

    assert heard.clock.now() - began == timedelta(seconds=sum(PAUSES))


def test_a_message_that_cannot_be_kept_frees_its_claim_until_it_can(heard: Any) -> None:
    class Full:
        times = 1

        async def put(self, name: str, content: bytes, *, content_type: str) -> str:
            if name.startswith("events/") and self.times:
                self.times -= 1
                raise ArtifactsUnavailable("full")
            return str(await heard.parts.artifacts.put(name, content, content_type=content_type))

    began, full = heard.clock.now(), Full()
    parts: Any = replace(heard.parts, artifacts=full)

    assert not receive(heard, delivery(heard, b'{"topic":"' + b"t" * 50_000 + b'"}'), parts).is_replay
    assert heard.clock.now() - began == timedelta(seconds=PAUSES[0])


def test_durable_that_does_not_answer_is_waited_for(heard: Any) -> None:
    class Awakening(DurableInstances):
        times = 2

        async def start(self, pattern: str, start: StartRun) -> None:
            if self.times:
                self.times -= 1
                raise InstancesUnavailable("asleep")
            await super().start(pattern, start)

    desk = Receiving(heard.parts, heard.catalogue, heard.settings)
    waking = Awakening(heard.client)
    started = asyncio.run(desk.receive(delivery(heard), heard.catalogue.subscriptions[NAME], waking))

    assert heard.client.started == [started.run]

"""Receiving replays of dead letters."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.dead_letters import dead_letter_id, replay_id
from dirigent.domain.events import Replay
from dirigent.domain.outcomes import Category
from dirigent.domain.records import RunError
from dirigent.domain.runs import Held, StartRun, Status
from dirigent.records.burials import first_id
from dirigent.records.claims import Claims, event_key
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.runs import Runs, opened
from triggers.deliveries import Delivery, Poison, delivery_of
from triggers.instances import DurableInstances
from triggers.receiving import Receiving
from triggers.starting import Started
from triggers.undeliverable import letter_of

NAME = "write-orders"


def delivery(heard: Any, event: str = "m-1", number: int = 0) -> Delivery:
    """A delivery of the event, or of its replay of that number."""
    subscription = heard.catalogue.subscriptions[NAME]
    told: dict[str, Any] = {"MessageId": event}
    if number:
        letter = dead_letter_id(NAME, event, delivery(heard, event).origin.enqueued_at)
        properties = {"replay_for": NAME, "dead_letter": letter, "replay": number}
        told = {"MessageId": replay_id(event, number), "UserProperties": properties}
    return delivery_of(heard.delivered(**told), subscription, heard.settings, now=heard.clock.now())


def receive(heard: Any, came: Delivery) -> Started:
    """Receive it."""
    desk = Receiving(heard.parts, heard.catalogue, heard.settings)
    received = desk.receive(came, heard.catalogue.subscriptions[NAME], DurableInstances(heard.client))
    return asyncio.run(received)


def end(heard: Any, came: Delivery, status: Status) -> str:
    """The run of that delivery, started and ended so."""
    run = receive(heard, came).run
    runs, now = Runs(heard.parts.records, heard.parts.artifacts), heard.clock.now()
    start = codec.from_json(StartRun, heard.client.instances[run]["input"])
    asyncio.run(runs.open(start, at=now))
    asyncio.run(Claims(heard.parts.records).mark("default", event_key(NAME, first_id(came.origin)), run=run))
    why = RunError(category=Category.TRANSIENT, message="away")
    if status is Status.COMPLETED:
        asyncio.run(runs.complete("default", run, Held(text="{}"), at=now))
    elif status is Status.CANCELLED:
        asyncio.run(runs.cancel("default", run, "no", at=now))
    elif status is Status.FAILED:
        failed = replace(opened(start, at=now), status=Status.FAILED, error=why, completed_at=now)
        asyncio.run(runs.end(failed))
    heard.client.put(run, "Running" if status is Status.IN_PROGRESS else "Completed")
    return run


def test_a_replay_starts_a_run_of_its_own(heard: Any) -> None:
    end(heard, delivery(heard), Status.FAILED)
    came = delivery(heard, number=1)
    started = receive(heard, came)

    start = codec.from_json(StartRun, heard.client.instances[started.run]["input"])
    assert not started.is_replay
    assert came.origin.replay == Replay(
        dead_letter=dead_letter_id(NAME, "m-1", came.origin.enqueued_at), number=1, subscription=NAME
    )
    assert start.origin == came.origin


def test_the_same_replay_delivered_again_starts_nothing(heard: Any) -> None:
    first = receive(heard, delivery(heard, number=1))

    assert receive(heard, delivery(heard, number=1)) == Started(run=first.run, is_replay=True)


def test_a_replay_of_what_was_handled_since_starts_nothing(heard: Any) -> None:
    run = end(heard, delivery(heard), Status.COMPLETED)

    assert receive(heard, delivery(heard, number=1)) == Started(run=run, is_replay=True)
    assert heard.client.started == [run]


def test_a_replay_of_what_an_earlier_replay_has_done_starts_nothing(heard: Any) -> None:
    end(heard, delivery(heard), Status.FAILED)
    second = end(heard, delivery(heard, number=1), Status.COMPLETED)

    assert receive(heard, delivery(heard, number=2)) == Started(run=second, is_replay=True)


def test_a_replay_is_no_second_run_beside_one_that_goes_on(heard: Any) -> None:
    run = end(heard, delivery(heard), Status.IN_PROGRESS)

    with pytest.raises(Poison, match=f"being handled by the run '{run}'") as poison:
        receive(heard, delivery(heard, number=1))
    assert (poison.value.failure.category, poison.value.failure.reason) == (Category.TRANSIENT, "under_way")


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_a_replay_starts_anew_what_came_to_nothing(heard: Any, status: Status) -> None:
    end(heard, delivery(heard), status)

    assert not receive(heard, delivery(heard, number=1)).is_replay


@pytest.mark.parametrize(("status", "is_replay"), [(Status.COMPLETED, True), (Status.FAILED, False)])
def test_a_replay_knows_how_a_run_ended_that_is_forgotten(
    heard: Any, status: Status, is_replay: bool
) -> None:
    run = end(heard, delivery(heard), status)
    runs, claims = Runs(heard.parts.records, heard.parts.artifacts), Claims(heard.parts.records)
    record = asyncio.run(runs.get("default", run))
    assert record is not None
    forgotten = claims.outlive(
        "default", event_key(NAME, "m-1"), run=run, status=status, at=heard.clock.now()
    )
    asyncio.run(forgotten)
    asyncio.run(runs.forget(record))
    heard.client.instances.clear()

    assert receive(heard, delivery(heard, number=1)).is_replay is is_replay


def test_a_long_id_is_found_again_by_the_dead_letter(heard: Any) -> None:
    event = "m" * 120
    came = delivery(heard, event)
    letters = DeadLetters(heard.parts.records, heard.parts.artifacts)
    asyncio.run(letters.bury(letter_of(came, None, now=heard.clock.now()), came.parcel.body))
    run = end(heard, came, Status.COMPLETED)

    assert receive(heard, delivery(heard, event, number=1)) == Started(run=run, is_replay=True)


def test_a_claim_whose_run_never_came_up_does_not_keep_a_replay_from_starting(heard: Any) -> None:
    receive(heard, delivery(heard))
    heard.client.instances.clear()
    heard.clock.time += timedelta(hours=1)

    assert not receive(heard, delivery(heard, number=1)).is_replay


def test_told_anew_after_its_replay_was_handled_an_event_starts_nothing(heard: Any) -> None:
    run = end(heard, delivery(heard, number=1), Status.COMPLETED)

    assert receive(heard, delivery(heard)) == Started(run=run, is_replay=True)
    assert heard.client.started == [run]


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.FAILED])
def test_what_was_told_before_the_last_replay_starts_nothing_whatever_comes_of_that(
    heard: Any, status: Status
) -> None:
    run = end(heard, delivery(heard, number=2), status)

    for number in (0, 1):
        assert receive(heard, delivery(heard, number=number)) == Started(run=run, is_replay=True)


def test_a_replay_of_what_was_told_anew_and_handled_starts_nothing(heard: Any) -> None:
    # Its letter is of a telling that never began a run.
    run = end(heard, delivery(heard), Status.COMPLETED)

    assert receive(heard, delivery(heard, number=3)).run == run


def test_replays_of_one_id_cut_differently_meet(heard: Any) -> None:
    event = "m" * 118
    run = end(heard, delivery(heard, event, number=9), Status.COMPLETED)

    assert receive(heard, delivery(heard, event, number=10)) == Started(run=run, is_replay=True)
    assert receive(heard, delivery(heard, event)) == Started(run=run, is_replay=True)


def test_a_replay_and_its_event_told_anew_at_once_start_one_run(heard: Any) -> None:
    comings = [delivery(heard, number=number) for number in (0, 1, 0, 1)]

    async def at_once() -> list[Started | BaseException]:
        desk, instances = (
            Receiving(heard.parts, heard.catalogue, heard.settings),
            DurableInstances(heard.client),
        )
        subscription = heard.catalogue.subscriptions[NAME]
        tasks = [desk.receive(came, subscription, instances) for came in comings]
        return await asyncio.gather(*tasks, return_exceptions=True)

    came_of_it = asyncio.run(at_once())

    assert len(heard.client.started) == 1
    assert {one.run for one in came_of_it if isinstance(one, Started)} == {*heard.client.started}
    assert all(isinstance(one, Poison | Started) for one in came_of_it)


def test_a_replay_takes_up_a_claim_whose_run_never_began_when_its_lease_is_over(heard: Any) -> None:
    class Killed(BaseException):
        pass

    class Dying(DurableInstances):
        async def start(self, pattern: str, start: StartRun) -> None:
            raise Killed

    desk = Receiving(heard.parts, heard.catalogue, heard.settings)
    long = heard.delivered(b'{"topic":"' + b"t" * 50_000 + b'"}')
    subscription = heard.catalogue.subscriptions[NAME]
    came = delivery_of(long, subscription, heard.settings, now=heard.clock.now())
    with pytest.raises(Killed):
        asyncio.run(desk.receive(came, subscription, Dying(heard.client)))
    first = asyncio.run(Claims(heard.parts.records).find("default", event_key(NAME, "m-1")))
    assert first is not None
    began = heard.clock.now()
    started = receive(heard, delivery(heard, number=1))

    assert started.run != first.run
    assert heard.clock.now() - began >= timedelta(seconds=heard.settings.claim_lease)
    claim = asyncio.run(Claims(heard.parts.records).find("default", event_key(NAME, "m-1")))
    assert claim is not None
    assert (claim.run, claim.replay, claim.started) == (started.run, 1, False)
    assert claim.message is not None
    assert claim.message.artifact is None
    assert asyncio.run(heard.parts.artifacts.get(f"events/{first.run}/message.json")) is None


def test_a_replay_that_fits_no_more_is_no_poison_where_its_event_was_handled(heard: Any) -> None:
    run = end(heard, delivery(heard), Status.COMPLETED)
    heard.catalogue = replace(heard.catalogue, workflows={})

    assert receive(heard, delivery(heard, number=1)) == Started(run=run, is_replay=True)


def test_replays_of_two_letters_of_one_event_do_it_once(heard: Any) -> None:
    first = delivery(heard, number=1)
    other = aside(heard)
    run = end(heard, first, Status.IN_PROGRESS)

    assert receive(heard, other) == Started(run=run, is_replay=True)


def test_a_replay_of_another_letter_starts_anew_what_came_to_nothing(heard: Any) -> None:
    end(heard, delivery(heard, number=3), Status.FAILED)

    assert not receive(heard, aside(heard)).is_replay


def aside(heard: Any) -> Delivery:
    """A replay of a letter that the same event, told anew, became."""
    letter = dead_letter_id(NAME, "m-1", heard.clock.now() + timedelta(hours=1))
    properties = {"replay_for": NAME, "dead_letter": letter, "replay": 1}
    subscription = heard.catalogue.subscriptions[NAME]
    message = heard.delivered(MessageId=replay_id("m-1", 1), UserProperties=properties)
    return delivery_of(message, subscription, heard.settings, now=heard.clock.now())

"""Burying what the bus gave up."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dirigent.domain.dead_letters import DeadLetter, State, dead_letter_id, replay_id
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import Held
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claim, Claims, event_key
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.deliveries import Cause, Deliveries
from triggers.deliveries import Delivery, delivery_of
from triggers.instances import DurableInstances
from triggers.receiving import PAUSES, Receiving
from triggers.undeliverable import EXCEEDED, EXPIRED, Undeliverable

NAME = "write-orders"
LEASE = timedelta(seconds=60)


def delivery(heard: Any, body: bytes = b'{"topic":"tea"}', **told: Any) -> Delivery:
    """A delivery from the dead-letter queue."""
    values = {"DeadLetterReason": EXCEEDED, "DeliveryCount": 4} | told
    subscription = heard.catalogue.subscriptions[NAME]
    return delivery_of(heard.delivered(body, **values), subscription, heard.settings, now=heard.clock.now())


def bury(heard: Any, came: Delivery | None = None, instances: Any = None) -> DeadLetter | None:
    """Bury it; the letter as it was made."""
    receiving = Receiving(heard.parts, heard.catalogue, heard.settings)
    desk = Undeliverable(heard.parts, receiving)
    return asyncio.run(desk.bury(came or delivery(heard), instances or DurableInstances(heard.client)))


def kept(heard: Any, letter: DeadLetter | None) -> DeadLetter:
    """The letter as it is kept."""
    assert letter is not None
    letters = DeadLetters(heard.parts.records, heard.parts.artifacts)
    found = asyncio.run(letters.find(letter.account, letter.id))
    assert found is not None
    return found.letter


def note(heard: Any, **told: Any) -> None:
    """A delivery has noted its cause."""
    values: dict[str, Any] = {
        "category": Category.PERMANENT,
        "reason": "input",
        "description": "The field 'topic' is required.",
        "delivery_count": 3,
        "noted_at": heard.clock.now(),
    }
    cause = Cause(**(values | told))
    asyncio.run(Deliveries(heard.parts.records).note(NAME, "default", "m-1", cause))


def noted(heard: Any) -> Cause | None:
    """What is noted of the message."""
    return asyncio.run(Deliveries(heard.parts.records).find(NAME, "default", "m-1"))


def claim(heard: Any, **others: Any) -> Claim:
    """Somebody's claim of the message."""
    values: dict[str, Any] = {
        "account": "default",
        "key": event_key(NAME, "m-1"),
        "run": "run-1",
        "body": "b",
        "claimed_at": heard.clock.now(),
        "started": False,
        "etag": "",
    }
    made = Claim(**(values | others))
    asyncio.run(Claims(heard.parts.records).make(made))
    return made


def claimed(heard: Any) -> Claim | None:
    """The claim of the message as it stands."""
    return asyncio.run(Claims(heard.parts.records).find("default", event_key(NAME, "m-1")))


def test_a_message_that_failed_too_often_is_buried_with_the_cause_that_was_noted(heard: Any) -> None:
    note(heard)
    came = delivery(heard, UserProperties={"kind": "tea", "hops": 2})
    letter = kept(heard, bury(heard, came))

    assert letter.id == dead_letter_id(NAME, "m-1", came.origin.enqueued_at)
    assert (letter.account, letter.subscription, letter.topic) == ("default", NAME, "orders")
    assert (letter.type, letter.event, letter.correlation_id) == ("Placed", "m-1", "order-7")
    assert (letter.state, letter.source, letter.category) == (State.OPEN, "bus", Category.PERMANENT)
    assert (letter.reason, letter.description) == (EXCEEDED, "The field 'topic' is required.")
    assert letter.message == Held(text='{"topic":"tea"}')
    assert (letter.properties, letter.delivery_count) == ({"kind": "tea", "hops": 2}, 3)
    assert noted(heard) is None


def test_an_expired_message_is_buried_as_expired_whatever_was_noted(heard: Any) -> None:
    note(heard)
    letter = kept(heard, bury(heard, delivery(heard, DeadLetterReason=EXPIRED)))

    assert (letter.category, letter.reason) == (Category.TIMEOUT, EXPIRED)
    assert "time to live" in letter.description


def test_a_message_of_which_nothing_is_known_may_work_later(heard: Any) -> None:
    letter = kept(heard, bury(heard, delivery(heard, DeadLetterReason=None)))

    assert (letter.category, letter.reason) == (Category.TRANSIENT, EXCEEDED)
    assert "cut short" in letter.description
    assert letter.delivery_count == 3


def test_what_somebody_else_gave_up_is_told_in_their_words(heard: Any) -> None:
    came = delivery(heard, DeadLetterReason="Odd", DeadLetterErrorDescription="It was odd.")
    letter = kept(heard, bury(heard, came))

    assert (letter.reason, letter.description) == ("Odd", "It was odd.")


def test_different_accidents_have_different_causes(heard: Any) -> None:
    note(heard)
    first = bury(heard)
    second = bury(heard, delivery(heard, MessageId="m-2"))
    third = bury(heard, delivery(heard, MessageId="m-3"))

    assert first is not None
    assert second is not None
    assert third is not None
    assert first.cause != second.cause == third.cause


def test_a_message_whose_run_was_started_is_no_dead_letter(heard: Any) -> None:
    note(heard)
    claim(heard)
    asyncio.run(Claims(heard.parts.records).mark("default", event_key(NAME, "m-1"), run="run-1"))

    assert bury(heard) is None
    assert claimed(heard) is not None
    assert noted(heard) is None


def test_a_message_whose_run_is_known_to_durable_is_no_dead_letter(heard: Any) -> None:
    claim(heard)
    heard.client.put("run-1", "Pending")

    assert bury(heard) is None


def test_a_start_that_may_be_under_way_is_waited_for(heard: Any) -> None:
    class Dawdling(DurableInstances):
        async def find(self, run: str, *, with_start: bool = False) -> Any:
            if looks:
                heard.client.put(run, "Pending")
            looks.append(run)
            return await super().find(run, with_start=with_start)

    looks: list[str] = []
    claim(heard)
    began = heard.clock.now()

    assert bury(heard, instances=Dawdling(heard.client)) is None
    assert heard.clock.now() - began == LEASE


def test_a_claim_whose_run_never_came_up_goes_with_its_message(heard: Any) -> None:
    claim(heard)
    artifacts = heard.parts.artifacts
    asyncio.run(artifacts.put("events/run-1/message.json", b"{}", content_type="application/json"))

    assert bury(heard) is not None
    assert claimed(heard) is None
    assert asyncio.run(artifacts.get("events/run-1/message.json")) is None


def test_a_claim_that_was_spoilt_keeps_no_message_from_being_buried(heard: Any) -> None:
    claim(heard)
    key = event_key(NAME, "m-1")
    asyncio.run(heard.parts.records.merge("claims", "default", key, {"claimed_at": "soon"}))

    assert bury(heard) is not None


def test_the_same_message_given_up_again_is_the_same_letter(heard: Any) -> None:
    first = kept(heard, bury(heard))

    assert kept(heard, bury(heard)) == first


def test_a_replay_that_was_given_up_goes_back_to_its_letter(heard: Any) -> None:
    letter = dead_letter_id(NAME, "m-1", delivery(heard).origin.enqueued_at)
    properties = {"replay_for": NAME, "dead_letter": letter, "replay": 2}
    made = bury(heard, delivery(heard, MessageId=replay_id("m-1", 2), UserProperties=properties))

    assert made is not None
    assert (made.id, made.event, made.replays) == (letter, "m-1", 2)


def test_a_message_of_which_nothing_can_be_read_is_buried_all_the_same(heard: Any) -> None:
    odd = {"account": "a/b", "hops": "x", "replay": 1, "user": 4}
    letter = kept(heard, bury(heard, delivery(heard, b"\xff", MessageId=None, UserProperties=odd)))

    assert (letter.account, letter.message, letter.is_base64) == ("default", Held(text="/w=="), True)
    assert letter.properties == odd


def test_a_long_message_is_kept_whole(heard: Any) -> None:
    letter = bury(heard, delivery(heard, b'{"topic":"' + b"t" * 250_000 + b'"}'))
    letters = DeadLetters(heard.parts.records, heard.parts.artifacts)

    assert len(asyncio.run(letters.text(kept(heard, letter)))) == 250_012


def test_stores_that_do_not_answer_are_waited_for(heard: Any) -> None:
    class Asleep(DurableInstances):
        times = 1

        async def find(self, run: str, *, with_start: bool = False) -> Any:
            if self.times:
                self.times -= 1
                raise RecordsUnavailable("away")
            return await super().find(run, with_start=with_start)

    claim(heard, claimed_at=heard.clock.now() - LEASE)
    began = heard.clock.now()

    assert bury(heard, instances=Asleep(heard.client)) is not None
    assert heard.clock.now() - began == timedelta(seconds=PAUSES[0])


def test_stores_that_never_answer_leave_the_message_where_it_is(heard: Any) -> None:
    class Away(DurableInstances):
        async def find(self, run: str, *, with_start: bool = False) -> Any:
            raise RecordsUnavailable("away")

    claim(heard, claimed_at=heard.clock.now() - LEASE)

    with pytest.raises(RecordsUnavailable):
        bury(heard, instances=Away(heard.client))


def replayed(heard: Any, number: int) -> Delivery:
    """The event's replay of that number, given up."""
    letter = dead_letter_id(NAME, "m-1", delivery(heard).origin.enqueued_at)
    properties = {"replay_for": NAME, "dead_letter": letter, "replay": number}
    return delivery(heard, MessageId=replay_id("m-1", number), UserProperties=properties)


def test_what_was_told_again_since_is_no_dead_letter_anew(heard: Any) -> None:
    came = replayed(heard, 1)
    assert came.origin.replay is not None
    claim(heard, replay=2, letter=came.origin.replay.dead_letter)

    assert bury(heard, came) is None
    assert bury(heard) is None
    assert claimed(heard) is not None


def test_a_replay_that_was_given_up_leaves_the_claim_of_an_earlier_telling(heard: Any) -> None:
    claim(heard)
    asyncio.run(Claims(heard.parts.records).mark("default", event_key(NAME, "m-1"), run="run-1"))

    assert bury(heard, replayed(heard, 1)) is not None
    assert claimed(heard) is not None


def test_a_claim_that_is_taken_up_at_that_moment_stays(heard: Any) -> None:
    class TakenUp:
        async def insert(self, table: str, *told: Any) -> str:
            held = claimed_of(await records.get("claims", "default", event_key(NAME, "m-1")))
            assert await Claims(records).renew(held, at=heard.clock.now())
            return str(await records.insert(table, *told))

        def __getattr__(self, name: str) -> Any:
            return getattr(records, name)

    def claimed_of(row: Any) -> Claim:
        return replace(made, etag=row.etag)

    made, records = claim(heard, claimed_at=heard.clock.now() - LEASE), heard.parts.records
    heard.parts = replace(heard.parts, records=TakenUp())

    assert bury(heard) is not None
    assert claimed(heard) is not None

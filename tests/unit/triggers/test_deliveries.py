"""Reading deliveries."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from dirigent.domain.dead_letters import dead_letter_id
from dirigent.domain.events import Origin, Replay
from dirigent.records.deliveries import Parcel
from triggers.deliveries import Delivery, Poison, delivery_of

NAME = "write-orders"
TOOK = datetime(2029, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)
LETTER = dead_letter_id(NAME, "m-1", TOOK)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
REPLAYED: dict[str, Any] = {"replay_for": NAME, "dead_letter": LETTER, "replay": 2}


def read(heard: Any, properties: dict[str, Any] | None = None, settings: Any = None, **told: Any) -> Delivery:
    """The delivery of a message with those properties."""
    message = heard.delivered(UserProperties=properties or {}, **told)
    subscription = heard.catalogue.subscriptions[NAME]
    return delivery_of(message, subscription, settings or heard.settings, now=heard.clock.now())


def test_a_delivery_says_what_its_message_says(heard: Any) -> None:
    came = read(heard, {"type": "Sold", "account": "acme", "user": "ann", "hops": 2, "traceparent": TRACE})

    assert came.origin == Origin(
        subscription=NAME,
        topic="orders",
        type="Sold",
        event="m-1",
        correlation_id="order-7",
        enqueued_at=TOOK,
        hops=2,
    )
    assert (came.account, came.user, came.traceparent, came.problems) == ("acme", "ann", TRACE, ())
    came.check()


def test_what_is_not_said_has_a_stand_in(heard: Any) -> None:
    came = read(heard, CorrelationId=None, EnqueuedTimeUtc=None, ContentType=None, DeliveryCount=None)

    assert (came.origin.type, came.origin.correlation_id) == ("Placed", "m-1")
    assert (came.origin.enqueued_at, came.delivery_count, came.content_type) == (heard.clock.now(), 0, "")
    assert (came.account, came.user, came.traceparent) == ("default", None, UNSET)


def test_the_label_is_an_older_name_of_the_subject(heard: Any) -> None:
    assert read(heard, Subject=None, Label="Old").origin.type == "Old"
    assert read(heard, Subject=None).origin.type == ""


def test_a_message_without_an_id_is_known_by_its_place(heard: Any) -> None:
    came = read(heard, MessageId=None)
    later = read(heard, MessageId=None, EnqueuedTimeUtc="2031-01-01T00:00:00.0019999Z")

    assert came.origin.event == f"sequence-4-{came.origin.enqueued_at.timestamp() * 1000:.0f}"
    assert later.origin.event == "sequence-4-1924992000001"
    assert read(heard, MessageId=None, EnqueuedTimeUtc=None).origin.event == "sequence-4"


def test_what_can_start_nothing_says_why_without_a_stack() -> None:
    assert Poison.speaks_for_itself


def test_a_message_without_id_and_place_is_poison(heard: Any) -> None:
    assert "has no id" in read(heard, MessageId=None, SequenceNumber=None).problems[0]


def test_an_id_that_no_bus_takes_is_poison(heard: Any) -> None:
    assert "129 characters" in read(heard, MessageId="m" * 129).problems[0]


def test_azures_older_name_of_a_trace_is_read(heard: Any) -> None:
    assert read(heard, {"Diagnostic-Id": TRACE}).traceparent == TRACE


@pytest.mark.parametrize("trace", [7, "t" * 300])
def test_what_is_no_trace_is_passed_over(heard: Any, trace: Any) -> None:
    came = read(heard, {"traceparent": trace})

    assert (came.traceparent, came.problems) == (UNSET, ())


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"hops": "three"}, "'hops' is 'three', which is not a whole number from 0 on"),
        ({"hops": ""}, "'hops' is ''"),
        ({"hops": "-1"}, "'hops' is '-1'"),
        ({"hops": "1.5"}, "'hops' is '1.5'"),
        ({"hops": "\u0663"}, "'hops' is '\u0663'"),
        ({"hops": "9" * 5_000}, "'hops' is '999"),
        ({"hops": str(2**31)}, "'hops' is '2147483648'"),
        ({"hops": 1e300}, "'hops' is 1e+300"),
        ({"hops": -1}, "'hops' is -1"),
        ({"hops": True}, "'hops' is True"),
        ({"hops": 1.5}, "'hops' is 1.5"),
        ({"account": "a/b"}, "'account' is 'a/b', which is not a name"),
        ({"account": ""}, "'account' is ''"),
        ({"account": 7}, "'account' is 7, which is not a text"),
        ({"user": "a#b"}, "'user' is 'a#b'"),
        ({"type": 7}, "'type' is 7"),
        ({"replay_for": NAME, "replay": 1}, "not all of 'replay_for', 'dead_letter' and 'replay'"),
        ({"replay": 1}, "has the property 'replay', but not all"),
        (REPLAYED | {"replay": "0"}, "'replay' is '0', which is not a whole number from 1 on"),
        (REPLAYED | {"replay": 0}, "'replay' is 0"),
        (REPLAYED | {"dead_letter": "a/b"}, "'dead_letter' is 'a/b', which is not the id of a dead letter"),
        (REPLAYED | {"dead_letter": 7}, "'dead_letter' is 7"),
        (REPLAYED | {"replay_for": 7}, "'replay_for' is 7"),
    ],
)
def test_properties_of_wrong_types_are_named(heard: Any, properties: dict[str, Any], problem: str) -> None:
    came = read(heard, properties)

    assert problem in came.problems[0]
    assert (came.origin.replay, came.account, came.origin.hops) == (None, "default", 0)
    with pytest.raises(Poison, match="bad_property"):
        came.check()


@pytest.mark.parametrize("told", [2.0, "2", "02"])
def test_a_number_may_come_as_another_kind_and_is_kept_as_one(heard: Any, told: Any) -> None:
    came = read(heard, REPLAYED | {"hops": told, "replay": told, "priority": told})

    assert came.problems == ()
    assert came.origin.hops == 2
    assert came.origin.replay == Replay(dead_letter=LETTER, number=2, subscription=NAME)
    kept = came.parcel.properties
    # What is not ours stays as it came.
    assert [repr(kept[name]) for name in ("hops", "replay", "priority")] == ["2", "2", repr(told)]


def test_where_accounts_are_enforced_a_message_has_to_name_one(heard: Any) -> None:
    enforced = heard.enforced()

    assert "names no account" in read(heard, settings=enforced).problems[0]
    assert read(heard, {"account": "acme"}, settings=enforced).problems == ()


def test_a_replay_names_its_dead_letter(heard: Any) -> None:
    came = read(heard, REPLAYED)

    assert came.origin.replay == Replay(dead_letter=LETTER, number=2, subscription=NAME)
    assert not came.is_for_another


def test_a_replay_may_be_for_another_subscription(heard: Any) -> None:
    came = read(heard, REPLAYED | {"replay_for": "archive"})

    assert (came.origin.replay, came.is_for_another, came.problems) == (None, True, ())


def test_an_event_that_goes_in_a_circle_is_poison(heard: Any) -> None:
    read(heard, {"hops": 20}).check()

    with pytest.raises(Poison, match="passed on 21 times") as poison:
        read(heard, {"hops": 21}).check()
    assert poison.value.failure.reason == "circle"


def test_what_no_filter_sees_is_no_property(heard: Any) -> None:
    odd = {"kind": "tea", "list": [1], "none": None, "far": 2**70, "half": "\ud800", "DeadLetterReason": "x"}

    assert read(heard, odd).properties == {"kind": "tea", "half": "?"}


def test_a_message_that_was_given_up_says_why(heard: Any) -> None:
    told = read(heard, DeadLetterReason="TTLExpiredException", DeadLetterErrorDescription="late")
    aside = read(heard, {"DeadLetterReason": "Odd", "DeadLetterErrorDescription": "so"})

    assert (told.dead_reason, told.dead_description) == ("TTLExpiredException", "late")
    assert (aside.dead_reason, aside.dead_description) == ("Odd", "so")


def test_a_body_that_is_no_text_is_kept_as_base64(heard: Any) -> None:
    subscription = heard.catalogue.subscriptions[NAME]
    message = heard.delivered(b"\xff\x00")
    came = delivery_of(message, subscription, heard.settings, now=heard.clock.now())

    assert came.parcel == Parcel(
        body="/wA=", is_base64=True, content_type="application/json", delivery_count=1
    )


def test_halves_of_characters_are_replaced_wherever_they_stand(heard: Any) -> None:
    half = "\ud800"
    names = ("MessageId", "CorrelationId", "Subject", "ContentType", "DeadLetterReason")
    told: dict[str, Any] = dict.fromkeys(names, f"a{half}")
    came = read(heard, **told)

    assert (came.origin.event, came.origin.correlation_id, came.origin.type) == ("a?", "a?", "a?")
    assert (came.content_type, came.dead_reason) == ("a?", "a?")

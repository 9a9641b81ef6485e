"""Messages are read from requests, and written into replies, as Service Bus does it."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devhost.bus.messages import Received, Sent
from devhost.functions.http_exchange import HttpCall
from devhost.http.bus_wire import BATCH, BadMessage, headers_of, messages_of

THEN = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def call(body: bytes = b"x", *headers: tuple[str, str]) -> HttpCall:
    return HttpCall.to("POST", "http://h/servicebus/q/messages", headers=headers, body=body)


def read(*headers: tuple[str, str], body: bytes = b"x") -> Sent:
    [message] = messages_of(call(body, *headers))
    return message


def batch(*messages: Any) -> list[Sent]:
    return messages_of(call(json.dumps(messages).encode(), ("Content-Type", BATCH)))


def broker(**properties: Any) -> tuple[str, str]:
    return ("BrokerProperties", json.dumps(properties))


def refused(*headers: tuple[str, str]) -> str:
    with pytest.raises(BadMessage) as refusal:
        read(*headers)
    return refusal.value.detail


def test_a_bare_request_is_a_bare_message() -> None:
    assert read(body=b"\xff") == Sent(body=b"\xff")


def test_reads_what_the_broker_is_told_from_one_header() -> None:
    message = read(
        ("Content-Type", "text/plain"),
        broker(
            MessageId="m",
            CorrelationId="c",
            Label="l",
            SessionId="s",
            PartitionKey="s",
            ReplyTo="r",
            To="t",
            TimeToLive=90.5,
            ScheduledEnqueueTimeUtc="Sun, 06 Nov 1994 08:49:37 GMT",
            SequenceNumber=7,
            Unheard="of",
        ),
    )

    assert message == Sent(
        body=b"x",
        message_id="m",
        content_type="text/plain",
        correlation_id="c",
        subject="l",
        session_id="s",
        reply_to="r",
        to="t",
        time_to_live=timedelta(seconds=90.5),
        scheduled=THEN,
    )


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ('"plain"', "plain"),
        ('"with \\"quotes\\" and \\u00e9"', 'with "quotes" and é'),
        ('"a\\b"', "a\x08"),
        ('"C:\\temp"', "C:\temp"),
        ('"C:\\Users"', "C:\\Users"),
        ('""', ""),
        ("7", 7),
        ("-7", -7),
        (str(-(2**63)), -(2**63)),
        ("1e3", 1000.0),
        ("2.50", 2.5),
        ("true", True),
        ("false", False),
        ('"Sun, 06 Nov 1994 08:49:37 GMT"', THEN),
        ('"Sun, 99 Nov 1994 08:49:37 GMT"', "Sun, 99 Nov 1994 08:49:37 GMT"),
        ('"7"', "7"),
    ],
)
def test_reads_properties_from_headers_of_their_own(said: str, value: object) -> None:
    properties = read(("Priority", said)).properties

    assert properties == {"Priority": value}
    assert type(properties["Priority"]) is type(value)


def test_a_property_may_have_an_underscore_in_its_name() -> None:
    assert read(("due_date", "7")).properties == {"due_date": 7}


def test_headers_of_the_request_are_no_properties() -> None:
    message = read(
        ("Host", "h"),
        ("Authorization", "Bearer x"),
        ("User-Agent", "python/3"),
        ("x-ms-client-request-id", "0-1-2"),
        ("Sec-Fetch-Mode", "cors"),
        ("traceparent", "00-1-2-01"),
        ("Postman-Token", "abc"),
    )

    assert message.properties == {}


def test_a_tracers_header_in_quotes_is_a_property() -> None:
    assert read(("traceparent", '"00-1-2-01"')).properties == {"traceparent": "00-1-2-01"}


@pytest.mark.parametrize(
    "value", ["world", "'world'", "01", "1e999", '"', "TRUE", "NaN", '"\\ud800"', str(2**63)]
)
def test_a_bare_text_is_refused_by_the_headers_name(value: str) -> None:
    said = refused(("Hello", value))

    assert said.startswith(f"The value {value} of the HTTP header Hello is invalid: put a text")


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_whole_numbers_beyond_64_bits_are_no_properties(number: int) -> None:
    with pytest.raises(BadMessage, match="a number of 64 bits"):
        batch({"Body": "x", "UserProperties": {"a": number}})


@pytest.mark.parametrize("length", [400, 5000])
def test_says_in_plain_words_that_a_number_is_too_long(length: int) -> None:
    assert refused(("Hello", "1" * length)).endswith("whole numbers have 64 bits.")


def test_whoever_sends_many_is_told_in_plain_words_too() -> None:
    with pytest.raises(BadMessage) as refusal:
        messages_of(call(b'[{"Body": "x", "a": ' + b"1" * 5000 + b"}]", ("Content-Type", BATCH)))

    assert refusal.value.detail.endswith("A whole number in it has more than 4,300 digits.")


def test_what_lives_longer_than_any_number_lives_for_ever() -> None:
    assert read(broker(TimeToLive=10**400)).time_to_live == timedelta(days=36_500)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (("BrokerProperties", "MessageId=1"), "The HTTP header BrokerProperties is invalid"),
        (("BrokerProperties", "[]"), "The HTTP header BrokerProperties is invalid"),
        (broker(MessageId=1), "MessageId of the BrokerProperties must be a string, not 1"),
        (broker(MessageId="x" * 129), "MessageId has 129 characters; 128 are allowed"),
        (broker(To="\ud800"), "To of the BrokerProperties must be a string"),
        (broker(TimeToLive="soon"), "TimeToLive of the BrokerProperties must be a number of seconds"),
        (broker(TimeToLive=0), "TimeToLive of the BrokerProperties must be a number of seconds above 0"),
        (broker(TimeToLive=True), "TimeToLive of the BrokerProperties must be a number of seconds"),
        (broker(TimeToLive=float("nan")), "TimeToLive of the BrokerProperties must be a number of seconds"),
        (broker(ScheduledEnqueueTimeUtc="noon"), "ScheduledEnqueueTimeUtc of the BrokerProperties must be"),
        (broker(SessionId="a", PartitionKey="b"), "PartitionKey and SessionId differ"),
    ],
)
def test_says_what_is_wrong_with_what_the_broker_is_told(header: tuple[str, str], said: str) -> None:
    assert refused(header).startswith(said)


@pytest.mark.parametrize(
    ("said", "life"),
    [
        ({"TimeToLiveTimeSpan": "0.00:00:40"}, timedelta(seconds=40)),
        ({"TimeToLive": "90"}, timedelta(seconds=90)),
        ({"TimeToLive": "1.02:00:00.5"}, timedelta(days=1, hours=2, seconds=0.5)),
        ({"TimeToLive": 1e300}, timedelta(days=36_500)),
    ],
)
def test_a_time_to_live_is_seconds_or_a_span(said: dict[str, Any], life: timedelta) -> None:
    assert read(broker(**said)).time_to_live == life


def test_a_batch_is_read_from_one_json_text() -> None:
    first, second = batch(
        {"Body": "é", "BrokerProperties": {"MessageId": "1", "Label": "l"}},
        {"Body": "/w==", "IsBodyBase64": True, "UserProperties": {"a": "b", "n": 1.5, "t": True, "x": None}},
    )

    assert (first.body, first.message_id, first.subject) == ("é".encode(), "1", "l")
    assert (second.body, second.properties) == (b"\xff", {"a": "b", "n": 1.5, "t": True})


def test_passes_over_what_is_no_property_of_the_broker() -> None:
    told = {"ContentType": "text/plain", "Subject": "s", "Unheard": ["of"]}

    [batched] = batch({"Body": "x", "BrokerProperties": told})

    assert batched == Sent(body=b"x")
    assert read(broker(**told)) == Sent(body=b"x")


def test_headers_say_nothing_of_the_messages_of_a_batch() -> None:
    headers = (("Content-Type", BATCH), ("Priority", "unquoted"), broker(Label="l"))

    [message] = messages_of(call(b'[{"Body": ""}]', *headers))

    assert message == Sent(body=b"")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body of a batch must be a JSON array of messages."),
        (b"{}", "The body of a batch must be a JSON array of one message or more."),
        (b"[]", "The body of a batch must be a JSON array of one message or more."),
        (b"[7]", "Message 0 of the batch must be an object with a member Body"),
        (b'[{"Body": "a"}, {"Body": {}}]', "Message 1 of the batch must be an object with a member Body"),
        (b'[{"Body": "\\ud800"}]', "The Body of message 0 cannot be read"),
        (b'[{"Body": "?", "IsBodyBase64": true}]', "The Body of message 0 cannot be read"),
        (b'[{"Body": "a", "BrokerProperties": "{}"}]', "Message 0 of the batch: BrokerProperties and"),
        (b'[{"Body": "a", "UserProperties": {"p": []}}]', "Message 0 of the batch: the property 'p' must be"),
        (
            b'[{"Body": "a", "UserProperties": {"p": NaN}}]',
            "Message 0 of the batch: the property 'p' must be",
        ),
    ],
)
def test_a_bad_batch_is_refused_with_the_message_that_is_wrong(body: bytes, said: str) -> None:
    with pytest.raises(BadMessage) as refusal:
        messages_of(call(body, ("Content-Type", BATCH)))

    assert refusal.value.detail.startswith(said)


def test_a_batch_with_parameters_in_its_type_is_one_message_as_on_azure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        [message] = messages_of(call(b'[{"Body": "a"}]', ("Content-Type", f"{BATCH}; charset=utf-8")))

    assert message.body == b'[{"Body": "a"}]'
    assert "the Content-Type of a batch has no parameters" in caplog.text


def received(**members: Any) -> Received:
    sent = {"body": b"x", "message_id": "m", **members}
    return Received(
        place="q",
        message=Sent(**sent),
        sequence_number=7,
        enqueued=NOON,
        expires=NOON,
        delivery_count=2,
        lock_token="t",
        locked_until=NOON,
        dead_letter_reason="why",
        dead_letter_description="therefore",
        dead_letter_source="q",
    )


def test_writes_what_is_known_of_a_message_into_headers() -> None:
    headers = dict(headers_of(received(content_type="a/b", correlation_id="é", time_to_live=timedelta(90))))

    assert headers["Content-Type"] == "a/b"
    said = json.loads(headers["BrokerProperties"])
    assert headers["BrokerProperties"].isascii()
    assert said == {
        "DeliveryCount": 2,
        "EnqueuedSequenceNumber": 7,
        "EnqueuedTimeUtc": "Tue, 01 Jan 2030 12:00:00 GMT",
        "ExpiresAtUtc": "Tue, 01 Jan 2030 12:00:00 GMT",
        "LockToken": "t",
        "LockedUntilUtc": "Tue, 01 Jan 2030 12:00:00 GMT",
        "MessageId": "m",
        "CorrelationId": "é",
        "DeadLetterSource": "q",
        "SequenceNumber": 7,
        "State": "Active",
        "TimeToLive": 90 * 86_400,
    }
    assert headers["DeadLetterReason"] == '"why"'
    assert headers["DeadLetterErrorDescription"] == '"therefore"'


@pytest.mark.parametrize("value", ["plain", 'ü "quoted"\n', 7, -2.5, True, False, THEN, "8", ""])
def test_a_property_is_read_back_as_it_was_written(value: Any) -> None:
    headers = headers_of(received(properties={"Priority": value}))

    assert read(*headers).properties["Priority"] == value


def test_a_property_that_is_no_header_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    headers = dict(headers_of(received(properties={"a b": 1, "Date": 2, "fine": 3})))

    assert {"a b", "Date", "fine"} & set(headers) == {"fine"}
    assert "The property 'a b' cannot be a header" in caplog.text

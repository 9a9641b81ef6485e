"""Requests that messages travel in."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dirigent.adapters.bus.envelopes import MOST, SEVERAL, Envelope, envelope, envelopes
from dirigent.adapters.bus.limits import size_of
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import LARGEST_MESSAGE, BusRefused

MESSAGE = BusMessage(id="run.step", body=b'{"a": "\xc3\xbc"}', subject="DataReceived", correlation_id="run")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def with_(**more: Any) -> BusMessage:
    return structs.replace(MESSAGE, **more)


def alone(message: BusMessage) -> Envelope:
    (found,) = envelopes([message])
    return found


def is_several(content: Envelope) -> bool:
    return content.headers == {"Content-Type": SEVERAL}


def entries(content: Envelope) -> list[dict[str, Any]]:
    assert is_several(content)
    found: list[dict[str, Any]] = json.loads(content.body)
    return found


def test_one_alone_travels_as_it_is_with_its_properties_in_headers() -> None:
    sent = alone(
        with_(
            time_to_live=90.5, properties={"type": "T", "hops": 2, "part": -0.5, "urgent": True, "to-do": ""}
        )
    )

    assert sent.body == MESSAGE.body
    broker = json.loads(sent.headers.pop("BrokerProperties"))
    assert broker == {
        "MessageId": "run.step",
        "CorrelationId": "run",
        "Label": "DataReceived",
        "TimeToLive": 90.5,
    }
    assert sent.headers == {
        "Content-Type": "application/json",
        "type": '"T"',
        "hops": "2",
        "part": "-0.5",
        "urgent": "true",
        "to-do": '""',
    }


def test_headers_hold_letters_of_every_script_only_as_ascii() -> None:
    sent = alone(with_(id="größe\r\nHost: evil", subject="数据"))

    assert sent.headers["BrokerProperties"].isascii()
    assert sent.headers["BrokerProperties"].isprintable()
    assert json.loads(sent.headers["BrokerProperties"])["Label"] == "数据"


@pytest.mark.parametrize(
    "properties",
    [
        {"traceparent": TRACE},
        {"tracestate": "a=b"},
        {"Diagnostic-Id": TRACE},
        {"replay_for": "archive"},
        {"x-kind": "a"},
        {"Kind": "a"},
        {"two words": "a"},
        {"größe": "a"},
        {"host": "evil"},
        {"content-length": 3},
        {"authorization": "a"},
        {"brokerproperties": "a"},
        {"kind": 'say "a"'},
        {"kind": "a\\b"},
        {"kind": "a\r\nhost: evil"},
        {"kind": "ü"},
        {"due": "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"due": "1994-11-06"},
        {"due": "12"},
        {"size": 1e300},
    ],
)
def test_what_headers_would_not_hold_for_sure_travels_as_json(properties: dict[str, Any]) -> None:
    (entry,) = entries(alone(with_(properties=properties)))

    assert entry["UserProperties"] == properties


@pytest.mark.parametrize(
    "kind", [SEVERAL, f"{SEVERAL}; charset=utf-8", "text/plain\r\nhost: evil", "", "ü/ü"]
)
def test_a_content_type_that_would_be_misread_travels_as_json(kind: str) -> None:
    (entry,) = entries(alone(with_(content_type=kind)))

    assert entry["BrokerProperties"]["ContentType"] == kind


def test_several_travel_in_one_request() -> None:
    first, second = (
        with_(id="1", properties={"replay": 3, "type": "T"}),
        with_(id="2", time_to_live=90_061.25),
    )

    (sent,) = envelopes([first, second])

    assert sent.messages == (first, second)
    assert entries(sent) == [
        {
            "Body": '{"a": "ü"}',
            "BrokerProperties": {
                "MessageId": "1",
                "CorrelationId": "run",
                "Label": "DataReceived",
                "ContentType": "application/json",
            },
            "UserProperties": {"replay": 3, "type": "T"},
        },
        {
            "Body": '{"a": "ü"}',
            "BrokerProperties": {
                "MessageId": "2",
                "CorrelationId": "run",
                "Label": "DataReceived",
                "ContentType": "application/json",
                "TimeToLive": 90_061.25,
                "TimeToLiveTimeSpan": "1.01:01:01.2500000",
            },
            "UserProperties": {},
        },
    ]


def test_the_longest_time_has_a_form() -> None:
    (sent,) = envelopes([with_(id="1", time_to_live=9e11), with_(id="2", time_to_live=0.001)])

    spans = [entry["BrokerProperties"]["TimeToLiveTimeSpan"] for entry in entries(sent)]
    assert spans == ["10416666.16:00:00", "0.00:00:00.0010000"]


def test_nothing_travels_for_nobody() -> None:
    assert list(envelopes([])) == []


def test_a_thousand_and_one_travel_in_two() -> None:
    sent = list(envelopes([with_(id=f"{number}") for number in range(MOST + 1)]))

    assert [len(each.messages) for each in sent] == [MOST, 1]


@pytest.mark.parametrize("size", [100, 60_000, 130_000, 250_000])
def test_no_request_of_several_is_larger_than_a_message_may_be(size: int) -> None:
    messages = [with_(id=f"{number}", body=b'"' + b"x" * size + b'"') for number in range(12)]

    sent = list(envelopes(messages))

    assert [message for each in sent for message in each.messages] == messages
    assert all(len(each.messages) == 1 or len(each.body) <= LARGEST_MESSAGE for each in sent)


bodies = st.one_of(
    st.binary(max_size=40),
    st.integers(1, 120_000).map(lambda size: b"y" * size),
    st.integers(1, 120_000).map(lambda size: b'"' * size),
)


@given(st.lists(bodies, max_size=12))
def test_every_message_travels_once_and_in_its_order(contents: Sequence[bytes]) -> None:
    messages = [with_(id=f"{number}", body=body) for number, body in enumerate(contents)]

    sent = list(envelopes(messages))

    assert [message for each in sent for message in each.messages] == messages
    for each in sent:
        if len(each.messages) > 1:
            assert len(each.body) <= LARGEST_MESSAGE
            assert sum(map(size_of, each.messages)) <= LARGEST_MESSAGE
            assert [entry["Body"].encode() for entry in entries(each)] == [one.body for one in each.messages]


def test_what_is_no_text_travels_alone() -> None:
    messages = [with_(id="1"), with_(id="2", body=b"\xff"), with_(id="3")]

    sent = list(envelopes(messages))

    assert [each.body for each in sent] == [MESSAGE.body, b"\xff", MESSAGE.body]


def test_a_large_body_travels_as_it_is_although_its_request_is_traced() -> None:
    body = json.dumps(["x"] * 49_000).encode()

    sent = alone(
        with_(body=body, properties={"traceparent": TRACE, "Diagnostic-Id": TRACE, "replay_for": "a"})
    )

    assert sent.body == body
    assert (sent.headers["traceparent"], sent.headers["replay_for"]) == (f'"{TRACE}"', '"a"')


def test_a_large_body_travels_as_json_where_no_header_would_hold_its_properties() -> None:
    body = json.dumps(["x"] * 49_000).encode()

    (entry,) = entries(alone(with_(body=body, properties={"größe": "weit"})))

    assert entry["Body"].encode() == body


def test_what_is_no_text_takes_headers_that_tracing_might_change() -> None:
    assert alone(with_(body=b"\xff", properties={"traceparent": TRACE})).body == b"\xff"


def test_refuses_what_can_neither_be_text_nor_have_headers() -> None:
    with pytest.raises(BusRefused, match="no text for its body") as refused:
        envelope([with_(body=b"\xff", properties={"größe": "weit"})])

    assert refused.value.reason == "refused"

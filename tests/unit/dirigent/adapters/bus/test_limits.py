"""What every bus takes, and what it refuses before anything is sent."""

from typing import Any

import pytest
from msgspec import structs

from dirigent.adapters.bus.limits import LARGEST_PROPERTY, LONGEST_ID, check, size_of
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import LARGEST_MESSAGE, BusRefused

MESSAGE = BusMessage(id="run.step", body=b"{}", subject="DataReceived", correlation_id="run")


def with_(**more: Any) -> BusMessage:
    return structs.replace(MESSAGE, **more)


def reason(message: BusMessage, topic: str = "data") -> str:
    with pytest.raises(BusRefused) as refused:
        check(topic, message)
    return refused.value.reason


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        with_(id="ü" * LONGEST_ID),
        with_(time_to_live=0.001),
        with_(time_to_live=9e11),
        with_(subject="", correlation_id="", body=b""),
        with_(properties={"größe": "weit", "two words": "a\nb"}),
        with_(properties={"whole": -(2**63), "part": 1e-300, "is": True}),
        with_(properties={"long": "x" * LARGEST_PROPERTY}),
        with_(body=b"x" * 256_000),
    ],
)
def test_takes_what_the_bus_takes(message: BusMessage) -> None:
    assert check("data", message) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (with_(id=""), "refused"),
        (with_(id="i" * (LONGEST_ID + 1)), "refused"),
        (with_(time_to_live=0.0), "refused"),
        (with_(time_to_live=-1.0), "refused"),
        (with_(time_to_live=1e-9), "refused"),
        (with_(time_to_live=1e12), "refused"),
        (with_(time_to_live=float("nan")), "refused"),
        (with_(time_to_live=float("inf")), "refused"),
        (with_(properties={"": "x"}), "refused"),
        (with_(properties={"n": float("nan")}), "refused"),
        (with_(properties={"n": float("inf")}), "refused"),
        (with_(properties={"n": 2**63}), "refused"),
        (with_(properties={"half": "\ud800"}), "refused"),
        (with_(subject="\udc00"), "refused"),
        (with_(properties={"long": "x" * (LARGEST_PROPERTY + 1)}), "too_large"),
        (with_(properties={f"p{number}": "x" * 30_000 for number in range(3)}), "too_large"),
        (with_(body=b"x" * LARGEST_MESSAGE), "too_large"),
        (with_(body=b"x" * 240_000, properties={"a": "x" * 30_000}), "too_large"),
    ],
)
def test_refuses_what_no_bus_takes(message: BusMessage, expected: str) -> None:
    assert reason(message) == expected


@pytest.mark.parametrize("topic", ["data", "Data.Received-2", "house/orders_1", "_9", "a" * 260])
def test_knows_names_of_topics(topic: str) -> None:
    assert check(topic, MESSAGE) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    "topic", ["", "/a", "a/", "a//b", "../a", "a/..", "a b", "a?b", "ä", "a%2fb", "a" * 261]
)
def test_no_topic_is_called_what_leads_elsewhere(topic: str) -> None:
    assert reason(MESSAGE, topic) == "unknown_topic"


def test_says_how_large_it_is_and_what_to_do() -> None:
    with pytest.raises(BusRefused) as refused:
        check("data", with_(body=b"x" * 300_000))

    assert f"has {size_of(with_(body=b'x' * 300_000))} bytes with its properties" in refused.value.sentence
    assert "tell where the data lies" in refused.value.sentence


def test_counts_bytes_and_not_letters() -> None:
    plain = size_of(MESSAGE)

    assert size_of(with_(properties={"ü": "ß"})) - plain == 2 + 2 + 8
    assert size_of(with_(body=b"1234")) - plain == 2

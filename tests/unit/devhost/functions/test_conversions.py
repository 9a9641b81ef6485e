"""The SDK's converters, chosen as Azure's worker chooses them."""

import azure.functions as func
import pytest
from azure.functions.meta import Datum

from devhost.functions.conversions import GENERIC, decode, encode, has_implicit_output


@pytest.mark.parametrize(
    ("binding", "implicit"),
    [
        ("activityTrigger", True),
        ("orchestrationTrigger", True),
        ("durableClient", False),
        ("httpTrigger", False),
        ("http", False),
        ("timerTrigger", False),
        ("somethingUnknown", True),
    ],
)
def test_knows_what_may_be_returned_without_a_return_binding(binding: str, implicit: bool) -> None:
    assert has_implicit_output(binding) is implicit


@pytest.mark.parametrize("value", [None, {"a": 1}, b"x", 5])
def test_refuses_an_http_return_that_is_no_response(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        encode("http", value)

    assert str(caught.value) == (
        "unable to encode outgoing TypedData: unsupported type "
        '"<class \'azure.functions.http.HttpResponseConverter\'>" for Python type "'
        + type(value).__name__
        + '"'
    )


def test_encodes_an_http_response() -> None:
    datum = encode("http", func.HttpResponse("x", status_code=201))

    assert (datum.type, datum.value["status_code"].value) == ("http", "201")


def test_leaves_raw_values_as_they_are() -> None:
    assert decode(GENERIC, Datum(b"\xff", "bytes")) == b"\xff"
    assert encode(GENERIC, "x").value == "x"
    assert encode("somethingUnknown", b"x").value == b"x"
    assert encode(GENERIC, None).value is None


def test_refuses_a_raw_value_of_a_structured_kind() -> None:
    with pytest.raises(
        ValueError, match="unexpected type of data received for the \"generic\" binding : 'http'"
    ):
        decode(GENERIC, Datum(None, "http"))
    with pytest.raises(TypeError, match="unable to encode outgoing TypedData"):
        encode(GENERIC, object())

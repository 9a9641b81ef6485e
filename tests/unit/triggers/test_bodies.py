"""Reading bodies."""

import json
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triggers.bodies import DEEPEST, read
from triggers.problems import Refused

LIMIT = 1_000_000

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def request(body: bytes, **headers: str) -> func.HttpRequest:
    """A request with that body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest("POST", "http://host/api/x", headers=named, body=body)


@given(VALUES)
def test_reads_what_json_can_hold(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False).encode()

    assert read(request(text), limit=LIMIT) == value


@given(st.binary() | st.text(alphabet='[]{}",:0123456789.eE+-\\uD8 tfn').map(str.encode))
def test_refuses_anything_else_by_a_sentence(body: bytes) -> None:
    value, status = None, 400
    try:
        value = read(request(body), limit=LIMIT)
    except Refused as refused:
        status = refused.status

    # Whatever was read can be written again.
    assert json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    assert status == 400


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_takes_an_empty_body_for_nothing(body: bytes) -> None:
    assert read(request(body, content_type="text/plain"), limit=LIMIT) is None


def test_takes_a_byte_order_mark() -> None:
    assert read(request(b'\xef\xbb\xbf{"a": 1}'), limit=LIMIT) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"a": 1,}', "line 1, column"),
        (b'{"a"\n: x}', "line 2, column 3"),
        (b'{"a": "b}', "string starting at line 1, column 7"),
        (b'{"a": "\n"}', "control character at line 1, column 8"),
        (b'{"a": "\xff"}', "byte 7"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "-Infinity is no JSON number"),
        (b'{"a": 1e999}', "beyond what a float holds"),
        (b'{"a": 9223372036854775808}', "beyond 64 bits"),
        (b"9" * 100_000, "beyond 64 bits"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "levels deep"),
        (b"[" * 400_000, "levels deep"),
        (b'{"a":' * 100_000, "levels deep"),
    ],
)
def test_says_what_is_wrong(body: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        read(request(body), limit=LIMIT)

    assert refused.value.status == 400


def test_refuses_a_body_over_the_limit() -> None:
    with pytest.raises(Refused, match="at most 10") as refused:
        read(request(b'{"a": "long"}'), limit=10)

    assert refused.value.status == 413


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/ld+json",
        'application/json;charset="utf-8"',
        "",
    ],
)
def test_takes_json_by_any_of_its_names(media: str) -> None:
    assert read(request(b"{}", content_type=media), limit=LIMIT) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_encoding": "gzip"},
    ],
)
def test_refuses_other_media(headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="send") as refused:
        read(request(b"{}", **headers), limit=LIMIT)

    assert refused.value.status == 415

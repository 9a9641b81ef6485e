import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.http.json_text import BadJson, compact, parsed, shown

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_reads_back_and_can_be_stored(value: object) -> None:
    text = compact(value)

    assert text.encode()
    assert json.loads(text) == value
    assert shown(text) == value or isinstance(value, str)


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"'a'", b"\xff", b"[" * 100_000, b"9" * 5000, b"1 2"])
def test_refuses_what_is_no_json(body: bytes) -> None:
    with pytest.raises(BadJson) as caught:
        parsed(body)

    assert caught.value.reason.endswith(".")


def test_says_in_plain_words_that_a_number_is_too_long() -> None:
    with pytest.raises(BadJson) as caught:
        parsed(b'{"a": [' + b"9" * 5000 + b"]}")

    assert caught.value.reason == "A whole number in it has more than 4,300 digits."


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def is_readable(depth: int) -> bool:
    try:
        json.loads(nested(depth))
    except RecursionError:
        return False
    return True


def test_refuses_what_is_nested_too_deeply_for_other_readers() -> None:
    limit = next(depth for depth in count(100, 100) if not is_readable(depth))

    assert is_readable(limit - 200)
    assert parsed(nested(limit - 400).encode())
    assert shown(nested(limit - 200)) == nested(limit - 200)
    with pytest.raises(BadJson, match="nested too deeply"):
        parsed(nested(limit - 200).encode())


def test_much_that_is_not_deep_is_taken() -> None:
    assert parsed(b"[" + b"[]," * 5000 + b"[]]") == [[]] * 5001


@pytest.mark.parametrize(
    ("text", "value"),
    [(None, None), ("", ""), (" \n", ""), ('{"a":1}', {"a": 1}), (" stopped ", "stopped"), ("null", None)],
)
def test_shows_json_parsed_and_anything_else_as_it_is(text: str | None, value: object) -> None:
    assert shown(text) == value

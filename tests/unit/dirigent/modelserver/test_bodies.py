"""The body of a request, read as what it should be."""

import pytest

from dirigent.modelserver import bodies
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import ChatOrder


def refused(body: bytes) -> ApiError:
    with pytest.raises(ApiError) as caught:
        bodies.read(ChatOrder, body)
    return caught.value


def test_reads_what_it_knows_and_leaves_the_rest() -> None:
    body = b'{"model": "large", "messages": [{"role": "user", "content": "Go."}], "seed": 7}'

    assert bodies.read(ChatOrder, body).model == "large"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b'{"model": 5, "messages": []}', "model", "invalid_value"),
        (b'{"messages": [{"role": "user"}]}', "model", "missing_required_parameter"),
        (b'{"model": "a", "messages": []}', "messages", "invalid_value"),
        (b'{"model": "a", "messages": [{"content": "b"}]}', "messages[0].role", "missing_required_parameter"),
        (b'{"model": "a", "messages": [{"role": "boss"}]}', "messages[0].role", "invalid_value"),
        (b'{"model": "a", "messages": [{"role": "user"}], "n": "1"}', "n", "invalid_value"),
    ],
)
def test_names_what_is_wrong(body: bytes, param: str, code: str) -> None:
    error = refused(body)

    assert (error.status, error.param, error.code) == (400, param, code)
    assert f"'{param}'" in error.message


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'"text"', b"[" * 100_000])
def test_refuses_what_is_no_json_object(body: bytes) -> None:
    error = refused(body)

    assert (error.status, error.param) == (400, None)
    assert "JSON body" in error.message

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from dirigent.adapters.openai.bodies import (
    MOST_OF_A_REFUSAL,
    BoundedBody,
    TooLarge,
    Unreadable,
    bound,
)


class Parts(httpx2.AsyncByteStream):
    """A body that knows how much of it was read, and whether it was let go of."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.read, self.is_closed = parts, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.read += 1
            yield part

    async def aclose(self) -> None:
        self.is_closed = True


def read(body: Parts, most: int, *, is_packed: bool = False) -> bytes:
    async def all_of_it() -> bytes:
        return b"".join([part async for part in BoundedBody(body, most=most, is_packed=is_packed)])

    return asyncio.run(all_of_it())


def received(status: int, body: Parts, **headers: str) -> httpx2.Response:
    async def receive() -> httpx2.Response:
        response = httpx2.Response(status, headers=headers, stream=body)
        await bound(response)
        await response.aread()
        return response

    return asyncio.run(receive())


def test_reads_what_is_within_the_bound() -> None:
    assert read(Parts(b"abc", b"", b"def"), 6) == b"abcdef"


def test_stops_where_too_much_begins() -> None:
    body = Parts(b"abc", b"def", b"ghi", b"jkl")

    with pytest.raises(TooLarge):
        read(body, 5)

    assert body.read == 2


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "zlib"])
def test_counts_what_is_packed_as_it_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"x" * 1_000_000)

    whole = read(Parts(packed[:9], packed[9:]), 1_000_000, is_packed=True)
    with pytest.raises(TooLarge):
        read(Parts(packed), 999_999, is_packed=True)

    assert whole == b"x" * 1_000_000


MEMBERS = gzip.compress(b"Tea ") + gzip.compress(b"") + gzip.compress(b"is old.")


@pytest.mark.parametrize(
    "body",
    [Parts(MEMBERS), Parts(*[bytes([one]) for one in MEMBERS]), Parts(MEMBERS, b"\0" * 9, b"\0")],
    ids=["at once", "byte by byte", "filled up with zeros"],
)
def test_reads_what_is_packed_in_several_pieces_to_its_end(body: Parts) -> None:
    assert read(body, 200, is_packed=True) == b"Tea is old."


def test_what_unpacks_to_nothing_ends_as_well() -> None:
    with pytest.raises(TooLarge):
        read(Parts(*[gzip.compress(b"")] * 100), 1_000, is_packed=True)


@pytest.mark.parametrize(
    "body",
    [
        Parts(b"no gzip at all"),
        Parts(gzip.compress(b"abc")[:-4]),
        Parts(MEMBERS[:-4]),
        Parts(MEMBERS, b"more"),
    ],
)
def test_says_what_cannot_be_unpacked(body: Parts) -> None:
    with pytest.raises(Unreadable):
        read(body, 100, is_packed=True)


def test_nothing_is_unpacked_to_nothing() -> None:
    assert read(Parts(), 100, is_packed=True) == b""


def test_an_answer_is_unpacked_once_and_its_connection_let_go_of() -> None:
    body = Parts(gzip.compress(b"Tea."))

    response = received(200, body, **{"content-encoding": "GZIP"})

    assert response.content == b"Tea."
    assert body.is_closed


def test_of_a_refusal_the_beginning_is_read() -> None:
    body = Parts(*[b"x" * 60_000] * 10)

    response = received(500, body)

    assert 0 < len(response.content) <= MOST_OF_A_REFUSAL
    assert body.read == 2
    assert body.is_closed


def test_a_refusal_that_cannot_be_unpacked_is_one_without_words() -> None:
    assert received(503, Parts(b"no gzip"), **{"content-encoding": "gzip"}).content == b""

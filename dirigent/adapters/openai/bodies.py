"""Bodies of responses that end where too much begins."""

import zlib
from collections.abc import AsyncIterator, Iterator

import httpx2

#: Bytes, unpacked: more than any answer in words, or a batch of vectors.
MOST = 8_000_000
#: Of a refusal: its sentence stands at the beginning.
MOST_OF_A_REFUSAL = 65_536
#: What we say we can unpack.
PACKING = "gzip"

_UNPACKED = ("", "identity")
_PIECE = 65_536


class TooLarge(Exception):
    """The body is longer than anybody needs; it was not read to its end."""


class Unreadable(Exception):
    """The body cannot be unpacked."""


class BoundedBody(httpx2.AsyncByteStream):
    """Another body, unpacked and counted as it is read."""

    def __init__(self, body: httpx2.AsyncByteStream, *, most: int = MOST, is_packed: bool = False) -> None:
        self._body, self._most = body, most
        # By its first bytes a packed stream says itself whether it is gzip's or zlib's.
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if is_packed else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left, packed, is_empty = self._most, self._most, True
        async for part in self._body:
            is_empty, packed = False, packed - len(part)
            if packed < 0:
                # Much may unpack to nothing.
                raise TooLarge
            for piece in self._unpacked(part):
                left -= len(piece)
                if left < 0:
                    raise TooLarge
                yield piece
        if self._unpacker is not None and not self._unpacker.eof and not is_empty:
            raise Unreadable("it ends in the middle of what is packed")

    async def aclose(self) -> None:
        """Let go of the connection it comes from."""
        await self._body.aclose()

    def _unpacked(self, part: bytes) -> Iterator[bytes]:
        if self._unpacker is None:
            yield part
            return
        try:
            while part:
                # In pieces: a kilobyte may unpack to a megabyte.
                while piece := self._unpacker.decompress(part, _PIECE):
                    yield piece
                    part = self._unpacker.unconsumed_tail
                # One member may follow another, and zeros may fill up what is left.
                if part := self._unpacker.unused_data.lstrip(b"\0"):
                    self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        except zlib.error as error:
            raise Unreadable(str(error)) from error


class Opening(httpx2.AsyncByteStream):
    """The beginning of another body; of one that is too long or cannot be read, what could be."""

    def __init__(self, body: BoundedBody) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                yield piece
        except (TooLarge, Unreadable):
            return

    async def aclose(self) -> None:
        """Let go of the connection it comes from."""
        await self._body.aclose()


async def bound(response: httpx2.Response) -> None:
    """Put a bound to the response's body, before anybody reads it."""
    packing = response.headers.pop("content-encoding", "").strip().lower()
    body = response.stream
    if not isinstance(body, httpx2.AsyncByteStream):
        raise TypeError("What an asynchronous client receives is asynchronous.")
    is_packed = packing not in _UNPACKED
    if response.is_success:
        response.stream = BoundedBody(body, is_packed=is_packed)
    else:
        response.stream = Opening(BoundedBody(body, most=MOST_OF_A_REFUSAL, is_packed=is_packed))

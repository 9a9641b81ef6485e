"""Draws requests that are wrong or odd, as bytes on the wire, and how they are sent."""

from dataclasses import dataclass
from enum import Enum
from random import Random

from odd_values import CHUNKS, HEADERS, HOSTS, MEDIA_TYPES, METHODS, body, target

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
COMMON = ("GET", "GET", "POST", "POST", "POST", "PUT", "DELETE")
VERSIONS = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b"HTTP/2.0", b"http/1.1", b"HTTP/1", b"", b"FTP/1.1")


class Manner(Enum):
    """How the bytes go out, and what may be expected."""

    #: All of it; an answer or the end of the connection must come.
    WHOLE = "whole"
    #: In small bites; an answer or the end must come.
    SLOWLY = "slowly"
    #: Then the client says no more and still listens.
    HALF_CLOSED = "half closed"
    #: Then the client is gone.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One connection's worth of mischief."""

    manner: Manner
    method: str
    target: str
    raw: bytes

    def __str__(self) -> str:
        return f"[{self.manner.value}] {self.raw[:300]!r}{'…' if len(self.raw) > 300 else ''}"


def attempt(dice: Random) -> Attempt:
    """The next one."""
    match dice.randrange(20):
        case 0:
            return _lying(dice)
        case 1:
            return _chunked(dice)
        case 2:
            return _mangled(dice)
        case 3:
            return _pipelined(dice)
        case 4:
            return _of_another_kind(dice)
        case 5:
            return _garbage(dice)
    return _made(dice, dice.choice((Manner.WHOLE,) * 12 + (Manner.SLOWLY, Manner.HALF_CLOSED, Manner.BROKEN)))


def _made(dice: Random, manner: Manner) -> Attempt:
    method = dice.choice(METHODS if dice.random() < 0.2 else COMMON)
    where = target(dice)
    given = body(dice) if method.upper() not in {"GET", "HEAD"} or dice.random() < 0.1 else b""
    return Attempt(
        manner=manner, method=method, target=where, raw=_request(dice, method, where, given, len(given))
    )


def _request(dice: Random, method: str, where: str, given: bytes, length: int) -> bytes:
    host = b"Host: 127.0.0.1" if dice.random() < 0.9 else dice.choice(HOSTS)
    headers = [host] if dice.random() < 0.98 else []
    if given or length:
        headers.append(b"Content-Length: %d" % length)
        kind = dice.choice(MEDIA_TYPES) if dice.random() < 0.4 else MEDIA_TYPES[0]
        headers.append(b"Content-Type: " + kind.encode("latin-1"))
    if dice.random() < 0.25:
        headers.insert(dice.randrange(len(headers) + 1), dice.choice(HEADERS))
    return b"\r\n".join([_line(method, where), *headers, b"", given])


def _line(method: str, where: str, version: bytes = VERSIONS[0]) -> bytes:
    return b"%s %s %s" % (method.encode(), where.encode("latin-1", "replace"), version)


def _lying(dice: Random) -> Attempt:
    """The length is not that of the body; where more is promised than sent, the client leaves."""
    where, given = target(dice), body(dice)[:5000]
    length = dice.choice((len(given) + 7, 10**9, 10**12, max(len(given) - 3, 0)))
    raw = _request(dice, "POST", where, given, length)
    if dice.random() < 0.4:
        odd = dice.choice(
            (b"-1", b"abc", b"1e3", b"+2", b"0x2", b"", b"2, 3", b"9" * 5000, b"2\r\nContent-Length: 3")
        )
        raw = b"%s\r\nHost: x\r\nContent-Length: %s\r\n\r\n%s" % (_line("POST", where), odd, given)
    manner = dice.choice((Manner.HALF_CLOSED, Manner.BROKEN))
    return Attempt(manner=manner, method="POST", target=where, raw=raw)


def _chunked(dice: Random) -> Attempt:
    where = target(dice)
    headers = [b"Host: x", dice.choice((b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked"))]
    if dice.random() < 0.3:
        headers.append(b"Content-Length: 2")
    raw = b"\r\n".join([_line("POST", where), *headers, b"", dice.choice(CHUNKS)])
    return Attempt(manner=Manner.HALF_CLOSED, method="POST", target=where, raw=raw)


def _mangled(dice: Random) -> Attempt:
    """A few bytes of a request are changed, dropped or doubled."""
    whole = _made(dice, Manner.HALF_CLOSED)
    raw = bytearray(whole.raw[:20_000])
    for _ in range(dice.randrange(1, 6)):
        place = dice.randrange(len(raw))
        match dice.randrange(3):
            case 0:
                raw[place] = dice.randrange(256)
            case 1:
                del raw[place : place + dice.randrange(1, 8)]
                raw = raw or bytearray(b"\n")
            case _:
                raw[place:place] = raw[place : place + 8]
    return Attempt(manner=Manner.HALF_CLOSED, method="?", target=whole.target, raw=bytes(raw))


def _pipelined(dice: Random) -> Attempt:
    """Several requests, one behind the other, before any is answered."""
    parts = [_made(dice, Manner.WHOLE) for _ in range(dice.randrange(2, 12))]
    raw = b"".join(part.raw for part in parts)
    return Attempt(
        manner=dice.choice((Manner.HALF_CLOSED, Manner.BROKEN)),
        method=parts[0].method,
        target=parts[0].target,
        raw=raw,
    )


def _of_another_kind(dice: Random) -> Attempt:
    """Another version or protocol."""
    where = target(dice)
    line = _line(dice.choice(METHODS), where, dice.choice(VERSIONS))
    hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + dice.randbytes(60)
    raw = dice.choice((line + b"\r\n\r\n", line + b"\n\n", line + b"\r\nHost: x\r\n\r\n", PREFACE, hello))
    return Attempt(manner=Manner.HALF_CLOSED, method="?", target=where, raw=raw)


def _garbage(dice: Random) -> Attempt:
    headers = b"\r\n".join(dice.choices(HEADERS, k=dice.randrange(1, 6)))
    raw = dice.choice(
        (dice.randbytes(dice.randrange(1, 3000)), b"\r\n" * 50, b"\0" * 500, b"GET / HTTP/1.1\r\n" + headers)
    )
    return Attempt(manner=Manner.HALF_CLOSED, method="?", target="", raw=raw)

import errno
import os

import httpx2
import pytest

from dirigent.adapters.openai.bodies import TooLarge, Unreadable
from dirigent.adapters.openai.exchanges import Exchange, SpokeUnasked
from dirigent.adapters.openai.failures import Callee
from dirigent.adapters.openai.troubles import trouble
from dirigent.domain.outcomes import Category
from dirigent.settings.endpoints import Endpoint

CALLEE = Callee(deployment="large", name=None, endpoint=Endpoint(url="https://api.example.com/v1", key="k"))


def because(error: Exception, *causes: BaseException) -> Exception:
    """The error, with what is behind it."""
    before: BaseException = error
    for cause in causes:
        before.__cause__ = cause
        before = cause
    return error


def system(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "reason", "says"),
    [
        (httpx2.ConnectTimeout(""), "unreachable", "nobody opened in time"),
        (httpx2.ConnectError("All attempts failed"), "unreachable", "All attempts failed"),
        (
            because(httpx2.ConnectError("All attempts failed"), system(errno.ECONNREFUSED)),
            "unreachable",
            os.strerror(errno.ECONNREFUSED),
        ),
        (
            because(
                httpx2.ConnectError("All attempts failed"),
                ExceptionGroup("several", [system(errno.ECONNREFUSED)]),
            ),
            "unreachable",
            os.strerror(errno.ECONNREFUSED),
        ),
        (httpx2.ProxyError("403 Forbidden"), "unreachable", "the proxy refuses"),
        (httpx2.ReadError(""), "dropped", "ReadError"),
        (httpx2.WriteError("gone"), "dropped", "gone"),
        (httpx2.RemoteProtocolError("Server disconnected without sending a response."), "dropped", "Server"),
        (httpx2.RemoteProtocolError("peer closed connection without more"), "dropped", "peer closed"),
        (httpx2.RemoteProtocolError("illegal status line: b'220 mail'"), "unreadable", "HTTP as we know it"),
        (TooLarge(), "oversized", "more than any answer needs"),
        (Unreadable("odd"), "unreadable", "unpacked (odd)"),
        (SpokeUnasked(), "unreadable", "before it was asked"),
    ],
)
def test_trouble_with_a_connection_is_theirs_and_may_pass(error: Exception, reason: str, says: str) -> None:
    failed = trouble(CALLEE, error)

    assert (failed.failure.category, failed.failure.reason) == (Category.TRANSIENT, reason)
    assert failed.is_theirs
    assert says in failed.failure.message


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx2.ProxyError("403 Go away"), "403 Go away"),
        (httpx2.RemoteProtocolError("illegal status line: b'220 mail'"), "illegal status line: b'220 mail'"),
    ],
)
def test_what_they_sent_stands_apart(error: Exception, said: str) -> None:
    failure = trouble(CALLEE, error).failure

    assert failure.said == said
    assert said not in failure.message


@pytest.mark.parametrize("error", [httpx2.ReadError(""), httpx2.RemoteProtocolError("Server disconnected")])
def test_a_kept_connection_that_has_ended_meanwhile_says_nothing_of_them(error: Exception) -> None:
    failed = trouble(CALLEE, error, Exchange())

    assert failed.failure.reason == "dropped"
    assert not failed.is_theirs


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS])
def test_a_machine_without_room_says_nothing_of_the_other_side(number: int) -> None:
    failed = trouble(CALLEE, because(httpx2.ConnectError("no"), RuntimeError("in between"), system(number)))

    assert failed.failure.category is Category.TRANSIENT
    assert not failed.is_theirs


@pytest.mark.parametrize(
    "error",
    [httpx2.LocalProtocolError("Illegal header value b'Bearer k\\n'"), httpx2.UnsupportedProtocol("ftp")],
)
def test_what_cannot_be_sent_is_ours_and_is_not_shown(error: Exception) -> None:
    failed = trouble(CALLEE, error)

    assert failed.failure.category is Category.PERMANENT
    assert not failed.is_theirs
    assert "Bearer" not in failed.failure.message


def test_causes_that_stand_in_a_ring_end() -> None:
    first, second = httpx2.ReadError("lost"), RuntimeError("again")
    first.__cause__, second.__cause__ = second, first

    assert trouble(CALLEE, first).failure.reason == "dropped"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OverflowError("port must be 0-65535."), "no_client"),
        (ExceptionGroup("several", [OverflowError("port must be 0-65535.")]), "no_client"),
        (httpx2.InvalidURL("odd"), "unsent"),
        (UnicodeEncodeError("ascii", "hidden", 0, 1, "odd"), "unsent"),
    ],
)
def test_what_the_environment_makes_of_a_request_is_ours(error: Exception, reason: str) -> None:
    failed = trouble(CALLEE, error)

    assert (failed.failure.category, failed.failure.reason) == (Category.PERMANENT, reason)
    assert not failed.is_theirs
    assert "hidden" not in failed.failure.message

"""What went wrong with a connection, by what the package beneath raised."""

import errno
from collections.abc import Iterator

import httpx2

from dirigent.adapters.openai import failures
from dirigent.adapters.openai.bodies import TooLarge, Unreadable
from dirigent.adapters.openai.exchanges import Exchange, SpokeUnasked
from dirigent.adapters.openai.failures import Callee
from dirigent.adapters.openai.words import fit
from dirigent.ports.model import ModelFailed

#: This machine has run out of something: it says nothing of the other side.
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL})
#: How a connection's end reads; whatever else is wrong with what was sent is no HTTP.
_ENDS = ("disconnected", "closed connection", "incomplete")
#: A proxy's port that no machine has; the package that connects collects what went wrong.
_OF_PORTS = (OverflowError, ExceptionGroup)
#: What the packages beneath let through as it is: wrong answers, and what the environment adds to requests.
ODDITIES = (TooLarge, Unreadable, SpokeUnasked, httpx2.InvalidURL, ValueError, *_OF_PORTS)


def trouble(callee: Callee, error: BaseException, exchange: Exchange | None = None) -> ModelFailed:
    """The failure it amounts to, and whose it is."""
    if isinstance(error, ODDITIES):
        return _odd(callee, error)
    system = next((one for one in _causes(error) if isinstance(one, OSError) and one.errno), None)
    why = (system.strerror or str(system)) if system is not None else str(error) or type(error).__name__
    is_theirs = system is None or system.errno not in _OURS
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return ModelFailed(failures.unsent(callee), is_theirs=False)
    if isinstance(error, httpx2.ConnectTimeout):
        return ModelFailed(failures.unreachable(callee, "nobody opened in time"), is_theirs=is_theirs)
    if isinstance(error, httpx2.ProxyError):
        return ModelFailed(failures.unreachable(callee, "the proxy refuses", why), is_theirs=is_theirs)
    if isinstance(error, httpx2.ConnectError):
        return ModelFailed(failures.unreachable(callee, why), is_theirs=is_theirs)
    if isinstance(error, httpx2.RemoteProtocolError) and not any(end in why for end in _ENDS):
        said = fit(why, callee.secrets)
        return ModelFailed(failures.unreadable(callee, "does not speak HTTP as we know it", said))
    if exchange is not None and exchange.is_stale:
        # They may let go of a connection that nobody uses whenever they like.
        is_theirs = False
    return ModelFailed(failures.dropped(callee, why), is_theirs=is_theirs)


def _odd(callee: Callee, error: BaseException) -> ModelFailed:
    if isinstance(error, TooLarge):
        return ModelFailed(failures.oversized(callee))
    if isinstance(error, Unreadable):
        return ModelFailed(failures.unreadable(callee, f"sent what cannot be unpacked ({error})"))
    if isinstance(error, SpokeUnasked):
        what = "said something before it was asked, and is not believed"
        return ModelFailed(failures.unreadable(callee, what))
    if isinstance(error, _OF_PORTS):
        return ModelFailed(failures.no_client(callee, failures.PROXIES), is_theirs=False)
    return ModelFailed(failures.unsent(callee), is_theirs=False)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is behind it, the nearest first; of several at once each."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        if (one := waiting.pop(0)) is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions

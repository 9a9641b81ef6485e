"""Service Bus's REST interface: send, receive under a lock, and say what becomes of it."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from difflib import get_close_matches
from xml.sax.saxutils import escape

from devhost.bus.messages import Received
from devhost.bus.ports import MOST_DIGITS, Broker, LockLost, TooLarge, UnknownPlace
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.bus_waits import BusWaits
from devhost.http.bus_wire import BadMessage, headers_of, messages_of
from devhost.http.queries import Query

#: Where the interface lies on this host.
ROOT = "servicebus"
#: What one request may send on the Standard tier; the broker counts properties as well.
LARGEST_REQUEST = 262_144
#: Seconds that Service Bus waits for a message where the request does not say.
_PATIENCE = 60.0
#: So many locked messages are looked through for one that a request names by its id.
_PAGE = 250


class ServiceBusDoor:
    """Answers what comes in under the root; any authorization will do."""

    def __init__(self, broker: Broker, settled: Callable[[], Awaitable[None]]) -> None:
        self._broker = broker
        self._settled = settled
        self._waits = BusWaits(broker)

    @property
    def waiting(self) -> int:
        """How many calls wait for a message and do nothing else."""
        return len(self._waits)

    def break_off(self) -> None:
        """Answer the calls that wait for a message."""
        self._waits.break_off()

    async def answer(self, call: HttpCall, pieces: tuple[str, ...]) -> HttpReply:
        """The reply to a call whose path, below the root, has these decoded pieces."""
        try:
            reply = await self._routed(call, list(pieces))
        except BadMessage as error:
            return fault(400, error.detail)
        except TooLarge as error:
            return fault(403, str(error))
        except UnknownPlace as error:
            return fault(404, f"40400: Endpoint not found. {told(error)}")
        except LockLost as error:
            return fault(404, str(error))
        await self._settled()
        return reply

    async def _routed(self, call: HttpCall, pieces: list[str]) -> HttpReply:
        lower = [piece.lower() for piece in pieces]
        match lower[-1:], lower[-2:-1], lower[-3:-2]:
            case ["messages"], _, _ if call.method == "POST":
                return self._send(call, "/".join(pieces[:-1]))
            case ["head"], ["messages"], _ if call.method in {"POST", "DELETE"}:
                return await self._receive(call, "/".join(pieces[:-2]))
            case _, _, ["messages"] if call.method in {"POST", "PUT", "DELETE"}:
                return self._settle(call.method, "/".join(pieces[:-3]), pieces[-2], pieces[-1])
        return fault(
            404,
            "40400: Endpoint not found. Send with POST {queue or topic}/messages, receive with POST or "
            "DELETE {place}/messages/head.",
        )

    def _send(self, call: HttpCall, name: str) -> HttpReply:
        if len(call.body) > LARGEST_REQUEST:
            raise TooLarge(len(call.body), LARGEST_REQUEST)
        self._broker.send(name, messages_of(call))
        return HttpReply(status=201, headers=(("Content-Type", "application/xml; charset=utf-8"),))

    async def _receive(self, call: HttpCall, place: str) -> HttpReply:
        found = await self._waits.received(place, _patience(call))
        if found is None:
            return HttpReply(status=204)
        if call.method == "POST":
            return HttpReply(status=201, headers=_handed_over(call, found), body=found.message.body)
        if found.lock_token is not None:
            self._broker.complete(found.place, found.sequence_number, found.lock_token)
        unlocked = replace(found, lock_token=None, locked_until=None)
        return HttpReply(status=200, headers=headers_of(unlocked), body=found.message.body)

    def _settle(self, method: str, place: str, name: str, lock_token: str) -> HttpReply:
        do = {"DELETE": self._broker.complete, "PUT": self._broker.abandon, "POST": self._broker.renew}
        number = self._number(place, name, lock_token)
        if number is None:
            return fault(404, "No message was found with that id and lock: the lock ran out, or it is gone.")
        do[method](place, number, lock_token)
        return HttpReply(status=200)

    def _number(self, place: str, name: str, lock_token: str) -> int | None:
        """The number of a locked message that is named by it, or by its id."""

        def is_meant(message: Received) -> bool:
            names = {str(message.sequence_number), message.message.message_id}
            return message.lock_token == lock_token and name in names

        if name.isascii() and name.isdecimal() and len(name) <= MOST_DIGITS:
            # The address that a receipt gives; an id may be a number as well.
            found = self._broker.peek(place, first=int(name), most=1)
            if found and is_meant(found[0]):
                return found[0].sequence_number
        first = 0
        while page := self._broker.peek(place, first=first, most=_PAGE):
            for message in page:
                if is_meant(message):
                    return message.sequence_number
            first = page[-1].sequence_number + 1
        return None


def _handed_over(call: HttpCall, message: Received) -> tuple[tuple[str, str], ...]:
    address = f"{call.origin}/{ROOT}/{message.place}/messages/{message.sequence_number}/{message.lock_token}"
    return (*headers_of(message), ("Location", address))


def _patience(call: HttpCall) -> float:
    query = Query(call)
    if query.text("timeout") is None:
        return _PATIENCE
    seconds = query.seconds("timeout")
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        raise BadMessage(f"timeout must be a number of seconds, not {query.text('timeout')!r}.")
    return seconds


def told(error: UnknownPlace) -> str:
    """What there is in place of what was asked for."""
    near = get_close_matches(error.name.lower(), error.known, n=1)
    known = ", ".join(error.known) or "none"
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{error}{hint} There are: {known}. Others are made in servicebus.json, or by a trigger's name."


def fault(status: int, detail: str) -> HttpReply:
    """A refusal in Service Bus's own form."""
    text = f"<Error><Code>{status}</Code><Detail>{escape(detail)}</Detail></Error>"
    return HttpReply(
        status=status,
        headers=(("Content-Type", "application/xml; charset=utf-8"),),
        body=text.encode("utf-8", "replace"),
    )

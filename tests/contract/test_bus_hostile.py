"""Service Bus, when whoever answers is slow, broken, busy, somebody else or unwilling."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from typing import Any, Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from hostile_server import (
    Guest,
    HostileServer,
    Play,
    answer,
    breaking_off,
    hostile,
    saying,
    silence,
    trickling,
)
from rest_bus import RestBus

from dirigent.adapters.bus.sender import ROLE
from dirigent.adapters.service_bus import ServiceBus
from dirigent.adapters.services.patience import Patience
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused, BusUnavailable
from dirigent.settings import Namespace

KEY = "c2VjcmV0LWtleQ=="
#: Long enough for whatever answers, and short enough for whatever stays silent.
BRISK = Patience(limit=3.0, silence=0.4, pause=0.01)
#: Seconds, on a machine that has much else to do; far fewer than a caller would wait.
SOON = 10.0
HTML = answer(200, b"<html><body>Who are you?</body></html>", kind="text/html; charset=utf-8")
TAKEN = answer(201, b"")


def xml(status: int, detail: str = "", *headers: str) -> bytes:
    """As Service Bus refuses."""
    text = f"<Error><Code>{status}</Code><Detail>{detail}</Detail></Error>"
    return answer(status, text.encode(), *headers, kind="application/xml; charset=utf-8")


#: What a second try mends.
PASSING: dict[str, Play] = {
    "throttled": saying(xml(429, "50002", "Retry-After: 0")),
    "busy": saying(xml(503, "50001", "Retry-After: 0.05")),
    "broken": saying(xml(500)),
    "late": saying(xml(408)),
    "bad gateway": saying(answer(502, b"<html>", kind="text/html")),
    "a page": saying(HTML),
    "a page that is not there": saying(answer(404, b"<!DOCTYPE html>", kind="text/html")),
    "a redirect": saying(answer(307, b"", "Location: /v1/elsewhere/messages")),
    "cut": breaking_off(),
    "half an answer": breaking_off(xml(201)[:20]),
    "half a body": breaking_off(xml(201, "x" * 100)[:120]),
    "no HTTP": breaking_off(b"SSH-2.0-OpenSSH_9.7\r\n"),
    "silence": silence,
}
REFUSED = {
    "bad": (xml(400, "40000: Bad request."), "refused"),
    "no key": (xml(401, "40103: Invalid authorization token signature"), "unauthorized"),
    "no way in": (xml(403, "40300: Ip has been prevented to connect"), "unauthorized"),
    "no topic": (xml(404, "40400: Endpoint not found."), "unknown_topic"),
    "gone": (xml(410), "unknown_topic"),
    "large": (xml(413), "too_large"),
    "larger": (xml(403, "The message is larger than is allowed."), "too_large"),
}


def message(name: str = "1", **more: Any) -> BusMessage:
    return BusMessage(id=name, body=b"{}", subject="T", correlation_id="c", **more)


def first(play: Play, then: Play) -> Play:
    """Plays the one to the first request, and the other to all that follow."""
    plays = [play]

    async def both(guest: Guest) -> None:
        await (plays.pop() if plays else then)(guest)

    return both


@contextmanager
def playing(
    play: Play, patience: Patience = BRISK, *, key: str | None = KEY
) -> Iterator[tuple[ServiceBus, HostileServer]]:
    with hostile(play) as server:
        namespace = Namespace(url=server.url, key_name="Send", key=key)
        with closing(ServiceBus(lambda: namespace, patience=patience)) as bus:
            yield bus, server


def send(bus: ServiceBus, *messages: BusMessage, topic: str = "data") -> None:
    asyncio.run(bus.send(topic, messages))


def unavailable(bus: ServiceBus) -> tuple[str, float]:
    """What is said, and after how many seconds."""
    begun = time.monotonic()
    with pytest.raises(BusUnavailable) as failure:
        send(bus, message())
    return str(failure.value), time.monotonic() - begun


def refused(bus: ServiceBus, *messages: BusMessage) -> BusRefused:
    with pytest.raises(BusRefused) as failure:
        send(bus, *messages)
    return failure.value


def open_sockets() -> set[str]:
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return {name for name in (str(link.readlink()) for link in links) if name.startswith("socket:")}


@pytest.mark.parametrize("moment", PASSING)
def test_sends_in_spite_of_one_bad_moment(moment: str) -> None:
    with playing(first(PASSING[moment], saying(TAKEN))) as (bus, server):
        send(bus, message("run.step"))

    assert [heard.path for heard in server.heard] == ["/v1/data/messages"] * 2
    assert '"run.step"' in server.heard[0].headers["brokerproperties"]
    assert server.heard[0].body == server.heard[1].body


@pytest.mark.parametrize("moment", sorted(set(PASSING) - {"silence"}))
def test_gives_up_after_a_few_tries_and_says_what_became_of_them(moment: str) -> None:
    with playing(PASSING[moment]) as (bus, server):
        told, spent = unavailable(bus)

    assert len(server.heard) == BRISK.tries
    assert spent < SOON
    assert told.startswith(
        f"Service Bus at {server.url[7:-3]} did not take the messages for the topic 'data': "
    )
    assert KEY not in told


def test_a_silent_bus_is_waited_for_no_longer_than_callers_can() -> None:
    with playing(silence, Patience(limit=1.0, silence=0.6, pause=0.01)) as (bus, _):
        told, spent = unavailable(bus)

    assert 0.9 < spent < SOON
    assert "its time of" in told


def test_does_not_wait_for_a_bus_that_wants_to_be_left_alone_for_longer() -> None:
    with playing(saying(xml(429, "", "Retry-After: 60")), Patience()) as (bus, server):
        told, spent = unavailable(bus)

    assert len(server.heard) == 1
    assert spent < SOON
    assert "it answered 429" in told


def test_waits_as_long_as_it_is_asked_to() -> None:
    with playing(first(saying(xml(503, "", "Retry-After: 0.5")), saying(TAKEN))) as (bus, _):
        begun = time.monotonic()
        send(bus, message())

    assert time.monotonic() - begun >= 0.5


@pytest.mark.parametrize(
    "beginning", [xml(503)[:-20], b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
def test_an_answer_without_end_takes_no_more_than_the_time_there_is(beginning: bytes) -> None:
    drop = b"1000\r\n" + b"x" * 4_096 + b"\r\n"

    with playing(trickling(beginning, drop, 0.01), Patience(limit=1.0, silence=0.4, pause=0.01)) as (bus, _):
        _, spent = unavailable(bus)

    assert spent < SOON


def test_nobody_listens_there() -> None:
    with create_server(("127.0.0.1", 0)) as socket:
        port = socket.getsockname()[1]
    with closing(ServiceBus(lambda: Namespace(url=f"http://127.0.0.1:{port}"), patience=BRISK)) as bus:
        told, spent = unavailable(bus)

    assert "it could not be reached" in told
    assert spent < SOON


@pytest.mark.parametrize("case", REFUSED)
def test_takes_a_no_for_a_no_and_says_why(case: str) -> None:
    said, reason = REFUSED[case]

    with playing(saying(said)) as (bus, server):
        refusal = refused(bus, message())

    assert refusal.reason == reason
    assert len(server.heard) == 1
    assert KEY not in refusal.sentence
    assert (ROLE in refusal.sentence) == (reason == "unauthorized")


@pytest.mark.parametrize(
    ("key", "told", "remedy"),
    [
        (KEY, "The bus has no topic 'data'", "create it, or correct its name."),
        (
            None,
            "The bus of the local host has no topic 'data', for nobody subscribes to it",
            "add a subscription to the catalogue, or name the topic in servicebus.json, and start the host",
        ),
    ],
)
def test_where_there_is_no_such_topic_it_says_what_to_do(key: str | None, told: str, remedy: str) -> None:
    with playing(saying(REFUSED["no topic"][0]), key=key) as (bus, _):
        refusal = refused(bus, message())

    assert refusal.sentence.startswith(f"{told}: {remedy}")


def test_what_the_bus_says_stands_in_the_log_and_not_in_the_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        playing(saying(xml(400, "40000: Odd &lt;thing&gt;.\r\nTrackingId:7"))) as (bus, _),
        caplog.at_level(logging.INFO),
    ):
        refusal = refused(bus, message())

    (told,) = [record.getMessage() for record in caplog.records if record.name.startswith("dirigent")]
    assert told.endswith(" answered 400: 40000: Odd <thing>. TrackingId:7")
    assert "TrackingId" not in refusal.sentence


def test_a_full_topic_is_told_at_once_and_may_have_room_later() -> None:
    with playing(saying(xml(403, "Quota exceeded."))) as (bus, server):
        told, spent = unavailable(bus)

    assert (len(server.heard), spent < SOON) == (1, True)
    assert "the topic is full" in told


def test_nothing_is_sent_to_where_a_redirect_leads() -> None:
    with hostile(saying(TAKEN)) as elsewhere:
        led = saying(answer(307, b"", f"Location: {elsewhere.url}/data/messages"))
        with playing(led) as (bus, _):
            unavailable(bus)

    assert elsewhere.heard == []


def test_fewer_go_together_where_the_bus_finds_them_too_large() -> None:
    counts: list[int] = []

    async def play(guest: Guest) -> None:
        assert guest.heard is not None
        counts.append(guest.heard.body.count(b'"Body"') or 1)
        await guest.say(xml(413) if counts[-1] > 2 else TAKEN)

    with playing(play) as (bus, _):
        send(bus, *[message(f"{number}") for number in range(7)])

    assert [count for count in counts if count <= 2] == [1, 2, 2, 2]


def test_one_alone_that_the_bus_finds_too_large_is_named() -> None:
    async def play(guest: Guest) -> None:
        assert guest.heard is not None
        is_large = b'"large"' in guest.heard.body or '"large"' in guest.heard.headers.get(
            "brokerproperties", ""
        )
        await guest.say(xml(413) if is_large else TAKEN)

    with playing(play) as (bus, _):
        refusal = refused(bus, message("1"), message("large"), message("3"))

    assert refusal.reason == "too_large"
    assert "'large'" in refusal.sentence


def test_what_arrived_although_nobody_heard_so_arrives_again_as_the_same() -> None:
    rest = RestBus()

    async def unheard(guest: Guest) -> None:
        assert guest.heard is not None
        rest.take(guest.heard)
        guest.hang_up()

    with playing(first(unheard, rest.play)) as (bus, _):
        send(bus, message("run.step"))

    assert [one.id for one in rest.laid["data"]] == ["run.step", "run.step"]


def test_keeps_its_connection_for_the_next() -> None:
    with playing(RestBus().play) as (bus, server):
        for number in range(5):
            send(bus, message(f"{number}"))

    assert (len(server.heard), len(server.guests)) == (5, 1)


def test_signs_with_the_key_and_a_wrong_one_is_not_let_in() -> None:
    rest = RestBus(keys={"Send": "another"}, now=time.time())

    with playing(rest.play) as (bus, server):
        wrong = refused(bus, message())
        rest.keys["Send"] = KEY
        send(bus, message())

    assert wrong.reason == "unauthorized"
    assert len(rest.laid["data"]) == 1
    assert all(KEY not in f"{heard.headers}" for heard in server.heard)


@dataclass
class Identity:
    """Whoever runs the app."""

    token: str = "of-entra"
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token for an hour."""
        self.asked += scopes
        if self.failure is not None:
            raise self.failure
        return AccessToken(self.token, int(time.time()) + 3_600)

    async def close(self) -> None:
        """Leave."""
        self.closed += 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@contextmanager
def keyless(play: Play, identity: Identity) -> Iterator[tuple[ServiceBus, HostileServer]]:
    with hostile(play) as server:
        namespace = Namespace(url=server.url, signs_in=True)
        with closing(ServiceBus(lambda: namespace, patience=BRISK, sign_in=lambda _: identity)) as bus:
            yield bus, server


def test_signs_in_once_where_there_is_no_key() -> None:
    identity, rest = Identity(), RestBus(tokens=("of-entra",))

    with keyless(rest.play, identity) as (bus, _):
        send(bus, message("1"))
        send(bus, message("2"))

    assert identity.asked == ["https://servicebus.azure.net/.default"]
    assert len(rest.laid["data"]) == 2
    assert identity.closed == 1


def test_whoever_cannot_sign_in_is_told_so_and_sends_nothing() -> None:
    failure = ClientAuthenticationError(message="No identity here.\nTried this:\nand that")

    with keyless(saying(TAKEN), Identity(failure=failure)) as (bus, server):
        refusal = refused(bus, message())

    assert (refusal.reason, server.heard) == ("unauthorized", [])
    assert ROLE in refusal.sentence


def test_a_token_that_does_not_do_is_told_so() -> None:
    with keyless(RestBus(tokens=("another",)).play, Identity()) as (bus, server):
        refusal = refused(bus, message())

    assert refusal.reason == "unauthorized"
    assert len(server.heard) == 1


async def _given_up(
    bus: ServiceBus, server: HostileServer, end: Callable[[asyncio.Task[None]], object]
) -> None:
    task = asyncio.create_task(bus.send("data", [message()]))
    await asyncio.to_thread(server.begun.wait, 5)
    await asyncio.to_thread(end, task) if end is not asyncio.Task.cancel else end(task)
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_caller_who_gives_up_hangs_up() -> None:
    with playing(silence, Patience(silence=5.0)) as (bus, server):
        asyncio.run(_given_up(bus, server, asyncio.Task.cancel))

        assert server.left.wait(5)


def test_whoever_sends_while_it_is_closed_is_not_left_waiting() -> None:
    with playing(silence, Patience(silence=5.0)) as (bus, server):
        begun = time.monotonic()
        asyncio.run(_given_up(bus, server, lambda _: bus.close()))

        assert server.left.wait(5)
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize("moment", [*PASSING, "fine"])
def test_nothing_is_left_of_it_when_it_is_closed(moment: str) -> None:
    play = {**PASSING, "fine": RestBus().play}[moment]
    with ExitStack() as leave:
        server = leave.enter_context(hostile(play))
        threads, sockets = set(threading.enumerate()), open_sockets()
        bus = ServiceBus(
            lambda: Namespace(url=server.url), patience=Patience(limit=0.5, silence=0.2, pause=0.01)
        )
        with suppress(BusUnavailable):
            send(bus, message())
        bus.close()

        left = _settled(lambda: not open_sockets() - sockets)
        assert set(threading.enumerate()) == threads
        assert left


def _settled(look: Callable[[], bool]) -> bool:
    # The server's half of a connection ends a moment later.
    end = time.monotonic() + 5
    while not look() and time.monotonic() < end:
        time.sleep(0.01)
    return look()


def test_nothing_is_open_before_the_first_message() -> None:
    threads, sockets = set(threading.enumerate()), open_sockets()

    bus = ServiceBus(lambda: Namespace(url="https://house.servicebus.windows.net", signs_in=True))
    asyncio.run(bus.send("data", []))

    assert (set(threading.enumerate()), open_sockets()) == (threads, sockets)
    bus.close()

"""Whatever a service does, a call ends as a named failure, and nothing of it stays behind."""

import asyncio
import gzip
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hostile_server import (
    FINE,
    Guest,
    HostileServer,
    Play,
    answer,
    breaking_off,
    completion,
    error,
    hostile,
    saying,
    silence,
    together,
    trickling,
)

from dirigent.adapters.openai_model import OpenAIModel
from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import ModelFailed, Reply, Request
from dirigent.settings.endpoints import Endpoint

KEY = "sk-test-0123456789abcdefghij"
LONG = 20.0


def question(seconds: float = LONG) -> Request:
    return Request(
        deployment="large",
        agent="scout",
        instructions="You are a researcher.",
        prompt="What of tea?",
        temperature=0.0,
        token_limit=100,
        seconds=seconds,
    )


def traces() -> tuple[set[str], int]:
    """What would be left: threads by name, and open files and sockets."""
    return {thread.name for thread in threading.enumerate()}, len(list(Path("/dev/fd").iterdir()))


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    # What the first call imports and opens for good is no trace of a later one.
    with asking(saying(FINE), checked=False) as (model, _):
        asyncio.run(model.complete(question()))


@contextmanager
def asking(play: Play, *, checked: bool = True) -> Iterator[tuple[OpenAIModel, HostileServer]]:
    before = traces()
    with hostile(play) as server:
        model = OpenAIModel({None: Endpoint(url=server.url, key=KEY)})
        try:
            yield model, server
        finally:
            model.close()
    after = traces()
    assert not checked or (after[0] <= before[0] and after[1] <= before[1])


def failure_of(play: Play, seconds: float = LONG) -> Failure:
    """How a call ends; it is theirs, and says nothing that it should not."""
    with asking(play) as (model, server), pytest.raises(ModelFailed) as caught:
        asyncio.run(model.complete(question(seconds)))

    assert len(server.heard) == 1
    assert caught.value.is_theirs
    failure = caught.value.failure
    assert "'large'" in failure.message
    assert KEY not in failure.message
    assert KEY not in failure.said
    assert len(failure.message) < 700
    return failure


REFUSALS = {
    "seconds to wait": (
        answer(429, error("Slow down.", "rate_limit_exceeded"), "Retry-After: 7"),
        (Category.RATE_LIMIT, "rate_limit", 7.0),
    ),
    "milliseconds to wait": (
        answer(429, error("Slow down."), "retry-after-ms: 1500", "Retry-After: 2"),
        (Category.RATE_LIMIT, "rate_limit", 1.5),
    ),
    "ten minutes to wait": (
        answer(429, error("Slow down."), "Retry-After: 600"),
        (Category.RATE_LIMIT, "rate_limit", 600.0),
    ),
    "nothing to wait for": (answer(429, b""), (Category.RATE_LIMIT, "rate_limit", None)),
    "no money": (
        answer(429, error("You exceeded your current quota.", "insufficient_quota"), "Retry-After: 7"),
        (Category.PERMANENT, "quota", None),
    ),
    "an error of theirs": (answer(500, error("Oops.")), (Category.TRANSIENT, "server_error", None)),
    "a pause": (answer(503, b"busy", "Retry-After: 3"), (Category.TRANSIENT, "server_error", 3.0)),
    "a gateway's page": (
        answer(502, b"<html><body>Bad gateway</body></html>", kind="text/html"),
        (Category.TRANSIENT, "server_error", None),
    ),
    "a wrong key": (
        answer(401, error(f"Incorrect API key provided: {KEY}.", "invalid_api_key")),
        (Category.AUTHENTICATION, "wrong_key", None),
    ),
    "no right": (answer(403, error("No.")), (Category.AUTHENTICATION, "forbidden", None)),
    "an unknown model": (
        answer(404, error("The API deployment does not exist.", "DeploymentNotFound")),
        (Category.PERMANENT, "unknown_model", None),
    ),
    "their own timeout": (answer(408, error("Late.")), (Category.TIMEOUT, "timeout", None)),
    "a conflict": (answer(409, error("Locked.")), (Category.TRANSIENT, "conflict", None)),
    "an odd request": (answer(422, error("What?")), (Category.PERMANENT, "bad_request", None)),
    "a filtered prompt": (
        answer(
            400, error("Filtered.", "content_filter", innererror={"code": "ResponsibleAIPolicyViolation"})
        ),
        (Category.PERMANENT, "content_filter", None),
    ),
    "a filtered answer": (
        answer(200, completion("Half an ", "content_filter")),
        (Category.PERMANENT, "content_filter", None),
    ),
    "a limit of tokens": (
        answer(200, completion("Half an ", "length")),
        (Category.PERMANENT, "truncated", None),
    ),
    "a refusal": (
        answer(200, completion(None, refusal="I cannot help with that.")),
        (Category.PERMANENT, "refusal", None),
    ),
    "no JSON": (answer(200, b'{"choices": [{"mess'), (Category.TRANSIENT, "unreadable", None)),
    "a page": (answer(200, b"<html>hi</html>", kind="text/html"), (Category.TRANSIENT, "unreadable", None)),
    "nothing": (answer(200, b""), (Category.TRANSIENT, "unreadable", None)),
    "another shape": (answer(200, b'{"choices": {"0": []}}'), (Category.TRANSIENT, "unreadable", None)),
    "a list": (answer(200, b"[1, 2, 3]"), (Category.TRANSIENT, "unreadable", None)),
    "an error that calls itself success": (
        answer(200, error("The model is overloaded.")),
        (Category.TRANSIENT, "unreadable", None),
    ),
    "no choice": (answer(200, b'{"choices": []}'), (Category.TRANSIENT, "unreadable", None)),
    "tools alone": (
        answer(200, completion(None, "tool_calls", tool_calls=[{"id": "1", "type": "function"}])),
        (Category.TRANSIENT, "unreadable", None),
    ),
    "silence of words": (answer(200, completion("")), (Category.TRANSIENT, "unreadable", None)),
    "no HTTP": (b"220 mail.example.org ESMTP\r\n\r\n", (Category.TRANSIENT, "unreadable", None)),
    "an unknown packing": (
        answer(200, b"\x00\x01\x02", "Content-Encoding: br"),
        (Category.TRANSIENT, "unreadable", None),
    ),
    "half of what is packed": (
        answer(200, gzip.compress(completion())[:-12], "Content-Encoding: gzip"),
        (Category.TRANSIENT, "unreadable", None),
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_an_answer_that_is_none_is_a_named_failure(name: str) -> None:
    said, expected = REFUSALS[name]

    failure = failure_of(breaking_off(said) if name == "no HTTP" else saying(said))

    assert (failure.category, failure.reason, failure.retry_after) == expected


def test_a_date_to_wait_for_is_read_by_their_clock() -> None:
    theirs = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    until = format_datetime(theirs + timedelta(seconds=90), usegmt=True)
    dates = [f"Date: {format_datetime(theirs, usegmt=True)}", f"Retry-After: {until}"]

    failure = failure_of(saying(answer(429, error("Slow down."), *dates)))

    assert failure.retry_after == 90.0


CUTS = {
    "before anything": b"",
    "in the headers": FINE[:40],
    "in the body": FINE[:-20],
    "between chunks": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"cho\r\n',
}


@pytest.mark.parametrize("place", CUTS)
def test_a_connection_that_is_cut_may_be_tried_again(place: str) -> None:
    failure = failure_of(breaking_off(CUTS[place]))

    assert (failure.category, failure.reason) == (Category.TRANSIENT, "dropped")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(silence, id="silence"),
        pytest.param(trickling(HEAD, b" ", 0.1), id="a body by drops"),
        pytest.param(trickling(b"HTTP/1.1 200 OK\r\n", b"x", 0.1), id="headers by drops"),
        pytest.param(trickling(HEAD, b"", 0.1), id="a body that never comes"),
    ],
)
def test_who_answers_too_late_is_not_waited_for(play: Play) -> None:
    failure = failure_of(play, seconds=0.5)

    assert (failure.category, failure.reason) == (Category.TIMEOUT, "timeout")
    assert "0.5 s" in failure.message


def flood(sent: list[int], said: bytes) -> Play:
    async def play(guest: Guest) -> None:
        try:
            for place in range(0, len(said), 65_536):
                await guest.say(said[place : place + 65_536])
        finally:
            sent.append(guest.sent)

    return play


HUGE = completion("x" * 30_000_000)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(answer(200, HUGE), id="30 MB"),
        pytest.param(answer(200, gzip.compress(HUGE), "Content-Encoding: gzip"), id="30 MB packed in 30 KB"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + HUGE, id="30 MB of unknown length"
        ),
    ],
)
def test_an_answer_that_is_too_large_is_neither_read_to_its_end_nor_held(said: bytes) -> None:
    sent: list[int] = []
    tracemalloc.start()
    try:
        failure = failure_of(flood(sent, said))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (failure.category, failure.reason) == (Category.TRANSIENT, "oversized")
    assert sent[0] < 20_000_000
    assert peak < 20_000_000


def test_a_refusal_with_a_large_body_is_still_a_refusal() -> None:
    failure = failure_of(saying(answer(401, b"no " * 1_000_000)))

    assert (failure.category, failure.reason) == (Category.AUTHENTICATION, "wrong_key")


def test_nobody_is_followed_elsewhere() -> None:
    with hostile(saying(FINE)) as other:
        failure = failure_of(saying(answer(307, b"", f"Location: {other.url}/chat/completions")))

    assert (failure.category, failure.reason) == (Category.PERMANENT, "redirect")
    assert other.heard == []


def test_nobody_at_the_address_is_theirs_and_may_come_back() -> None:
    with hostile(silence) as gone:
        pass
    model = OpenAIModel({None: Endpoint(url=gone.url, key=KEY)})

    with pytest.raises(ModelFailed) as caught:
        asyncio.run(model.complete(question()))
    model.close()

    assert (caught.value.failure.category, caught.value.failure.reason) == (
        Category.TRANSIENT,
        "unreachable",
    )
    assert caught.value.is_theirs


def test_what_one_answer_leaves_behind_goes_with_no_other_request() -> None:
    with asking(saying(answer(200, completion(), "Set-Cookie: mine=1; Path=/"))) as (model, server):
        for _ in range(2):
            asyncio.run(model.complete(question()))

    assert [heard.headers.get("cookie") for heard in server.heard] == [None, None]


def test_a_packed_answer_is_read() -> None:
    with asking(saying(answer(200, gzip.compress(completion()), "Content-Encoding: gzip"))) as (model, _):
        reply = asyncio.run(model.complete(question()))

    assert reply.text == "Tea is old."


def test_a_call_that_is_given_up_closes_its_connection() -> None:
    async def give_up(model: OpenAIModel, server: HostileServer) -> bool:
        call = asyncio.create_task(model.complete(question()))
        await asyncio.to_thread(server.begun.wait, 10)
        call.cancel()
        await asyncio.wait([call])
        return call.cancelled()

    with asking(silence) as (model, server):
        is_cancelled = asyncio.run(give_up(model, server))
        has_left = server.left.wait(10)

    assert is_cancelled
    assert has_left


def test_closing_ends_calls_under_way_and_the_next_one_connects_anew() -> None:
    async def play(guest: Guest) -> None:
        if len(server.heard) == 1:
            await silence(guest)
        await guest.say(FINE)

    async def hang_up(model: OpenAIModel) -> tuple[object, Reply]:
        call = asyncio.create_task(model.complete(question()))
        await asyncio.to_thread(server.begun.wait, 10)
        await asyncio.to_thread(model.close)
        ended = (await asyncio.gather(call, return_exceptions=True))[0]
        return ended, await model.complete(question())

    with asking(play) as (model, server):
        ended, reply = asyncio.run(hang_up(model))

    assert isinstance(ended, ModelFailed)
    assert (ended.failure.category, ended.failure.reason) == (Category.TRANSIENT, "closed")
    assert not ended.is_theirs
    assert reply.text == "Tea is old."


def outcomes(model: OpenAIModel, count: int) -> list[str | tuple[str, bool]]:
    """Of calls after one another: each text, or why there is none and whether that is theirs."""

    async def asked() -> str | tuple[str, bool]:
        try:
            return (await model.complete(question())).text
        except ModelFailed as error:
            return error.failure.reason, error.is_theirs

    return [asyncio.run(asked()) for _ in range(count)]


def test_what_follows_an_answer_is_nobodys() -> None:
    with asking(saying(FINE + answer(200, completion("Somebody else's.")))) as (model, server):
        found = outcomes(model, 4)

    assert found == ["Tea is old.", ("unreadable", True)] * 2
    assert len(server.guests) == 2


def test_a_kept_connection_that_ends_without_a_word_says_nothing_of_them() -> None:
    async def play(guest: Guest) -> None:
        if len(server.heard) % 2:
            await guest.say(FINE)
        else:
            guest.hang_up()

    with asking(play) as (model, server):
        found = outcomes(model, 2)

    assert found == ["Tea is old.", ("dropped", False)]


def test_a_kept_connection_that_ends_in_the_middle_of_a_word_does() -> None:
    async def play(guest: Guest) -> None:
        if len(server.heard) % 2:
            await guest.say(FINE)
        else:
            await guest.say(FINE[:-20])
            guest.hang_up()

    with asking(play) as (model, server):
        found = outcomes(model, 2)

    assert found == ["Tea is old.", ("dropped", True)]


def test_words_may_be_shorter_than_vectors() -> None:
    failure = failure_of(saying(answer(200, completion("x" * 4_000_000))))

    assert (failure.category, failure.reason) == (Category.TRANSIENT, "oversized")


@pytest.mark.parametrize("count", [50, 200])
def test_calls_at_once_are_under_way_at_once(count: int) -> None:
    async def ask_all(model: OpenAIModel) -> list[Reply]:
        return list(await asyncio.gather(*(model.complete(question()) for _ in range(count))))

    # Nobody is answered before all have asked.
    with asking(together(count, FINE)) as (model, server):
        replies = asyncio.run(ask_all(model))

    assert len(replies) == count
    assert len(server.guests) == count


def test_calls_after_one_another_share_a_connection_whatever_loop_they_come_from() -> None:
    with asking(saying(FINE)) as (model, server):
        replies = [asyncio.run(model.complete(question())) for _ in range(3)]

    assert len(replies) == 3
    assert len(server.guests) == 1


def test_calls_from_several_loops_at_once_are_all_answered() -> None:
    texts: list[str] = []

    def ask(model: OpenAIModel) -> None:
        texts.append(asyncio.run(model.complete(question())).text)

    with asking(together(8, FINE)) as (model, _), ExitStack() as joined:
        for _ in range(8):
            thread = threading.Thread(target=ask, args=(model,))
            thread.start()
            joined.callback(thread.join, 20)

    assert texts == ["Tea is old."] * 8

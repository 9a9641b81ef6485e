"""One trace from a request to every call of a model, and each line of the log once."""

import asyncio
import json
import logging
import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from content_host import ContentHost, content_host
from driver import ROOT
from golden_flows import FLOWS
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode
from pattern_catalogue import compose
from watcher import Watcher, trace_id, watching

from devhost.options import Replay
from devhost.testing import LocalHost
from dirigent.adapters.model_script import Rule, Script
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain.run_ids import task_of
from dirigent.modelserver.door import Door
from dirigent.modelserver.server import Listener

REPLAYS: tuple[Replay, ...] = ("sticky", "always")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
#: A chain that asks, has three vote in its first nested run, and sends four out in its second.
NESTED = "nested"
AGREED = {
    "answers": [
        {"agent": "head", "times": 1, "answer": {"kind": "wide"}},
        *({"agent": name, "times": 1, "answer": "Yes."} for name in ("quick", "slow", "silent")),
    ]
}
TROUBLED = {"faults": [{"agent": "writer", "times": 2, "fault": {"status": 503}}]}
FIELDS = ("task_id", "run", "workflow", "step", "agent", "attempt", "category", "status", "parent")


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    with watching() as found:
        yield found


def play(folder: Path, watcher: Watcher, replay: Replay = "sticky", **started: str) -> str:
    """The id of a nested run that has done what it was for."""
    folder.mkdir(exist_ok=True)
    watcher.forget()
    catalogue = compose(folder, FLOWS)
    with content_host(folder, script=AGREED, catalogue=catalogue, replay=replay) as host:
        run = str(host.start({"topic": "tides"}, NESTED, **started)["task_id"])
        assert host.ended(run)["status"] == "completed"
        return run


def named(spans: tuple[ReadableSpan, ...], word: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name.partition(" ")[0] == word]


def about(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def steps(span: ReadableSpan) -> tuple[Any, ...]:
    """The run and the step for whose sake it is."""
    return tuple(about(span)[f"dirigent.{name}"] for name in ("task_id", "run", "step"))


def told(records: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Lines that name a run."""
    return [record for record in records if hasattr(record, "task_id")]


@pytest.mark.parametrize("replay", REPLAYS)
def test_a_request_and_all_that_is_asked_for_its_sake_are_one_trace(
    tmp_path: Path, watcher: Watcher, replay: Replay
) -> None:
    run = play(tmp_path, watcher, replay, traceparent=PARENT)

    chats, agents = named(watcher.spans, "chat"), named(watcher.spans, "invoke_agent")
    # One triages, three vote, four work side by side, one merges.
    assert len(chats) == len(agents) == 9
    assert {trace_id(span) for span in watcher.spans} == {TRACE}
    [start] = named(watcher.spans, "start")
    assert start.parent is not None
    assert start.parent.span_id == 0x00F067AA0BA902B7
    assert about(start)["dirigent.task_id"] == run
    # Each call is within its attempt, and each attempt is below the start.
    ids = {span.context.span_id for span in agents if span.context}
    assert {chat.parent.span_id for chat in chats if chat.parent} == ids
    assert {agent.parent.span_id for agent in agents if agent.parent} == {start.context.span_id}
    assert {about(span)["dirigent.task_id"] for span in agents} == {run}
    assert {about(span)["dirigent.workflow"] for span in agents} == {"nested", "poll", "abreast"}
    assert Counter(map(steps, chats)) == Counter(map(steps, agents))


def test_without_a_header_the_start_begins_the_trace(tmp_path: Path, watcher: Watcher) -> None:
    play(tmp_path, watcher)

    assert len({trace_id(span) for span in watcher.spans}) == 1
    assert len(named(watcher.spans, "chat")) == 9


@pytest.mark.parametrize("header", ["", "no trace", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", PARENT + "-x"])
def test_without_a_trace_histories_hold_no_byte_of_it(tmp_path: Path, header: str) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with content_host(tmp_path, script=AGREED, catalogue=catalogue) as host:
        run = host.start({"topic": "tides"}, NESTED, traceparent=header)["task_id"]
        assert host.ended(run)["status"] == "completed"
        told = json.dumps([host.host.status(run).input_json, host.host.history(run)])

    assert "tides" in told
    assert "trace" not in told


def test_both_ways_of_replaying_tell_the_same_and_each_thing_once(
    tmp_path: Path, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen = []
    for replay in REPLAYS:
        caplog.clear()
        run = play(tmp_path / replay, watcher, replay, traceparent=PARENT)
        spans = Counter((span.name, *_where(about(span), run)) for span in watcher.spans)
        lines = Counter((_sentence(record), *_fields(record, run)) for record in told(caplog.records))
        seen.append((spans, lines))

    assert seen[0] == seen[1]
    spans, lines = seen[0]
    # Two workflows have steps of the same names, and a chat does not tell of its workflow.
    assert {count for (name, *_), count in spans.items() if not name.startswith("chat")} == {1}
    assert set(lines.values()) == {1}
    sentences = Counter(sentence for sentence, *_ in lines)
    # Nine steps of agents and the tally; the run itself, and the two that are its steps.
    assert sentences == {
        "A run was started": 1,
        "A run has begun": 2,
        "A step is done": 10,
        "A run has ended": 3,
    }


def _where(attributes: dict[str, Any], run: str) -> tuple[Any, ...]:
    names = ("dirigent.workflow", "dirigent.step", "dirigent.attempt", "gen_ai.agent.name")
    return (*(attributes.get(name) for name in names), attributes.get("dirigent.run") == run)


def _sentence(record: logging.LogRecord) -> str:
    return record.getMessage().partition(":")[0]


def _fields(record: logging.LogRecord, run: str) -> tuple[Any, ...]:
    """Of two runs that do the same, the same: a child's id has its parent's in it."""
    fields, text = vars(record), record.getMessage()
    assert all(f"{name}={fields[name]}" in text for name in FIELDS if name in fields)
    assert task_of(fields["run"]) == fields["task_id"] == run
    own = [name for name in FIELDS if name not in ("task_id", "run", "parent")]
    return (*(fields.get(name) for name in own), fields["run"] == run)


def test_each_attempt_has_its_span_and_each_failed_one_its_line(
    tmp_path: Path, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with content_host(tmp_path, script=TROUBLED) as host:
        task = host.ended(host.start(traceparent=PARENT)["task_id"])

    assert task["status"] == "completed"
    writers = [one for one in named(watcher.spans, "invoke_agent") if one.name.endswith(" writer")]
    ends = [
        (about(span)["dirigent.attempt"], about(span)["dirigent.outcome"], about(span).get("error.type"))
        for span in writers
    ]
    assert ends == [(1, "failed", "server_error"), (2, "failed", "server_error"), (3, "done", None)]
    assert [span.status.status_code for span in writers[:2]] == [StatusCode.ERROR] * 2
    failed = [record for record in told(caplog.records) if record.levelno == logging.WARNING]
    assert [(_sentence(one), *_story(one)) for one in failed] == [
        ("A step failed", "writer", 1, "TRANSIENT"),
        ("A step failed", "writer", 2, "TRANSIENT"),
    ]


def _story(record: logging.LogRecord) -> tuple[Any, ...]:
    fields = vars(record)
    return fields["agent"], fields["attempt"], fields["category"]


def test_a_run_that_fails_says_so_once(
    tmp_path: Path, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    script = {"faults": [{"agent": "writer", "fault": {"status": 400}}]}
    with content_host(tmp_path, script=script, replay="always") as host:
        run = host.start(traceparent=PARENT)["task_id"]
        assert host.ended(run)["status"] == "failed"

    failed = [record for record in told(caplog.records) if record.levelno == logging.WARNING]
    assert [_sentence(record) for record in failed] == ["A step failed", "A run has failed"]
    assert vars(failed[1])["run"] == run


def test_nothing_that_was_said_is_told(
    tmp_path: Path, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    # Packages that would tell all at this level have been told not to.
    caplog.set_level(logging.DEBUG)
    script = {"answers": [{"answer": "A confidential answer."}]}
    with content_host(tmp_path, script=script) as host:
        task = host.ended(host.start({"topic": "a confidential topic"})["task_id"])

    assert task["status"] == "completed"
    assert len(named(watcher.spans, "chat")) == 3
    assert "confidential" not in "".join(span.to_json() for span in watcher.spans)
    assert "confidential" not in "".join(record.getMessage() for record in caplog.records)


def test_what_was_said_is_told_where_a_setting_asks_for_it(tmp_path: Path, watcher: Watcher) -> None:
    with content_host(tmp_path, DIRIGENT_TELEMETRY_CONTENT="true") as host:
        host.ended(host.start({"topic": "a confidential topic"})["task_id"])

    asked = [about(span)["gen_ai.input.messages"] for span in named(watcher.spans, "chat")]
    assert "confidential" in asked[0]


class Ear(Door):
    """A model server's door that remembers the headers of each call."""

    def __init__(self, *faults: Rule) -> None:
        super().__init__(Script(faults=faults), SystemClock(), None)
        self.heard: list[str] = []

    def application(self) -> web.Application:
        app = super().application()
        app.middlewares.append(self._listen)
        return app

    @property
    def _listen(self) -> Any:
        @web.middleware
        async def listen(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            self.heard.append(request.headers.get("traceparent", ""))
            return await handler(request)

        return listen


class Gossip(Door):
    """A model server's door that answers every call with an error that repeats what was asked."""

    def __init__(self) -> None:
        super().__init__(Script(), SystemClock(), None)

    def application(self) -> web.Application:
        @web.middleware
        async def repeat(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            asked = (await request.json())["messages"][-1]["content"]
            return web.json_response({"error": {"message": f"I will not say: {asked}"}}, status=400)

        app = super().application()
        app.middlewares.append(repeat)
        return app


def tokens(watcher: Watcher) -> Counter[str]:
    """Those that were counted, by their kind."""
    points, counted = watcher.points(), Counter[str]()
    for kind in ("input", "output"):
        for point in points[f"gen_ai.client.inference.usage.{kind}_tokens"]:
            counted[kind] += point.value
    return counted


@contextmanager
def served(door: Door) -> Iterator[str]:
    """Serve on a thread of its own; the address."""
    loop, listener = asyncio.new_event_loop(), Listener(door, "127.0.0.1", 0)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(listener.start(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def http_host(folder: Path, url: str, catalogue: Path | None = None) -> Iterator[ContentHost]:
    """The app on the machine's clock, with its model behind HTTP."""
    settings = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "DIRIGENT_DATA": str(folder / "data"),
        "DIRIGENT_MODEL": "openai",
        "OPENAI_BASE_URL": url,
        **({} if catalogue is None else {"DIRIGENT_CATALOGUE": str(catalogue)}),
    }
    with LocalHost(ROOT, clock="real", state=folder / "state", settings=settings) as host:
        yield ContentHost(host)
        host.module.parts.close()


@pytest.mark.embedded_only("its model is behind HTTP in any case")
def test_a_model_server_is_asked_in_the_same_trace_and_counts_the_same_tokens(
    tmp_path: Path, watcher: Watcher
) -> None:
    door = Ear()
    with served(door) as url, http_host(tmp_path, url) as host:
        task = host.ended(host.start(traceparent=PARENT)["task_id"])

    chats = named(watcher.spans, "chat")
    assert task["status"] == "completed"
    assert [header[:36] for header in door.heard] == [f"00-{TRACE}-"] * len(chats)
    assert [header[36:52] for header in door.heard] == [f"{span.context.span_id:016x}" for span in chats]
    counted, measured = door.counter.counts().total, tokens(watcher)
    assert (counted.calls, counted.answered) == (len(chats), len(chats))
    assert measured == {"input": counted.input_tokens, "output": counted.output_tokens}
    assert {about(span)["server.port"] for span in chats} == {int(re.findall(r":(\d+)/", url)[0])}
    assert {about(span)["gen_ai.provider.name"] for span in chats} == {"openai"}


@pytest.mark.embedded_only("its model is behind HTTP in any case")
def test_what_a_provider_repeats_of_the_prompt_is_for_the_task_and_for_no_log(
    tmp_path: Path, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with served(Gossip()) as url, http_host(tmp_path, url) as host:
        task = host.ended(host.start({"topic": "a confidential topic"})["task_id"])

    assert (task["status"], task["error"]["reason"]) == ("failed", "bad_request")
    assert "a confidential topic" in task["error"]["message"]
    assert "confidential" not in "".join(span.to_json() for span in watcher.spans)
    assert "confidential" not in "".join(record.getMessage() for record in caplog.records)


@pytest.mark.embedded_only("its model is behind HTTP in any case")
@pytest.mark.parametrize("word", ["refusal", "truncated"])
def test_tokens_of_an_answer_that_is_withheld_are_counted_as_the_server_does(
    tmp_path: Path, watcher: Watcher, word: Literal["refusal", "truncated"]
) -> None:
    door = Ear(Rule(agent="editor", fault=word))
    with served(door) as url, http_host(tmp_path, url) as host:
        task = host.ended(host.start()["task_id"])

    counted = door.counter.counts().total
    assert (task["status"], task["error"]["reason"]) == ("failed", word)
    assert counted.output_tokens > 0
    assert tokens(watcher) == {"input": counted.input_tokens, "output": counted.output_tokens}


@pytest.mark.embedded_only("its model is behind HTTP in any case")
def test_a_callers_trace_reaches_the_model_server_though_nobody_watches(tmp_path: Path) -> None:
    door = Ear()
    with served(door) as url, http_host(tmp_path, url, compose(tmp_path, FLOWS)) as host:
        task = host.ended(host.start({"topic": "tides"}, "poll", traceparent=PARENT)["task_id"])

    assert task["status"] == "completed"
    # Three vote; nothing tells them to agree, so somebody may judge.
    assert len(door.heard) >= 3
    assert set(door.heard) == {PARENT}


@pytest.mark.embedded_only("its model is behind HTTP in any case")
def test_without_a_trace_a_model_server_is_told_of_none(tmp_path: Path) -> None:
    door = Ear()
    with served(door) as url, http_host(tmp_path, url) as host:
        host.ended(host.start()["task_id"])

    assert set(door.heard) == {""}

"""The trace that a start gives to its run, and what is told of it."""

import asyncio
import logging
from typing import Any

import pytest
from msgspec import UNSET
from opentelemetry.trace import StatusCode
from watcher import Watcher, trace_id

from dirigent import codec
from dirigent.domain.runs import StartRun
from dirigent.telemetry.tracing import joined
from triggers.starts import starts

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
HOSTS = "00-11111111111111111111111111111111-2222222222222222-01"


def post(bench: Any, watcher: Watcher | None = None, **headers: str) -> int:
    """Ask for a run; the status."""
    tracing = None if watcher is None else watcher.tracing
    functions = bench.functions(starts(bench.parts, bench.catalogue, bench.settings, tracing=tracing))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b'{"topic": "a secret"}'
    request = bench.request("workflows/x", method="POST", body=body, headers=named, name="content-creation")
    return int(asyncio.run(functions["start_workflow"](req=request, client=bench.client)).status_code)


def given(bench: Any) -> StartRun:
    """What the last run was started with."""
    return codec.from_json(StartRun, bench.client.instances[bench.client.started[-1]]["input"])


def test_a_run_carries_the_trace_of_its_request(bench: Any) -> None:
    post(bench, traceparent=PARENT)

    assert given(bench).traceparent == PARENT


@pytest.mark.parametrize("header", ["", "none", PARENT.replace("4", "g"), PARENT + PARENT])
def test_what_is_no_trace_is_passed_over(bench: Any, header: str) -> None:
    assert post(bench, traceparent=header) == 202

    assert given(bench).traceparent is UNSET
    assert "trace" not in bench.client.instances[bench.client.started[-1]]["input"]


def test_the_hosts_own_trace_counts_before_the_header(bench: Any) -> None:
    with joined(HOSTS):
        post(bench, traceparent=PARENT)

    assert given(bench).traceparent == HOSTS


def test_where_somebody_watches_the_run_is_below_the_start(bench: Any) -> None:
    watcher = Watcher()
    post(bench, watcher, traceparent=PARENT)

    [span] = watcher.spans
    [run] = bench.client.started
    assert (span.name, trace_id(span)) == ("start content-creation", TRACE)
    assert span.attributes == {
        "dirigent.workflow": "content-creation",
        "dirigent.task_id": run,
        "dirigent.repeated": False,
    }
    assert span.context is not None
    assert str(given(bench).traceparent).split("-")[1:3] == [TRACE, f"{span.context.span_id:016x}"]
    assert "secret" not in span.to_json()


def test_a_start_is_told_once_however_often_it_is_asked_for(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watcher = Watcher()
    for _ in range(2):
        post(bench, watcher, Idempotency_Key="k")

    [run] = bench.client.started
    assert [record.getMessage() for record in caplog.records] == [
        f"A run was started: task_id={run} run={run} workflow=content-creation"
    ]
    assert [dict(span.attributes or {})["dirigent.repeated"] for span in watcher.spans] == [False, True]


def test_a_refused_start_says_with_which_status(bench: Any) -> None:
    bench.exhaust()
    watcher = Watcher()

    assert post(bench, watcher) == 429
    [span] = watcher.spans
    assert (span.attributes or {})["error.type"] == "429"
    assert span.status.status_code is StatusCode.ERROR

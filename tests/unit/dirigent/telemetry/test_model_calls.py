"""Calls of models, as they are told."""

import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.trace import SpanKind
from watcher import Watcher

from dirigent.domain.outcomes import Category, Failure, Usage
from dirigent.ports.model import ModelFailed

WHERE: dict[str, str | int] = {"gen_ai.provider.name": "openai", "server.address": "host", "server.port": 443}
ASKED: dict[str, str | int] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt", **WHERE}
ANSWERED = {**ASKED, "gen_ai.response.model": "gpt-1"}


INFERENCE = "gen_ai.client.inference"


def read(points: dict[str, list[Any]], name: str) -> tuple[dict[str, Any], float]:
    """The only measurement of that name: what it is told by, and all that was measured."""
    [point] = points[name]
    total = point.value if ".usage." in name else point.sum
    return dict(point.attributes), total


def test_a_call_has_a_span_and_is_measured() -> None:
    watcher = Watcher()
    with watcher.calls.made("chat", "gpt", {**WHERE, "gen_ai.agent.name": "writer"}) as call:
        call.answered("gpt-1", Usage(input_tokens=3, output_tokens=40))

    [span], points = watcher.spans, watcher.points()
    assert (span.name, span.kind) == ("chat gpt", SpanKind.CLIENT)
    assert span.attributes == {
        **ANSWERED,
        "gen_ai.agent.name": "writer",
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 40,
    }
    [duration] = points[f"{INFERENCE}.duration"]
    assert (duration.attributes, duration.count) == (ASKED, 1)
    assert read(points, f"{INFERENCE}.operation.input_tokens") == (ASKED, 3)
    assert read(points, f"{INFERENCE}.operation.output_tokens") == (ASKED, 40)


def test_a_call_that_fails_has_taken_time_and_no_tokens() -> None:
    watcher, failure = Watcher(), Failure(category=Category.RATE_LIMIT, message="later")
    with pytest.raises(ModelFailed), watcher.calls.made("chat", "gpt", WHERE):
        raise ModelFailed(failure)

    points, failed = watcher.points(), {**ASKED, "error.type": "RATE_LIMIT"}
    [duration] = points[f"{INFERENCE}.duration"]
    assert (duration.attributes, duration.count) == (failed, 1)
    for kind in ("input_tokens", "output_tokens"):
        assert read(points, f"{INFERENCE}.operation.{kind}") == (failed, 0)
        # Counters know of no errors: what failed adds to what was consumed.
        assert read(points, f"{INFERENCE}.usage.{kind}") == ({**ASKED, "gen_ai.token.modality": "unknown"}, 0)


def test_calls_for_vectors_are_measured_apart() -> None:
    watcher = Watcher()
    with watcher.calls.made("embeddings", "small", WHERE) as call:
        call.answered("small-1", Usage(input_tokens=9))

    points = watcher.points()
    told, tokens = read(points, "gen_ai.client.embeddings.operation.input_tokens")
    assert (told["gen_ai.operation.name"], tokens) == ("embeddings", 9)
    assert points["gen_ai.client.embeddings.duration"][0].count == 1
    assert not [name for name in points if name.startswith(INFERENCE)]
    assert "gen_ai.usage.output_tokens" not in (watcher.spans[0].attributes or {})


def test_a_call_for_vectors_that_fails_has_taken_time_alone() -> None:
    watcher, failure = Watcher(), Failure(category=Category.TIMEOUT, message="late")
    with pytest.raises(ModelFailed), watcher.calls.made("embeddings", "small", WHERE):
        raise ModelFailed(failure)

    points = watcher.points()
    assert list(points) == ["gen_ai.client.embeddings.duration"]
    assert points["gen_ai.client.embeddings.duration"][0].attributes["error.type"] == "TIMEOUT"


def test_a_model_with_an_endless_name_fills_no_span() -> None:
    watcher = Watcher()
    with watcher.calls.made("chat", "gpt", WHERE) as call:
        call.answered("x" * 10_000 + "\ud800", Usage())

    assert len(str((watcher.spans[0].attributes or {})["gen_ai.response.model"])) == 200


def test_a_service_that_names_itself_anew_each_time_makes_no_more_measurements() -> None:
    watcher = Watcher()
    for number in range(50):
        with watcher.calls.made("chat", "gpt", WHERE) as call:
            call.answered(f"gpt-{number}", Usage(input_tokens=1))

    assert {name: len(points) for name, points in watcher.points().items()} == {
        f"{INFERENCE}.duration": 1,
        f"{INFERENCE}.usage.input_tokens": 1,
        f"{INFERENCE}.usage.output_tokens": 1,
        f"{INFERENCE}.operation.input_tokens": 1,
        f"{INFERENCE}.operation.output_tokens": 1,
    }


def test_a_cold_start_pays_for_no_measuring() -> None:
    # In a process of its own: here everything is imported already.
    look = "import sys; import dirigent.telemetry.model_calls; print('opentelemetry.metrics' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert found.stdout == "False\n"

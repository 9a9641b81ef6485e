"""Spans and the trace they belong to."""

import asyncio
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from watcher import Watcher, trace_id

from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import ModelFailed
from dirigent.telemetry.tracing import Tracing, asked, carried, joined

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"
WHOLE = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def test_without_a_trace_nothing_is_carried() -> None:
    with joined(UNSET):
        assert carried() is UNSET


def test_work_goes_on_in_the_trace_that_was_carried() -> None:
    with joined(PARENT):
        assert carried() == PARENT

    assert carried() is UNSET


def test_without_any_provider_a_span_hands_the_trace_on() -> None:
    with joined(PARENT), Tracing(trace.NoOpTracerProvider()).span("s", {}) as span:
        assert (carried(), span.is_kept) == (PARENT, False)


def test_a_span_is_a_child_of_what_was_carried() -> None:
    watcher = Watcher()
    with joined(PARENT), watcher.tracing.span("s", {"a": 1}, is_client=True) as span:
        span.tell({"b": ("x", "y")})

    [seen] = watcher.spans
    assert (seen.name, seen.kind, seen.attributes) == ("s", SpanKind.CLIENT, {"a": 1, "b": ("x", "y")})
    assert seen.parent is not None
    assert (trace_id(seen), trace.format_span_id(seen.parent.span_id)) == (TRACE, "00f067aa0ba902b7")
    assert seen.status.status_code is StatusCode.UNSET


def test_where_the_host_works_in_that_trace_its_own_span_is_the_parent() -> None:
    watcher = Watcher()
    tracing = watcher.tracing
    with joined(PARENT), tracing.span("the host's", {}), joined(PARENT), tracing.span("ours", {}) as span:
        assert span.is_kept

    ours, hosts = watcher.spans
    assert ours.parent == hosts.context


def test_where_the_host_works_in_another_trace_what_was_carried_counts() -> None:
    with joined(OTHER), joined(PARENT):
        assert carried() == PARENT


def test_of_a_request_the_hosts_trace_counts_before_its_header() -> None:
    with joined(OTHER):
        assert asked(PARENT) is UNSET

    assert (asked(PARENT), asked(None)) == (PARENT, UNSET)


def test_a_trace_that_nobody_keeps_is_carried_as_such() -> None:
    unsampled, watcher = PARENT[:-1] + "0", Watcher()
    with joined(unsampled), watcher.tracing.span("s", {}) as span:
        assert not span.is_kept
        assert str(carried()).endswith("-00")

    assert watcher.spans == ()


@given(st.one_of(st.text(max_size=300), st.from_regex("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.*")))
@example("")
@example(f"ff-{TRACE}-00f067aa0ba902b7-01")
@example(f"00-{TRACE}-0000000000000000-01")
@example(f"00-{'0' * 32}-00f067aa0ba902b7-01")
@example(f"{PARENT}-more")
@example(PARENT.upper())
@example(f"{PARENT},{OTHER}")
@example(f"01-{PARENT[3:]}-{'x' * 10_000}")
@example(f"{PARENT}\nx: y")
@example("00-" + "٣" * 32 + "-00f067aa0ba902b7-01")
def test_what_is_no_trace_is_passed_over_and_what_is_one_is_carried_in_55_characters(header: str) -> None:
    with joined(header):
        found = carried()

    if found is not UNSET:
        assert WHOLE.fullmatch(str(found))
        assert str(found)[3:] in header


def test_what_fails_says_in_one_word_why_and_not_in_its_own_words() -> None:
    watcher, failure = Watcher(), Failure(category=Category.PERMANENT, message="I won't!", reason="refusal")
    with pytest.raises(ModelFailed), watcher.tracing.span("s", {}):
        raise ModelFailed(failure)

    [seen] = watcher.spans
    assert seen.attributes == {
        "dirigent.category": "PERMANENT",
        "dirigent.reason": "refusal",
        "error.type": "refusal",
    }
    assert (seen.status.status_code, seen.status.description) == (StatusCode.ERROR, "PERMANENT")
    assert seen.events == ()


@pytest.mark.parametrize(
    ("error", "word"), [(ValueError("a prompt"), "ValueError"), (asyncio.CancelledError(), "cancelled")]
)
def test_what_is_raised_fails_the_span_and_leaves_none_of_its_words(error: BaseException, word: str) -> None:
    watcher = Watcher()
    with pytest.raises(type(error)), watcher.tracing.span("s", {}):
        raise error

    [seen] = watcher.spans
    assert seen.attributes == {"error.type": word, "dirigent.reason": word}
    assert (seen.status.status_code, seen.status.description, seen.events) == (StatusCode.ERROR, None, ())


def test_what_was_said_of_a_failure_stays_when_it_is_raised() -> None:
    watcher = Watcher()

    def turn_away() -> None:
        with watcher.tracing.span("s", {}) as span:
            span.fail("429")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        turn_away()
    assert (watcher.spans[0].attributes or {})["error.type"] == "429"


def test_halves_of_characters_do_not_reach_an_exporter() -> None:
    watcher = Watcher()
    with watcher.tracing.span("s", {}) as span:
        span.tell({"a": "x\ud800", "b": ("\udfff",)})

    assert watcher.spans[0].attributes == {"a": "x?", "b": ("?",)}

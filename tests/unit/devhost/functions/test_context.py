"""What a function sees of its invocation."""

import re

import azure.functions as func

from devhost.functions.context import Context, Out
from devhost.functions.running import thread_local_storage


def test_is_the_context_an_annotation_asks_for() -> None:
    context = Context(
        function_name="f", function_directory="/app", invocation_id="i", trace_parent="00-a-b-01"
    )

    assert isinstance(context, func.Context)
    assert (context.function_name, context.function_directory, context.invocation_id) == ("f", "/app", "i")
    assert context.thread_local_storage is thread_local_storage
    assert (context.retry_context.retry_count, context.retry_context.max_retry_count) == (0, 0)
    assert context.retry_context.exception.message == ""
    trace = context.trace_context
    assert (trace.trace_parent, trace.Traceparent, trace.trace_state, trace.Tracestate) == (
        "00-a-b-01",
        "00-a-b-01",
        "",
        "",
    )
    assert trace.attributes is trace.Attributes


def test_begins_a_trace_where_there_is_none() -> None:
    context = Context(function_name="f", function_directory="/", invocation_id="i")

    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", context.trace_context.trace_parent)


def test_an_out_parameter_keeps_the_last_value() -> None:
    out = Out()

    out.set(1)
    out.set(2)

    assert isinstance(out, func.Out)
    assert out.get() == 2

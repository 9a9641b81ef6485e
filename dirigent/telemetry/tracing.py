"""Spans, and the trace they belong to whatever the host does with it."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from msgspec import UNSET, UnsetType

# The Durable SDK has imported as much of it; metrics it has not.
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dirigent.domain.outcomes import Failure
from dirigent.ports.model import ModelFailed

#: What is in a span or a measurement is called by these.
Attributes = Mapping[str, str | int | float | bool | tuple[str, ...]]
#: A trace on its way through data, as W3C's `traceparent`; left out where there is none.
Carried = str | UnsetType

#: Of the version there is, 55 characters; later ones may be longer.
LONGEST_TRACEPARENT = 256
#: Of what others call themselves: no service may fill a span.
LONGEST_NAME = 200
#: Who tells.
SCOPE = "dirigent"

_PROPAGATOR = TraceContextTextMapPropagator()


def carried() -> Carried:
    """The trace that this code works in."""
    if not trace.get_current_span().get_span_context().is_valid:
        return UNSET
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", UNSET)


def asked(header: str | None) -> Carried:
    """The trace of a request: the one the host says it works in, else what its `traceparent` names."""
    return UNSET if header is None or isinstance(carried(), str) else header


@contextmanager
def joined(traceparent: Carried) -> Iterator[None]:
    """Work in that trace, unless the host does already; what names none changes nothing."""
    there, here = _read(traceparent), trace.get_current_span().get_span_context()
    if there is None or (here.is_valid and here.trace_id == there.trace_id):
        yield
        return
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(there)))
    try:
        yield
    finally:
        context.detach(token)


def _read(traceparent: Carried) -> trace.SpanContext | None:
    if isinstance(traceparent, UnsetType) or len(traceparent) > LONGEST_TRACEPARENT:
        return None
    found = _PROPAGATOR.extract({"traceparent": traceparent}, context.Context())
    span_context = trace.get_current_span(found).get_span_context()
    return span_context if span_context.is_valid else None


class Opened:
    """A span that goes on."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        #: In one word why it failed; None as long as it has not.
        self.error_type: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether anybody will see it: what is long to tell need not be told else."""
        return self._span.is_recording()

    def tell(self, attributes: Attributes) -> None:
        """Say more of it."""
        if self.is_kept:
            self._span.set_attributes({name: _plain(value) for name, value in attributes.items()})

    def fail(self, error_type: str, message: str = "") -> None:
        """It ends without what it was for."""
        self.error_type = error_type
        # Said twice: Azure Monitor's exporter keeps to itself what the conventions call it.
        self.tell({"error.type": error_type, "dirigent.reason": error_type})
        self._span.set_status(trace.Status(trace.StatusCode.ERROR, message or None))

    def fail_with(self, failure: Failure, *, content: bool = False) -> None:
        """The same; in the words of whoever failed only where they may be told: they may be an answer's."""
        self.tell({"dirigent.category": failure.category})
        message = failure.brief().in_full if content else str(failure.category)
        self.fail(failure.reason or str(failure.category), message)


class Tracing:
    """Opens spans; without a provider, with the process's, which whoever runs the app configures."""

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        self._provider = provider

    @contextmanager
    def span(self, name: str, attributes: Attributes, *, is_client: bool = False) -> Iterator[Opened]:
        """A span around what is done, which is where this code works meanwhile; what is raised fails it."""
        kind = trace.SpanKind.CLIENT if is_client else trace.SpanKind.INTERNAL
        # No exception is recorded: its text and its frames may hold what nobody asked to see.
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            opened = Opened(span)
            try:
                yield opened
            except BaseException as error:
                if opened.error_type is None:
                    _fail(opened, error)
                raise

    @cached_property
    def _tracer(self) -> trace.Tracer:
        return trace.get_tracer(SCOPE, tracer_provider=self._provider)


def _fail(opened: Opened, error: BaseException) -> None:
    if isinstance(error, ModelFailed):
        opened.fail_with(error.failure)
    elif isinstance(error, asyncio.CancelledError):
        opened.fail("cancelled")
    else:
        opened.fail(type(error).__name__)


def _plain(value: str | float | tuple[str, ...]) -> str | float | tuple[str, ...]:
    # Half of a character would keep an exporter from telling anything at all.
    if isinstance(value, tuple):
        return tuple(_whole(one) for one in value)
    return _whole(value) if isinstance(value, str) else value


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

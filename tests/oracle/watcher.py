"""Somebody who watches: the SDK of OpenTelemetry, which keeps in memory what it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dirigent.telemetry.model_calls import ModelCalls
from dirigent.telemetry.tracing import Tracing


class Watcher:
    """Keeps spans and measurements; what was read of the latter is not told again."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader(dict.fromkeys((Counter, Histogram), AggregationTemporality.DELTA))
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader], shutdown_on_exit=False)

    @property
    def tracing(self) -> Tracing:
        """Opens spans that are seen here."""
        return Tracing(self.tracers)

    @property
    def calls(self) -> ModelCalls:
        """Tells of calls here."""
        return ModelCalls(self.tracing, self.meters)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """Those that have ended, in that order."""
        return tuple(self._exporter.get_finished_spans())

    def forget(self) -> None:
        """Begin anew."""
        self._exporter.clear()
        self._reader.get_metrics_data()

    def points(self) -> dict[str, list[Any]]:
        """What was measured since it was last read, by the names of the instruments."""
        data = self._reader.get_metrics_data()
        scopes = [scope for one in (data.resource_metrics if data else ()) for scope in one.scope_metrics]
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}


def trace_id(span: ReadableSpan) -> str:
    """As it stands in a `traceparent`."""
    return trace.format_trace_id(span.context.trace_id)


class _Switch(trace.TracerProvider):
    """The process's provider: leads to whoever watches just now, for one that is set stays set."""

    def __init__(self) -> None:
        self.tracer: trace.Tracer = trace.NoOpTracer()

    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        return _Switched(self)


class _Switched(trace.Tracer):
    def __init__(self, switch: _Switch) -> None:
        self._switch = switch

    def start_span(self, *args: Any, **named: Any) -> trace.Span:
        return self._switch.tracer.start_span(*args, **named)

    def start_as_current_span(self, *args: Any, **named: Any) -> Any:
        return self._switch.tracer.start_as_current_span(*args, **named)


_switch = _Switch()
_watcher = Watcher()


@contextmanager
def watching() -> Iterator[Watcher]:
    """Watch the whole process meanwhile, as an app is watched whose worker has set up an exporter."""
    if trace.get_tracer_provider() is not _switch:
        trace.set_tracer_provider(_switch)
        metrics.set_meter_provider(_watcher.meters)
    _watcher.forget()
    _switch.tracer = _watcher.tracers.get_tracer("dirigent")
    try:
        yield _watcher
    finally:
        _switch.tracer = trace.NoOpTracer()

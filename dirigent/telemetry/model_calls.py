"""Calls of models as OpenTelemetry's conventions for generative AI want them told."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING

from dirigent.domain.outcomes import Usage
from dirigent.telemetry.instruments import Embedding, Inference
from dirigent.telemetry.tracing import LONGEST_NAME, SCOPE, Attributes, Opened, Tracing

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider

OPERATION, PROVIDER = "gen_ai.operation.name", "gen_ai.provider.name"
REQUEST_MODEL, RESPONSE_MODEL = "gen_ai.request.model", "gen_ai.response.model"
INPUT_TOKENS, OUTPUT_TOKENS = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"

#: What is asked of models: a text, or vectors.
CHAT, EMBEDDINGS = "chat", "embeddings"
#: What of a span measurements tell as well: a handful of values each.
MEASURED = (OPERATION, PROVIDER, REQUEST_MODEL, "server.address", "server.port")


class Call:
    """A call under way."""

    def __init__(self, span: Opened, *, is_text: bool) -> None:
        self.span, self._is_text = span, is_text
        #: None as long as nobody has said how much.
        self.usage: Usage | None = None

    def answered(self, model: str, usage: Usage) -> None:
        """The service has answered."""
        # Of spans alone: nothing bounds how many names a service has, and metrics keep each for good.
        self.span.tell({RESPONSE_MODEL: model.encode("utf-8", "replace").decode()[:LONGEST_NAME]})
        self.consumed(usage)

    def consumed(self, usage: Usage) -> None:
        """It took these tokens, whatever came of it."""
        self.usage = usage
        told: dict[str, int] = {INPUT_TOKENS: usage.input_tokens}
        if self._is_text:
            told[OUTPUT_TOKENS] = usage.output_tokens
        self.span.tell(told)


class ModelCalls:
    """Opens a span for each call, and measures how long it took and what it consumed."""

    def __init__(self, tracing: Tracing | None = None, meters: "MeterProvider | None" = None) -> None:
        self._tracing = tracing or Tracing()
        self._meters = meters

    @contextmanager
    def made(self, operation: str, model: str, attributes: Attributes) -> Iterator[Call]:
        """Around one call; nothing is awaited here, so that who answers at once is heard at once."""
        told = {OPERATION: operation, REQUEST_MODEL: model, **attributes}
        call: Call | None = None
        began = perf_counter()
        try:
            with self._tracing.span(f"{operation} {model}", told, is_client=True) as span:
                call = Call(span, is_text=operation != EMBEDDINGS)
                yield call
        finally:
            if call is not None:
                self._measure(call, told, began)

    def _measure(self, call: Call, asked: Attributes, began: float) -> None:
        told = {name: asked[name] for name in MEASURED if name in asked}
        measures = self._embedding if asked[OPERATION] == EMBEDDINGS else self._inference
        measures.record(perf_counter() - began, call.usage, told, call.span.error_type)

    @cached_property
    def _inference(self) -> Inference:
        return Inference(self._meter)

    @cached_property
    def _embedding(self) -> Embedding:
        return Embedding(self._meter)

    @cached_property
    def _meter(self) -> "Meter":
        # The Durable SDK does without it: the first call pays, not a cold start.
        from opentelemetry.metrics import get_meter  # noqa: PLC0415

        return get_meter(SCOPE, meter_provider=self._meters)

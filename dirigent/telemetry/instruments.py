"""What is measured of calls of models, by the names of OpenTelemetry's conventions for generative AI."""

from typing import TYPE_CHECKING

from dirigent.domain.outcomes import Usage
from dirigent.telemetry.tracing import Attributes

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter

#: Upper ends of the conventions' buckets.
TOKENS = tuple(4**power for power in range(14))
SECONDS = tuple(round(0.01 * 2**power, 2) for power in range(14))

ERROR_TYPE, MODALITY = "error.type", "gen_ai.token.modality"
_INPUT, _OUTPUT = "input_tokens", "output_tokens"


class Inference:
    """Measures calls for a text."""

    def __init__(self, meter: "Meter") -> None:
        name = "gen_ai.client.inference"
        self._duration = _seconds(meter, f"{name}.duration")
        self._used = {kind: _counted(meter, f"{name}.usage.{kind}") for kind in (_INPUT, _OUTPUT)}
        self._sizes = {kind: _tokens(meter, f"{name}.operation.{kind}") for kind in (_INPUT, _OUTPUT)}

    def record(self, seconds: float, usage: Usage | None, told: Attributes, error_type: str | None) -> None:
        """One call; it took no tokens where nobody said how many."""
        ended = _ended(told, error_type)
        self._duration.record(seconds, ended)
        usage = usage or Usage()
        for kind, count in ((_INPUT, usage.input_tokens), (_OUTPUT, usage.output_tokens)):
            # Of what the tokens were we are not told, and guess nothing.
            self._used[kind].add(count, {**told, MODALITY: "unknown"})
            self._sizes[kind].record(count, ended)


class Embedding:
    """Measures calls for vectors."""

    def __init__(self, meter: "Meter") -> None:
        name = "gen_ai.client.embeddings"
        self._duration = _seconds(meter, f"{name}.duration")
        self._sizes = _tokens(meter, f"{name}.operation.{_INPUT}")

    def record(self, seconds: float, usage: Usage | None, told: Attributes, error_type: str | None) -> None:
        """One call; its tokens, where somebody said how many."""
        self._duration.record(seconds, _ended(told, error_type))
        if usage is not None:
            self._sizes.record(usage.input_tokens, told)


def _ended(told: Attributes, error_type: str | None) -> Attributes:
    return told if error_type is None else {**told, ERROR_TYPE: error_type}


def _seconds(meter: "Meter", name: str) -> "Histogram":
    what = "Seconds that a call of a model took."
    return meter.create_histogram(name, "s", what, explicit_bucket_boundaries_advisory=SECONDS)


def _tokens(meter: "Meter", name: str) -> "Histogram":
    what = "Tokens of one call of a model."
    return meter.create_histogram(name, "{token}", what, explicit_bucket_boundaries_advisory=TOKENS)


def _counted(meter: "Meter", name: str) -> "Counter":
    return meter.create_counter(name, "{token}", "Tokens that calls of a model consumed.")

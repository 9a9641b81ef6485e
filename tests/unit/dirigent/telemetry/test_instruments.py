"""What is measured of calls of models."""

from typing import Any

import pytest
from watcher import Watcher

from dirigent.domain.outcomes import Usage
from dirigent.telemetry.instruments import Embedding, Inference

TOLD = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt"}
COUNTED = {**TOLD, "gen_ai.token.modality": "unknown"}
FAILED = {**TOLD, "error.type": "refusal"}
INFERENCE, EMBEDDINGS = "gen_ai.client.inference", "gen_ai.client.embeddings"


def measured(*calls: tuple[Usage | None, str | None], kind: type[Inference | Embedding] = Inference) -> Any:
    """The points of the calls, each of which took a second."""
    watcher = Watcher()
    measures = kind(watcher.meters.get_meter("test"))
    for usage, error_type in calls:
        measures.record(1.0, usage, TOLD, error_type)
    return watcher.points()


def used(points: Any, kind: str) -> list[tuple[dict[str, Any], int]]:
    return [(dict(point.attributes), point.value) for point in points[f"{INFERENCE}.usage.{kind}_tokens"]]


def sizes(points: Any, name: str) -> list[tuple[dict[str, Any], int, float]]:
    return [(dict(point.attributes), point.count, point.sum) for point in points[name]]


def test_tokens_add_up_and_nobody_guesses_of_what_they_were() -> None:
    points = measured(
        (Usage(input_tokens=3, output_tokens=40), None), (Usage(input_tokens=4, output_tokens=50), None)
    )

    assert (used(points, "input"), used(points, "output")) == ([(COUNTED, 7)], [(COUNTED, 90)])


def test_what_failed_consumed_what_it_consumed() -> None:
    points = measured((Usage(input_tokens=3, output_tokens=40), "refusal"))

    # Counters know of no errors, sizes do.
    assert (used(points, "input"), used(points, "output")) == ([(COUNTED, 3)], [(COUNTED, 40)])
    assert sizes(points, f"{INFERENCE}.operation.input_tokens") == [(FAILED, 1, 3)]
    assert sizes(points, f"{INFERENCE}.operation.output_tokens") == [(FAILED, 1, 40)]
    assert sizes(points, f"{INFERENCE}.duration") == [(FAILED, 1, 1.0)]


def test_where_nobody_says_how_many_tokens_there_were_none() -> None:
    points = measured((None, "refusal"))

    assert (used(points, "input"), used(points, "output")) == ([(COUNTED, 0)], [(COUNTED, 0)])
    assert sizes(points, f"{INFERENCE}.operation.input_tokens") == [(FAILED, 1, 0)]


def test_vectors_cost_no_tokens_of_output() -> None:
    points = measured((Usage(input_tokens=9, output_tokens=1), None), (None, "refusal"), kind=Embedding)

    assert sorted(points) == [f"{EMBEDDINGS}.duration", f"{EMBEDDINGS}.operation.input_tokens"]
    assert sizes(points, f"{EMBEDDINGS}.operation.input_tokens") == [(TOLD, 1, 9)]
    assert [told for told, *_ in sizes(points, f"{EMBEDDINGS}.duration")] == [TOLD, FAILED]


@pytest.mark.parametrize(("kind", "name"), [(Inference, INFERENCE), (Embedding, EMBEDDINGS)])
def test_measures_in_the_buckets_of_the_conventions(kind: type[Inference | Embedding], name: str) -> None:
    points = measured((Usage(), None), kind=kind)

    for tokens in (point for one in points if ".operation." in one for point in points[one]):
        assert tokens.explicit_bounds[:3] == (1, 4, 16)
        assert (len(tokens.explicit_bounds), tokens.explicit_bounds[-1]) == (14, 67_108_864)
    [seconds] = points[f"{name}.duration"]
    assert seconds.explicit_bounds[:3] == (0.01, 0.02, 0.04)
    assert (len(seconds.explicit_bounds), seconds.explicit_bounds[-1]) == (14, 81.92)

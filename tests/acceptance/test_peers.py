"""What is measured beside peers is the work that peers do, and figures are told as they were taken."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.peers.stretch import Order, Stretch, measured
from benchmarks.peers.tables import table
from benchmarks.peers.turns import Case, Taken
from benchmarks.peers.work import DISSENTER, WORKS, Model


def stretch(per_second: float) -> Stretch:
    return Stretch(
        runs=100,
        seconds=100 / per_second,
        run_seconds=0.06,
        cpu_seconds=0.5,
        others_seconds=0.0,
        settings={},
        versions={},
    )


@pytest.mark.parametrize("is_guarded", [False, True])
@pytest.mark.parametrize("work", [name for name in WORKS if name != "fan-out-500"])
def test_the_app_does_the_same_work_as_its_peers(work: str, is_guarded: bool, tmp_path: Path) -> None:
    order = Order(
        module="dirigent_runs",
        options={"is_guarded": is_guarded},
        packages=("msgspec",),
        work=work,
        latency_ms=0,
        in_flight=2,
        seconds=0.0,
        least=2,
        folder=str(tmp_path),
    )

    # Every answer is looked at: a wrong one would raise.
    found = asyncio.run(measured(order))

    assert found.runs >= order.least
    assert found.settings["guards"] == ("on" if is_guarded else "off")
    assert set(found.versions) == {"msgspec"}


def test_an_answer_without_a_part_stops_the_measurement() -> None:
    work = WORKS["hierarchy"]
    right = " ".join(work.pieces("000001"))

    work.check("000001", right)
    with pytest.raises(AssertionError, match=r"hierarchy.*'\[left:south\]' is missing"):
        work.check("000001", right.replace("[left:south]", ""))


def test_the_model_answers_from_the_last_thing_it_is_told() -> None:
    model = Model(seconds=0.0)

    assert asyncio.run(model.ask("edit", "<a>[x]</a>, <b>[write:y]</b>")) == "[edit:write:y]"
    assert asyncio.run(model.ask(DISSENTER, "[x]")) == "reject"


def test_a_row_holds_a_contender_against_langgraph_of_the_same_round() -> None:
    case = Case(work="chain", latency_ms=0, in_flight=1)
    rates = {"langgraph": (100.0, 400.0, 200.0), "dirigent": (150.0, 480.0, 200.0)}
    taken = [
        Taken(contender=name, case=case, round=number, stretch=stretch(rate))
        for name, found in rates.items()
        for number, rate in enumerate(found)
    ]

    figures = table("chain", taken)

    first, second = (dict(zip(figures.columns, row, strict=True)) for row in figures.rows)
    assert (first["who"], first["runs/s, 0 ms x 1"]) == ("langgraph", "200 (100..400)")
    assert (second["who"], second["÷ langgraph, 0 ms x 1"]) == ("dirigent", "1.2 (1..1.5)")

"""Stretches as tables: one for each kind of work, a contender a row."""

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.stretch import Stretch
from benchmarks.peers.turns import Case, Taken, cases
from benchmarks.peers.work import WORKS
from benchmarks.table import Cell, Table, shown

#: Whom the others are held against.
BESIDE = "langgraph"

Figure = Callable[[Stretch], float]


def table(name: str, stretches: Sequence[Taken]) -> Table:
    """What was measured of that work."""
    mine = [one for one in stretches if one.case.work == name]
    who = [contender for contender in CONTENDERS if any(one.contender == contender for one in mine)]
    columns: list[str] = ["who"]
    rows: list[list[Cell]] = [[contender] for contender in who]
    for case in cases([name]):
        if not any(one.case == case for one in mine):
            continue
        for title, figure in _figures(case).items():
            columns.append(f"{title}, {_named(case)}")
            for row, contender in zip(rows, who, strict=True):
                row.append(_spread([figure(one.stretch) for one in _of(mine, contender, case)]))
        if case.latency_ms == 0 and BESIDE in who:
            columns.append(f"÷ {BESIDE}, {_named(case)}")
            for row, contender in zip(rows, who, strict=True):
                row.append(_spread(_beside(mine, contender, case)))
    return Table(
        title=WORKS[name].title,
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows),
        notes=(f"Cores that others took meanwhile: {_spread([one.stretch.others_cores for one in mine])}.",),
    )


def _figures(case: Case) -> dict[str, Figure]:
    figures: dict[str, Figure] = {"runs/s": lambda stretch: stretch.per_second}
    if case.latency_ms == 0:
        return figures | {"CPU ms": lambda stretch: stretch.cpu_ms}
    if case.in_flight == 1:
        path = WORKS[case.work].path * case.latency_ms / 1000
        return {"wall ÷ path": lambda stretch: stretch.run_seconds / path}
    return figures


def _named(case: Case) -> str:
    return f"{case.latency_ms} ms x {case.in_flight}"


def _of(mine: Sequence[Taken], contender: str, case: Case) -> list[Taken]:
    return [one for one in mine if one.contender == contender and one.case == case]


def _beside(mine: Sequence[Taken], contender: str, case: Case) -> list[float]:
    """In the same round: the machine of another round may have been another."""
    theirs = {one.round: one.stretch.per_second for one in _of(mine, BESIDE, case)}
    return [one.stretch.per_second / theirs[one.round] for one in _of(mine, contender, case)]


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return shown(values[0])
    return f"{shown(median(values))} ({shown(min(values))}..{shown(max(values))})"

"""`python -m benchmarks.peers`: measure Dirigent beside other engines; a table for each kind of work."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import floor, machine
from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.tables import table
from benchmarks.peers.turns import Taken, taken
from benchmarks.peers.work import WORKS
from benchmarks.plan import Plan


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    plan, where = Plan(quick=given.quick), machine.described()
    print(f"{where}{' (quick: the numbers mean nothing)' if plan.quick else ''}", flush=True)
    works, contenders = given.works or list(WORKS), given.contenders or list(CONTENDERS)
    commits, stretches = [_commits()], []
    for one in taken(plan, contenders, works):
        stretches.append(one)
        print(_told(one), file=sys.stderr, flush=True)
    commits.append(_commits())
    for name in works:
        print(f"\n{table(name, stretches)}")
    print("\n".join(["", *_notes(plan, contenders, stretches, commits)]))
    if given.json is not None:
        found = {"machine": where, "quick": plan.quick, "commits_per_second": commits}
        found["stretches"] = [_as_json(one) for one in stretches]
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def _told(one: Taken) -> str:
    case = f"{one.case.work}, {one.case.latency_ms} ms x {one.case.in_flight}"
    return f"{one.round + 1} {one.contender}, {case}: {one.stretch.per_second:.4g} runs/s"


def _commits() -> float:
    with TemporaryDirectory(prefix="peers-") as folder:
        return 1 / floor.commit_seconds(Path(folder), "FULL")


def _notes(
    plan: Plan, contenders: Sequence[str], stretches: Sequence[Taken], commits: Sequence[float]
) -> list[str]:
    told = [
        f"* Median (least..most) of {plan.rounds} rounds, in each of which contenders take turns.",
        "* `x 100`: a hundred runs in flight. CPU: of the contender's process, for each run.",
        f"* Floor: {commits[0]:,.0f} bare FULL commits/s before, {commits[1]:,.0f} after.",
    ]
    for name in contenders:
        stretch = next(one.stretch for one in stretches if one.contender == name)
        versions = ", ".join(f"{package} {version}" for package, version in stretch.versions.items())
        settings = ", ".join(f"{setting} {value}" for setting, value in stretch.settings.items())
        told.append(f"* {name}: {CONTENDERS[name].remark}. {versions}; {settings}.")
    return told


def _as_json(one: Taken) -> dict[str, object]:
    derived = {"per_second": one.stretch.per_second, "cpu_ms": one.stretch.cpu_ms}
    return {"contender": one.contender, "round": one.round} | asdict(one.case) | asdict(one.stretch) | derived


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="Measure Dirigent beside other durable engines."
    )
    parser.add_argument("--works", nargs="+", choices=WORKS, help="which work (all)")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, help="who does it (all)")
    parser.add_argument("--quick", action="store_true", help="short and once: only whether it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every stretch to a file as well")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

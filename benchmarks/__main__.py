"""`python -m benchmarks`: measure, and print a table for each question."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    app_startup,
    asking,
    branches,
    calls,
    chains,
    content,
    critical_path,
    durability,
    events,
    fan,
    gates,
    growth,
    guards,
    machine,
    recovery,
    starts,
    startup,
    stores,
)
from benchmarks.plan import Plan
from benchmarks.table import Table

QUESTIONS: dict[str, Callable[[Plan], Table]] = {
    "chains": chains.measure,
    "fan": fan.measure,
    "growth": growth.measure,
    "starts": starts.measure,
    "recovery": recovery.measure,
    "startup": startup.measure,
    "durability": durability.measure,
    "content": content.measure,
    "asking": asking.measure,
    "guards": guards.measure,
    "gates": gates.measure,
    "branches": branches.measure,
    "critical-path": critical_path.measure,
    "calls": calls.measure,
    "stores": stores.measure,
    "app-startup": app_startup.measure,
    "events": events.measure,
}


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    plan, where = Plan(quick=given.quick), machine.described()
    print(
        f"{where}{' (quick: too small for the numbers to mean anything)' if plan.quick else ''}", flush=True
    )
    tables = {}
    for name in given.names or QUESTIONS:
        began = time.perf_counter()
        tables[name] = QUESTIONS[name](plan)
        print(f"\n{tables[name]}\n* Took {time.perf_counter() - began:.0f} s.", flush=True)
    if given.json is not None:
        content = {
            "machine": where,
            "quick": plan.quick,
            "tables": {k: t.as_json() for k, t in tables.items()},
        }
        given.json.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _question(text: str) -> str:
    if text not in QUESTIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(QUESTIONS)}")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the local host and the app."
    )
    parser.add_argument(
        "names", nargs="*", type=_question, metavar="NAME", help=f"of: {', '.join(QUESTIONS)} (all)"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: only whether it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables to a file as well")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How long the host takes from its command line to the first request, beside what the SDK takes alone."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median

from benchmarks import machine
from benchmarks.plan import Plan
from benchmarks.served_host import ROOT, devhost_arguments, served
from benchmarks.table import Cell, Table

NOTHING = "floor: python -c pass"
SDK = "floor: import azure.functions, azure.durable_functions"
SDK_AND_WEB = "floor: the same and aiohttp.web"
IMPORT = "import devhost.host (all but azure.durable_functions)"
READY = "python -m devhost, until it listens"

SNIPPETS = {
    NOTHING: "pass",
    SDK: "import azure.functions, azure.durable_functions",
    SDK_AND_WEB: "import azure.functions, azure.durable_functions, aiohttp.web",
    IMPORT: "import devhost.host",
}
#: Says that it is done, and stays to be looked at.
STAY = "; print(flush=True); input()"

Sample = tuple[float, float]


def measure(plan: Plan) -> Table:
    samples: dict[str, list[Sample]] = {}
    rounds = plan.size(7, 1)
    with plan.folder() as folder:
        for _ in range(rounds + 1):
            for name, snippet in SNIPPETS.items():
                samples.setdefault(name, []).append(snippet_sample(snippet))
            with served("devhost", *devhost_arguments(folder)) as host:
                samples.setdefault(READY, []).append((host.seconds, host.resident_mb))
    # The first round finds no compiled modules and cold files.
    warm = {name: taken[1:] for name, taken in samples.items()}
    return Table(
        title="startup: from the command line to a host that listens, for a small app with an empty state",
        columns=("what", "seconds", "÷ the SDK's import", "MB"),
        rows=tuple(_row(name, warm) for name in warm),
        notes=(
            f"Median of {rounds} rounds, after one that is thrown away.",
            "Memory is what is resident once all is imported, or the host listens.",
        ),
    )


def snippet_sample(snippet: str, environment: Mapping[str, str] | None = None) -> Sample:
    """Seconds and resident megabytes of a process that runs the snippet."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", snippet + STAY],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline(), snippet
        seconds, memory = time.perf_counter() - began, machine.resident_mb(process.pid)
        process.stdin.write(b"\n")
    return seconds, memory


def _row(name: str, samples: dict[str, list[Sample]]) -> tuple[Cell, ...]:
    mine = samples[name]
    ratio = median(own[0] / sdk[0] for own, sdk in zip(mine, samples[SDK], strict=True))
    return (name, median(own[0] for own in mine), ratio, median(own[1] for own in mine))

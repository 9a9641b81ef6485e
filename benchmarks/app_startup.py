"""What importing the app costs over the Durable SDK alone: the part of a cold start that is ours."""

from statistics import median

from benchmarks.plan import Plan
from benchmarks.startup import Sample, snippet_sample
from benchmarks.table import Cell, Table

SDK = "floor: import azure.durable_functions"
APP = "import function_app"
#: As Azure runs it, and with compiled modules wherever Python was told not to keep them.
ENVIRONMENT = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "PYTHONDONTWRITEBYTECODE": ""}
SNIPPETS = {SDK: "import azure.durable_functions", APP: "import function_app"}


def measure(plan: Plan) -> Table:
    samples: dict[str, list[Sample]] = {name: [] for name in SNIPPETS}
    rounds = plan.size(9, 1)
    for _ in range(rounds + 1):
        for name, snippet in SNIPPETS.items():
            samples[name].append(snippet_sample(snippet, environment=ENVIRONMENT))
    # The first round finds no compiled modules and cold files.
    pairs = list(zip(samples[APP][1:], samples[SDK][1:], strict=True))
    over = (median(a[0] - s[0] for a, s in pairs) * 1000, median(a[1] - s[1] for a, s in pairs))
    rows: list[tuple[Cell, ...]] = [
        (name, 1000 * median(t[0] for t in taken[1:]), median(t[1] for t in taken[1:]))
        for name, taken in samples.items()
    ]
    return Table(
        title="app-startup: a process that has imported the app, catalogue read and adapters chosen",
        columns=("what", "ms", "MB"),
        rows=(*rows, ("the app over the SDK", *over)),
        notes=(
            f"Median of {rounds} rounds, pair by pair, after one that is thrown away.",
            "Memory is what is resident once all is imported.",
        ),
    )

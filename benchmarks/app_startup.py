"""What importing the app costs over the Durable SDK alone: the part of a cold start that is ours."""

from statistics import median

from benchmarks.plan import Plan
from benchmarks.startup import Sample, snippet_sample
from benchmarks.table import Cell, Table

SDK = "floor: import azure.durable_functions"
EMBEDDED = "import function_app, all embedded"
SERVICES = "import function_app, with a model and Azure's stores"
SNIPPETS = {
    SDK: "import azure.durable_functions",
    EMBEDDED: "import function_app",
    SERVICES: "import function_app",
}
#: As Azure runs it, and with compiled modules wherever Python was told not to keep them.
COMMON = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "PYTHONDONTWRITEBYTECODE": ""}
ENVIRONMENTS = {
    SDK: COMMON,
    EMBEDDED: COMMON
    | {"DIRIGENT_MODEL": "scripted", "DIRIGENT_RECORDS": "sqlite", "DIRIGENT_ARTIFACTS": "files"},
    # Nobody is there, and nobody is asked before something is wanted.
    SERVICES: COMMON
    | {
        "DIRIGENT_MODEL": "openai",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_API_KEY": "none",
        "DIRIGENT_RECORDS": "azure-tables",
        "DIRIGENT_ARTIFACTS": "azure-blob",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    },
}


def measure(plan: Plan) -> Table:
    samples: dict[str, list[Sample]] = {name: [] for name in SNIPPETS}
    rounds = plan.size(9, 1)
    for _ in range(rounds + 1):
        for name, snippet in SNIPPETS.items():
            samples[name].append(snippet_sample(snippet, environment=ENVIRONMENTS[name]))
    # The first round finds no compiled modules and cold files.
    warm = {name: taken[1:] for name, taken in samples.items()}
    return Table(
        title="app-startup: a process that has imported the app, catalogue read and adapters chosen",
        columns=("what", "ms", "MB", "ms over the SDK", "MB over the SDK"),
        rows=tuple(_row(name, warm) for name in warm),
        notes=(
            f"Median of {rounds} rounds, pair by pair, after one that is thrown away.",
            "Memory is what is resident once all is imported.",
        ),
    )


def _row(name: str, samples: dict[str, list[Sample]]) -> tuple[Cell, ...]:
    pairs = list(zip(samples[name], samples[SDK], strict=True))
    return (
        name,
        1000 * median(own[0] for own, _ in pairs),
        median(own[1] for own, _ in pairs),
        1000 * median(own[0] - sdk[0] for own, sdk in pairs),
        median(own[1] - sdk[1] for own, sdk in pairs),
    )

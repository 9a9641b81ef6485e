"""Who is measured, and by which interpreter."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Peers' packages stay out of the environment that the project is developed and checked in.
PEERS_PYTHON = ROOT / ".peers/bin/python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of them, or one of them set up differently."""

    #: In this package.
    module: str
    options: dict[str, object] = field(default_factory=dict)
    python: Path = PEERS_PYTHON
    #: Whose versions are told.
    packages: tuple[str, ...] = ()
    #: How it is set up, for a reader.
    remark: str


#: Of the app's packages that take part in a run.
_OURS = ("azure-functions-durable", "msgspec")

CONTENDERS = {
    "langgraph": Contender(
        module="langgraph_graphs",
        packages=("langgraph", "langgraph-checkpoint-sqlite"),
        remark="its SQLite checkpointer, durability=sync",
    ),
    "dbos": Contender(
        module="dbos_workflows",
        packages=("dbos",),
        remark="SQLite as it comes: a rollback journal, 20 connections",
    ),
    "dbos-tuned": Contender(
        module="dbos_workflows",
        options={"journal_mode": "WAL", "connections": 1},
        packages=("dbos",),
        remark="the fastest found at the same synchronous=FULL: a write-ahead log, 1 connection",
    ),
    "dirigent": Contender(
        module="dirigent_runs",
        options={"is_guarded": False},
        python=Path(sys.executable),
        packages=_OURS,
        remark="the app on the local host, no gate asked",
    ),
    "dirigent-guarded": Contender(
        module="dirigent_runs",
        options={"is_guarded": True},
        python=Path(sys.executable),
        packages=_OURS,
        remark="the same; the start and each wave of calls ask their gates, which refuse nobody",
    ),
}

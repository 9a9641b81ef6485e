"""The app on a virtual clock, for stories of runs whose steps do not all follow one another."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from content_host import ContentHost, content_host
from driver import HOOKS

from devhost.options import Replay
from devhost.testing import Reply
from dirigent.domain.run_ids import child_id


class PatternHost(ContentHost):
    """Besides, it asks Durable itself how runs and what they have begun stand."""

    def post(self, path: str, body: Any = None) -> Reply:
        """What the app answers."""
        return self.host.request("POST", path, json={} if body is None else body)

    def begin(self, workflow: str, body: Any = None) -> str:
        """The id of a run that has begun, and has done all that takes no time."""
        run = str(self.start(body, workflow)["task_id"])
        self.host.settle()
        return run

    def play(self, workflow: str, body: Any = None) -> Any:
        """The task of a run that has ended."""
        return self.ended(self.begin(workflow, body))

    def durable(self, run: str, *path: str) -> str:
        """The `runtimeStatus` of the run, or of the instance that is the step of a step … of it."""
        for step in path:
            run = child_id(run, step)
        reply = self.host.request("GET", f"{HOOKS}/instances/{run}")
        return str(reply.json()["runtimeStatus"]) if reply.status in (200, 202) else "none"

    def stands(self, run: str) -> tuple[str, str]:
        """How the task and Durable say the run stands."""
        return self.task(run)["status"], self.durable(run)

    def hold(self, run: str, *path: str) -> None:
        """Let that instance do nothing more: at the instant of a deadline it would end by itself as well."""
        for step in path:
            run = child_id(run, step)
        self.host.suspend(run, "held")

    def child(self, run: str, *path: str) -> Any:
        """The task of the run that is the step of a step … of it."""
        for step in path:
            run = child_id(run, step)
        return self.task(run)

    def tokens(self, run: str) -> Any:
        """What the run has consumed, as its trace sums it up."""
        return self.host.request("GET", f"/api/task/{run}/trace").json()["totals"]["tokens"]


@contextmanager
def pattern_host(
    folder: Path,
    *,
    faults: Sequence[Mapping[str, Any]] = (),
    answers: Sequence[Mapping[str, Any]] = (),
    catalogue: Path | None = None,
    replay: Replay = "sticky",
) -> Iterator[PatternHost]:
    """Host the app with a model that meets these faults and says these answers."""
    script = {"faults": list(faults), "answers": list(answers)}
    with content_host(folder, script=script, catalogue=catalogue, replay=replay) as host:
        yield PatternHost(host.host)
        # Calls that nobody waits for any more come to their end: a host that stops would wait for them.
        host.host.advance(120)


def seconds(task: Any) -> float:
    """How long the run took."""
    took = datetime.fromisoformat(task["completed_at"]) - datetime.fromisoformat(task["created_at"])
    return took.total_seconds()


def absent(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who is missing in a result, or in a task's error, and in which way; by their names."""
    return sorted((one["branch"], one["category"]) for one in found.get("missing", []))

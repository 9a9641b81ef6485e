"""The app in process on a virtual clock, with its data in a folder and its model scripted."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import surroundings
import yaml
from driver import ROOT

from devhost.options import Replay
from devhost.testing import LocalHost, OrchestrationFailed, VirtualClock


class ContentHost:
    """Starts runs over HTTP and lets virtual time pass until they end."""

    def __init__(self, host: LocalHost) -> None:
        self.host = host

    def start(self, body: Any = None, workflow: str = "content-creation", **headers: str) -> Any:
        """Start a run; the answer's body."""
        path = f"/api/workflows/{workflow}"
        sent = {"topic": "tides"} if body is None else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.host.request("POST", path, json=sent, headers=named)
        assert reply.status == 202, reply.text
        return reply.json()

    def ended(self, run: str) -> Any:
        """The task once its run has ended, however."""
        try:
            self.host.result(run)
        except OrchestrationFailed as failed:
            assert failed.status == "Failed"  # noqa: PT017 - it may fail; how is what the test asks
        return self.task(run)

    def task(self, run: str) -> Any:
        """The task as it stands."""
        return self.host.request("GET", f"/api/task/{run}").json()


@contextmanager
def content_host(
    folder: Path,
    *,
    script: Any = None,
    catalogue: Path | None = None,
    app: Path = ROOT,
    replay: Replay = "sticky",
    **settings: str,
) -> Iterator[ContentHost]:
    """Host the checkout's app, or a copy of it; twice on one folder, it goes on where it was."""
    (folder / "script.yaml").write_text(yaml.safe_dump(script or {}), encoding="utf-8")
    given = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "DIRIGENT_SCRIPT": str(folder / "script.yaml"),
        **({} if catalogue is None else {"DIRIGENT_CATALOGUE": str(catalogue)}),
        **settings,
    }
    with (
        surroundings.present().hosted(folder, given) as footing,
        ExitStack() as afterwards,
        LocalHost(app, state=folder / "state", settings=footing.settings, replay=replay) as host,
    ):
        parts, clock = host.module.parts, host.clock
        afterwards.callback(parts.close)
        assert isinstance(clock, VirtualClock)
        parts.clock.follow(footing.time(clock))
        yield ContentHost(host)

"""The order desk: an app written from the public documentation of Azure Functions alone, run as it is."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from driver import APPS, ROOT, InProcess, Server, polled

from devhost.testing import LocalHost

DESK = APPS / "order_desk"
SETTINGS = DESK / "local.settings.example.json"
STEPS = 23
MAKES = ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")
DAY = 86_400.0


class DeskServer(Server):
    """The order desk in a process of its own, with its example settings, and its story in another."""

    def __init__(self, replay: str, folder: Path) -> None:
        self.log = folder / "host.log"
        environment = {**os.environ, "ORDER_DESK_SCRATCH": str(folder)}
        command = [sys.executable, "-m", "devhost", "--app", str(DESK), "--settings", str(SETTINGS)]
        command += ["--port", "0", "--state", str(folder / "state"), "--replay", replay]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        try:
            url = polled(self.announced)
        except TimeoutError:
            self.process.kill()
            self.process.wait()
            raise
        self.address = urlsplit(url)
        self.story = subprocess.Popen(
            [sys.executable, str(DESK / "story.py"), url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )

    def told(self) -> list[str]:
        """What the story printed, once it has ended."""
        printed, _ = self.story.communicate(timeout=90)
        return [*printed.splitlines(), f"exit {self.story.returncode}"]


@pytest.fixture(scope="module")
def typed() -> Iterator[subprocess.Popen[str]]:
    """The command of the guide, typed as it stands there."""
    # Its own make: what the one that runs these tests was told is no concern of it.
    ours = {name: value for name, value in os.environ.items() if name not in MAKES}
    command = shlex.split(shown_in_the_guide()[0])
    with subprocess.Popen(
        command, cwd=ROOT, env=ours, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.terminate()


@pytest.fixture(scope="module")
def desks(
    typed: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, DeskServer]]:
    """One for each way of replaying, all at once and beside it: a story mostly waits."""
    running = {replay: DeskServer(replay, tmp_path_factory.mktemp(replay)) for replay in ("sticky", "always")}
    yield running
    for desk in running.values():
        desk.story.kill()
        desk.story.wait()
        if desk.process.poll() is None:
            desk.stop()


def shown_in_the_guide() -> tuple[str, str]:
    """The command, and what the guide says that it prints."""
    guide = (ROOT / "docs" / "devhost.md").read_text(encoding="utf-8")
    block = re.search(r"^```console tested-by: \S+/test_order_desk.py\n\$ (.+?)^```$", guide, re.M | re.S)
    assert block is not None
    command, _, shown = block[1].partition("\n")
    return command, shown


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_plays_the_whole_story(desks: dict[str, DeskServer], replay: str) -> None:
    told = desks[replay].told()

    assert told[-1] == "exit 0", "\n".join(told)
    assert [line[:8] for line in told[:-1]] == [f"ok    {step:2}" for step in range(1, STEPS + 1)]
    assert desks[replay].stop() == 0


@pytest.mark.slow
def test_the_guide_shows_what_the_story_prints(typed: subprocess.Popen[str]) -> None:
    printed, _ = typed.communicate(timeout=90)

    assert typed.returncode == 0, printed
    # Where nothing was installed yet, it tells of that first.
    assert without_port(printed).endswith(without_port(shown_in_the_guide()[1])), printed


def without_port(printed: str) -> str:
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", printed)


@pytest.fixture(params=["sticky", "always"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcess]:
    """The order desk in this process, on the virtual clock."""
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))["Values"]
    with LocalHost(DESK, replay=request.param, state=tmp_path, settings=settings) as host:
        yield InProcess(host)


def placed(desk: InProcess, order_id: str) -> Callable[[], str]:
    """Order a desk so dear that a manager has to agree; what is handed back tells how it stands."""
    desk.signal("stock", "oslo-desk", "add", 4)
    order = {"customer": "ann", "branch": "oslo", "lines": [{"sku": "desk", "quantity": 2}]}
    reply = desk.request("PUT", f"/api/orders/{order_id}", order)
    assert reply.status == 202
    desk.host.settle()
    return lambda: str(desk.request("GET", f"/api/orders/{order_id}").json()["status"])


def test_an_order_nobody_approves_expires_after_a_day(desk: InProcess) -> None:
    status = placed(desk, "dear")

    desk.host.advance(DAY - 1)
    assert (status(), desk.entity("stock", "oslo-desk")) == ("Running", 2)

    desk.host.advance(1)
    assert status() == "Completed"
    output = desk.result("dear")
    assert output["approval"] == {"decision": "expired", "by": None}
    assert output["outcome"] == "not approved"
    desk.host.settle()
    assert desk.entity("stock", "oslo-desk") == 4


def test_an_order_approved_in_the_last_second_is_shipped(desk: InProcess) -> None:
    status = placed(desk, "dear")
    desk.host.advance(DAY - 1)

    reply = desk.request("POST", "/api/orders/dear/approval/approve?by=maria")

    assert reply.status == 202
    output = desk.result("dear")
    assert output["approval"] == {"decision": "approved", "by": "maria"}
    assert output["outcome"] == "shipped"
    assert status() == "Completed"

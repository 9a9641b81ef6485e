"""What an unruly app does harms its own orchestrations and never the host, nor what it has acknowledged."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import APPS, OverHttp, Server, StoryFailed, expect

from devhost.options import Replay
from devhost.testing import LocalHost, OrchestrationFailed

APP = "unruly"
CALLS = [
    "child with a list for an id",
    "activity named by a number",
    "activity named by an enum",
    "entity called with an enum",
    "entity called with bytes",
]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], OverHttp]]:
    """Starts a host as a process; another call starts the next one on the same state."""
    hosts: list[OverHttp] = []

    def start() -> OverHttp:
        hosts.append(OverHttp(Server(APP, "sticky", tmp_path)))
        return hosts[-1]

    yield start
    for host in hosts:
        host.server.process.kill()
        host.server.process.wait()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_a_name_that_is_no_text_fails_one_orchestration(replay: Replay, call: str, tmp_path: Path) -> None:
    with LocalHost(APPS / APP, replay=replay, state=tmp_path) as host:
        instance = host.start("misnaming", input=call)
        with pytest.raises(OrchestrationFailed, match=r"not JSON serializable|doesn't exist"):
            host.result(instance)

        assert host.result(host.start("leaf"))


def test_a_number_for_a_name_is_the_text_json_makes_of_it(tmp_path: Path) -> None:
    with LocalHost(APPS / APP, state=tmp_path) as host:
        assert host.result(host.start("misnaming", input="child with a number for an id")) == "5"
        assert host.result(host.start("misnaming", input="child with a number for a version"))


def test_a_signal_that_is_no_text_fails_its_orchestration(tmp_path: Path) -> None:
    with LocalHost(APPS / APP, state=tmp_path) as host, pytest.raises(OrchestrationFailed, match="Operation"):
        host.result(host.start("signalling"))


def test_signals_to_an_entity_that_is_gone_are_kept_until_it_is_back(tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APPS / APP, app)
    whole = (app / "function_app.py").read_text(encoding="utf-8")
    with LocalHost(app, state=tmp_path / "state") as host:
        host.signal("counter", "k", "add")
        host.settle()
        host.crash()
    (app / "function_app.py").write_text(whole.partition("@app.entity_trigger")[0], encoding="utf-8")
    with LocalHost(app, state=tmp_path / "state") as host:
        host.settle()
    (app / "function_app.py").write_text(whole, encoding="utf-8")
    with LocalHost(app, state=tmp_path / "state") as host:
        host.signal("counter", "k", "add")
        host.settle()

        assert host.entity("counter", "k") == 2


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_a_timer_that_fired_before_an_event_is_heard_before_it(
    replay: Replay, tmp_path: Path, crash: bool
) -> None:
    with LocalHost(APPS / APP, replay=replay, state=tmp_path) as host:
        instance = host.start("racing")
        host.settle()
        host.suspend(instance)
        host.advance(61)
        host.raise_event(instance, "go")
        if crash:
            host.crash()
        else:
            host.resume(instance)
            assert host.result(instance) == "timer"
            return
    with LocalHost(APPS / APP, replay=replay, state=tmp_path) as host:
        host.resume(instance)

        assert host.result(instance) == "timer"


def test_what_an_orchestrator_does_on_its_way_out_holds_nobody_up(serve: Callable[[], OverHttp]) -> None:
    host = serve()
    instance = host.start("leaving_slowly")
    host.wait_until(lambda: (seen := host.look(instance)) is not None and seen.state == "Running")
    host.terminate(instance, "enough")
    began = time.monotonic()
    expect(200, host.request("GET", "/admin/host/status"))

    assert time.monotonic() - began < 1


def test_an_error_that_cannot_be_told_is_a_failure_like_others(serve: Callable[[], OverHttp]) -> None:
    host = serve()

    with pytest.raises(StoryFailed, match="fail_unspeakably"):
        host.result(host.start("calling", "fail_unspeakably"))
    assert host.result(host.start("leaf"))


def test_an_activity_may_fork(serve: Callable[[], OverHttp]) -> None:
    host = serve()

    assert host.result(host.start("calling", "fork")) == "forked"
    assert host.result(host.start("leaf"))
    assert host.server.stop() == 0


def test_a_child_left_behind_does_not_keep_port_nor_state(serve: Callable[[], OverHttp]) -> None:
    host = serve()
    child = host.result(host.start("calling", "leave_a_child"))
    try:
        host.server.process.kill()
        host.server.process.wait()
        next_host = serve()

        assert next_host.result(next_host.start("leaf"))
    finally:
        os.kill(child, signal.SIGKILL)

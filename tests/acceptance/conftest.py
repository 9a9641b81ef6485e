"""Hands each story its drivers; a test module names its app in APP."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import APPS, Driver, InProcess, OverHttp, Server

from devhost.testing import LocalHost

#: The SDK says once a process that typed decoding exists; the apps are written without it, as most are.
ADVICE = "ignore:azure.functions (df_loads|Durable JSON codec):DeprecationWarning"
REPLAYS = ("sticky", "always")
VARIANTS = [(place, replay) for place in ("in_process", "over_http") for replay in REPLAYS]


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.filterwarnings(ADVICE))


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Server]]:
    """The module's app in a process of its own, one for each way of replaying, started when first wanted."""
    running: dict[str, Server] = {}

    def running_with(replay: str) -> Server:
        if replay not in running:
            running[replay] = Server(request.module.APP, replay, tmp_path_factory.mktemp(replay))
        return running[replay]

    yield running_with
    assert [host.stop() for host in running.values()] == [0] * len(running)


@pytest.fixture(params=VARIANTS, ids="-".join)
def driver(
    request: pytest.FixtureRequest, server: Callable[[str], Server], tmp_path: Path
) -> Iterator[Driver]:
    """The story's app, in process and over HTTP, in both ways of replaying."""
    place, replay = request.param
    if place == "over_http":
        yield OverHttp(server(replay))
        return
    with LocalHost(APPS / request.module.APP, clock="virtual", replay=replay, state=tmp_path) as host:
        yield InProcess(host)


@pytest.fixture(params=REPLAYS)
def virtual(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcess]:
    """The story's app in process only: for long times and for the stored history."""
    with LocalHost(APPS / request.module.APP, clock="virtual", replay=request.param, state=tmp_path) as host:
        yield InProcess(host)

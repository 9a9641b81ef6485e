"""Hands each story its drivers; a test module names its app in APP.

Stories of this project's own app are told twice: `embedded` and on `services`, see surroundings.py.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
import surroundings
from driver import APPS, Driver, InProcess, OverHttp, Server

from devhost.testing import LocalHost

HERE = Path(__file__).parent
#: The SDK says once a process that typed decoding exists; the apps are written without it, as most are.
ADVICE = "ignore:azure.functions (df_loads|Durable JSON codec):DeprecationWarning"
REPLAYS = ("sticky", "always")
VARIANTS = [(place, replay) for place in ("in_process", "over_http") for replay in REPLAYS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if surroundings.__name__ in _reached_from(metafunc.module):
        without = {"embedded": "services_only", "services": "embedded_only"}
        places = [
            place for place, only in without.items() if metafunc.definition.get_closest_marker(only) is None
        ]
        metafunc.parametrize("surrounded", places, indirect=True, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On services one way of replaying will do: how runs are replayed is the engine's, and told embedded."""
    twice = [item for item in items if _is_told_twice(item)]
    if twice:
        items[:] = [item for item in items if not _is_told_twice(item)]
        config.hook.pytest_deselected(items=twice)


def _is_told_twice(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return params.get("surrounded") == "services" and params.get("replay") == "always"


def _reached_from(module: ModuleType) -> set[str]:
    """Modules beside this one whose names the module uses, or those that it uses do."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for value in vars(waiting.pop()).values():
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            other = sys.modules.get(name) if isinstance(name, str) and name not in found else None
            if other is not None and Path(getattr(other, "__file__", None) or "").parent == HERE:
                found.add(other.__name__)
                waiting.append(other)
    return found


@pytest.fixture(scope="module", autouse=True)
def surrounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has the stories stand on what their parameter says."""
    with surroundings.alone(), ExitStack() as around:
        if getattr(request, "param", "embedded") == "services":
            connection = request.getfixturevalue("azurite").connection()
            around.enter_context(surroundings.services(connection))
        yield


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

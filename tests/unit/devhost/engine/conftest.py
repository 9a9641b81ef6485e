"""Hubs without an app, and the parts of an engine on a state file of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devhost.storage.store import Store
from devhost.testing.scripted_hub import ScriptedHub

#: The SDK says once a process that typed decoding exists; orchestrators here are written without it.
ADVICE = "ignore:azure.functions (df_loads|Durable JSON codec):DeprecationWarning"


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.filterwarnings(ADVICE))


@pytest.fixture(params=[False, True], ids=["sticky", "always_replay"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ScriptedHub]:
    """A hub in both ways of replaying."""
    with ScriptedHub(tmp_path, always_replay=request.param) as hub:
        yield hub


@pytest.fixture
def sticky_hub(tmp_path: Path) -> Iterator[ScriptedHub]:
    """A hub where the way of replaying makes no difference."""
    with ScriptedHub(tmp_path) as hub:
        yield hub


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens state files; each is closed in the end."""
    with ExitStack() as stack:

        def open_one() -> Store:
            folder = tmp_path / f"state-{len(list(tmp_path.iterdir()))}"
            store = Store(folder, synchronous="NORMAL")
            stack.callback(store.close)
            return store

        yield open_one

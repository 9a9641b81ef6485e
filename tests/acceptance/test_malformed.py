"""What no client should send does the host no harm; `make chaos` sends twenty times as much."""

from pathlib import Path

import pytest
from chaos_run import rolled
from driver import HOOKS, Server, expect
from malformed_run import MalformedRun

JSON = {"Content-Type": "application/json"}


@pytest.mark.slow
def test_stands_five_hundred_malformed_requests(tmp_path: Path) -> None:
    seed, _ = rolled(0)
    print(f"\nCHAOS_SEED={seed}")

    assert MalformedRun(tmp_path, seed=seed, requests=500).complaints() == []


@pytest.mark.slow
def test_no_input_is_nested_so_deeply_that_nobody_can_list_it(tmp_path: Path) -> None:
    server = Server("open_house", "sticky", tmp_path)
    try:
        answers = set()
        for depth in (*range(100, 700, 100), *range(700, 1010, 2), 100_000):
            text = "[" * depth + "]" * depth
            path = f"{HOOKS}/orchestrators/listen/deep-{depth}"
            answers.add(server.request("POST", path, text, JSON).status)
            listed = expect(200, server.request("GET", f"{HOOKS}/instances", None, {})).json()
            # With room to spare: pytest stands deep in calls of its own.
            assert len(listed) >= 1
        assert answers == {202, 400}
    finally:
        assert server.stop() == 0

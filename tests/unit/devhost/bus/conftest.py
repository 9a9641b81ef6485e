"""Buses on a state file of their own, on a clock that is moved by hand."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from bus_bench import BusBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BusBench]:
    loop = asyncio.new_event_loop()
    bench = BusBench(tmp_path, loop)
    yield bench
    bench.close()
    loop.close()

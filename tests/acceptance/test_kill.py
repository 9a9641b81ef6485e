"""A busy host is killed a few times and keeps what it acknowledged; `make chaos` does it many times."""

from pathlib import Path

import pytest
from chaos_run import ChaosRun, rolled


@pytest.mark.slow
def test_keeps_its_promises_when_it_is_killed_five_times(tmp_path: Path) -> None:
    seed, kills = rolled(5)
    print(f"CHAOS_SEED={seed} CHAOS_KILLS={kills}")

    assert ChaosRun(tmp_path, seed=seed, kills=kills, replay="sticky").complaints() == []

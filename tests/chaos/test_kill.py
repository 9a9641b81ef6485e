"""A busy host is killed over and over and keeps what it acknowledged."""

from pathlib import Path

import pytest
from chaos_run import ChaosRun, rolled

KILLS = 50


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_keeps_its_promises_when_it_is_killed_fifty_times(tmp_path: Path, replay: str) -> None:
    seed, kills = rolled(KILLS)
    print(f"\nCHAOS_SEED={seed} CHAOS_KILLS={kills}")

    assert ChaosRun(tmp_path, seed=seed, kills=kills, replay=replay).complaints() == []

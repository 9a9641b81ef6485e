"""As the acceptance test of the same name, with more kills and in both ways of replaying."""

from pathlib import Path

import pytest
from chaos_run import rolled
from content_kill_run import ContentKillRun


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_every_run_ends_whole_however_often_the_host_is_killed(tmp_path: Path, replay: str) -> None:
    seed, kills = rolled(25)
    print(f"\nCHAOS_SEED={seed} CHAOS_KILLS={kills}", flush=True)

    assert ContentKillRun(tmp_path, seed=seed, kills=kills, replay=replay).complaints() == []

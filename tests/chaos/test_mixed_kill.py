"""As the acceptance test of the same name, with more runs and kills and in both ways of replaying."""

import faulthandler
from pathlib import Path

import pytest
from chaos_run import rolled
from mixed_kill_run import MixedKillRun


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_every_run_brings_what_it_would_have_however_often_the_host_is_killed(
    tmp_path: Path, replay: str
) -> None:
    seed, kills = rolled(25)
    print(f"\nCHAOS_SEED={seed} CHAOS_KILLS={kills}", flush=True)
    # The limit for hanging tests is meant for shorter ones; pytest takes this one back at the end.
    faulthandler.dump_traceback_later(900, exit=True)

    assert MixedKillRun(tmp_path, seed=seed, kills=kills, runs=100, replay=replay).complaints() == []

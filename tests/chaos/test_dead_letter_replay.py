"""As the acceptance test of the same name, with a thousand dead letters and more kills."""

import faulthandler
from pathlib import Path

import pytest
from chaos_run import rolled
from replay_kill_run import ReplayKillRun


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_none_is_lost_or_handled_twice_however_often_the_host_is_killed(tmp_path: Path, replay: str) -> None:
    seed, kills = rolled(15)
    print(f"\nCHAOS_SEED={seed} CHAOS_KILLS={kills}", flush=True)
    # The limit for hanging tests is meant for shorter ones; pytest takes this one back at the end.
    faulthandler.dump_traceback_later(900, exit=True)

    assert ReplayKillRun(tmp_path, seed=seed, kills=kills, letters=1000, replay=replay).complaints() == []

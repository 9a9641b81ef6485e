"""As the acceptance test of the same name, with more kills and in both ways of replaying."""

import faulthandler
from pathlib import Path

import pytest
from chaos_run import rolled
from guarded_kill_run import GuardedKillRun


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_gates_are_never_more_permissive_however_often_the_host_is_killed(
    tmp_path: Path, replay: str
) -> None:
    seed, kills = rolled(25)
    print(f"\nCHAOS_SEED={seed} CHAOS_KILLS={kills}", flush=True)
    # The limit for hanging tests is meant for shorter ones; pytest takes this one back at the end.
    faulthandler.dump_traceback_later(600, exit=True)
    chaos = GuardedKillRun(tmp_path, seed=seed, kills=kills, replay=replay, max_wait=30)

    assert chaos.complaints() == []

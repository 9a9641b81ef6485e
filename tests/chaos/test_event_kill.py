"""As the acceptance test of the same name, with more events and kills and in both ways of replaying."""

import faulthandler
from pathlib import Path

import pytest
from chaos_run import rolled
from event_kill_run import EventKillRun


@pytest.mark.slow
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_each_subscriber_hears_of_each_event_once_however_often_the_host_is_killed(
    tmp_path: Path, replay: str
) -> None:
    seed, kills = rolled(25)
    print(f"\nCHAOS_SEED={seed} CHAOS_KILLS={kills}", flush=True)
    # The limit for hanging tests is meant for shorter ones; pytest takes this one back at the end.
    faulthandler.dump_traceback_later(900, exit=True)

    assert EventKillRun(tmp_path, seed=seed, kills=kills, events=500, replay=replay).complaints() == []

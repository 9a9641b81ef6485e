"""A host that is killed in the middle of runs of all patterns loses none of them and gets none wrong."""

from pathlib import Path

from chaos_run import rolled
from mixed_kill_run import MixedKillRun


def test_every_run_brings_what_it_would_have_however_often_the_host_is_killed(tmp_path: Path) -> None:
    seed, _ = rolled(0)

    assert MixedKillRun(tmp_path, seed=seed, kills=4, runs=24).complaints() == []

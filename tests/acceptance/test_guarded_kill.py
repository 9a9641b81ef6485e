"""A host that is killed in the middle of guarded runs lets nobody through who would not have been."""

from pathlib import Path

from chaos_run import rolled
from guarded_kill_run import GuardedKillRun


def test_gates_are_never_more_permissive_however_often_the_host_is_killed(tmp_path: Path) -> None:
    seed, _ = rolled(0)

    assert GuardedKillRun(tmp_path, seed=seed, kills=5).complaints() == []

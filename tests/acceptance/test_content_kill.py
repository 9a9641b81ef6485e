"""A host that is killed in the middle of content runs loses none of them and does nothing twice."""

from pathlib import Path

from chaos_run import rolled
from content_kill_run import ContentKillRun


def test_every_run_ends_whole_however_often_the_host_is_killed(tmp_path: Path) -> None:
    seed, _ = rolled(0)

    assert ContentKillRun(tmp_path, seed=seed, kills=5).complaints() == []

"""A host that is killed in the middle of events loses none of them, and starts nothing twice."""

from pathlib import Path

from chaos_run import rolled
from event_kill_run import EventKillRun


def test_each_subscriber_hears_of_each_event_once_however_often_the_host_is_killed(tmp_path: Path) -> None:
    seed, _ = rolled(0)

    assert EventKillRun(tmp_path, seed=seed, kills=4, events=60).complaints() == []

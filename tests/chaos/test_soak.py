"""A host that runs for long under load, and is killed now and then, keeps its promises and its size."""

import faulthandler
from pathlib import Path

import pytest
from chaos_run import rolled
from soak_run import SoakRun, minutes


@pytest.mark.slow
def test_neither_grows_nor_loses_anything_in_a_long_run(tmp_path: Path) -> None:
    seed, _ = rolled(0)
    length = minutes(30)
    print(f"\nCHAOS_SEED={seed} CHAOS_SOAK_MINUTES={length:g}", flush=True)
    # The limit for hanging tests is meant for shorter ones; pytest takes this one back at the end.
    faulthandler.dump_traceback_later(length * 60 + 600, exit=True)

    assert SoakRun(tmp_path, seed=seed, minutes=length).complaints() == []

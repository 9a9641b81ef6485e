"""What no client should send does the host no harm, however much of it comes."""

import faulthandler
from pathlib import Path

import pytest
from chaos_run import rolled
from malformed_run import MalformedRun


@pytest.mark.slow
def test_stands_ten_thousand_malformed_requests(tmp_path: Path) -> None:
    seed, _ = rolled(0)
    print(f"\nCHAOS_SEED={seed}", flush=True)
    # The limit for hanging tests is meant for shorter ones; pytest takes this one back at the end.
    faulthandler.dump_traceback_later(1800, exit=True)

    assert MalformedRun(tmp_path, seed=seed, requests=10_000).complaints() == []

"""Hints can be copied into the shell they are read in."""

from pathlib import Path

import pytest

from dirigent.cli.invocation import invocation


@pytest.mark.parametrize(
    ("executable", "typed"),
    [
        ("/srv/app/.venv/bin/python", ".venv/bin/python"),
        ("/usr/bin/python3.12", "/usr/bin/python3.12"),
        ("/srv/app/my env/bin/python", "'my env/bin/python'"),
        ("", "python"),
    ],
)
def test_names_the_interpreter_that_runs(executable: str, typed: str) -> None:
    assert invocation(executable, Path("/srv/app")) == f"{typed} -m dirigent.cli"

"""What the rules look at, and a place to break them in."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: The rooms of the deployed app; what is declared in its catalogue is no code.
APP = ("activities", "dirigent", "entities", "orchestrators", "triggers")
ROOMS = (*APP, "devhost", "tests", "benchmarks")
#: Modules that stand in no room: they are doors.
DOORS = ("function_app.py", "demo.py")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[Path]:
    """Every Python module of the project."""
    in_rooms = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return sorted([*in_rooms, *(ROOT / door for door in DOORS)])


@pytest.fixture(scope="session")
def app_modules() -> list[Path]:
    """Every Python module that is deployed."""
    return sorted([*(path for room in APP for path in (ROOT / room).rglob("*.py")), ROOT / "function_app.py"])


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file below a scratch folder, so that a rule can be seen to fail."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file

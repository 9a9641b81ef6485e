"""A module is one noun one can say aloud."""

from collections.abc import Iterable
from pathlib import Path

NAMELESS = frozenset(
    {
        "base",
        "common",
        "core",
        "general",
        "generic",
        "helper",
        "helpers",
        "lib",
        "manager",
        "managers",
        "misc",
        "shared",
        "stuff",
        "util",
        "utilities",
        "utils",
    }
)


def nameless(names: Iterable[Path]) -> list[str]:
    """Modules and folders whose name says nothing; names are relative to the project."""
    return [
        f"{name}: `{part}` says nothing of what is inside"
        for name in names
        for part in (*name.parts[:-1], name.stem)
        if part in NAMELESS or part.rpartition("_")[2] in NAMELESS
    ]


def packages_in_tests(names: Iterable[Path]) -> list[str]:
    """`__init__.py` files that would make tests/ a package; the apps under test are programs of their own."""
    return [
        str(n) for n in names if n.name == "__init__.py" and n.parts[0] == "tests" and n.parts[1] != "apps"
    ]


def test_every_module_is_a_noun(root: Path, modules: list[Path]) -> None:
    assert nameless(path.relative_to(root) for path in modules) == []


def test_refuses_a_drawer_for_everything() -> None:
    refused = nameless(
        [Path("devhost/utils.py"), Path("devhost/core/a.py"), Path("devhost/http/route_helpers.py")]
    )

    assert [line.partition(":")[0] for line in refused] == [
        "devhost/utils.py",
        "devhost/core/a.py",
        "devhost/http/route_helpers.py",
    ]


def test_tests_are_no_package(root: Path, modules: list[Path]) -> None:
    # The SDK's wheel installs a top-level package `tests`: ours must stay without a name.
    assert packages_in_tests(path.relative_to(root) for path in modules) == []


def test_refuses_a_package_in_tests_but_not_in_an_app() -> None:
    assert packages_in_tests([Path("tests/unit/__init__.py"), Path("tests/apps/shop/tools/__init__.py")]) == [
        "tests/unit/__init__.py"
    ]

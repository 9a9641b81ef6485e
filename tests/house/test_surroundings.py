"""Stories of the app are told embedded and on services; whichever is not says why, and those are few."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

#: Of all stories: about what the app brings along, or on services that they start themselves.
MOST_EMBEDDED_ONLY = 10
SHORTEST_REASON = 4
#: Ways to start the app without asking what it is to stand on.
UNASKED = re.compile(r"""\b(?:LocalHost|MortalHost|Server)\(\s*(?:ROOT\b|str\(ROOT\)|["']\.\./\.\.["'])""")
#: Whoever uses these asks, or lets ask.
ASKED = frozenset({"content_host", "mortal_app", "pattern_host", "surroundings"})


def reasons(modules: Iterable[Path], marker: str) -> dict[str, str]:
    """Test, or module of tests, that has the marker → why."""
    found: dict[str, str] = {}
    for path in modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        owners = {
            id(node): owner.name
            for owner in tree.body
            if isinstance(owner, ast.FunctionDef)
            for decorator in owner.decorator_list
            for node in ast.walk(decorator)
        }
        for call in _marks(tree, marker):
            where = "::".join(filter(None, (path.name, owners.get(id(call)))))
            found[where] = str(ast.literal_eval(call.args[0])) if call.args else ""
    return found


def _marks(tree: ast.Module, marker: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"pytest.mark.{marker}":
            yield node


def unasked(modules: Iterable[Path]) -> list[str]:
    """Modules that start the app by themselves, and do not say why it is told embedded only."""
    return [
        f"{path.name}: ask tests/acceptance/surroundings.py for the app's settings"
        for path in modules
        if UNASKED.search(text := path.read_text(encoding="utf-8"))
        and not ASKED & _imported(ast.parse(text))
        and path.name not in reasons([path], "embedded_only")
    ]


def _imported(tree: ast.Module) -> set[str]:
    nodes = [*ast.walk(tree)]
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return whole | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def stories(root: Path) -> list[Path]:
    return sorted((root / "tests" / "acceptance").glob("*.py"))


def test_few_stories_are_told_without_services_and_each_says_why(root: Path) -> None:
    embedded = reasons(stories(root), "embedded_only")
    print("\nnot told on services:", *(f"  {where}: {why}" for where, why in embedded.items()), sep="\n")

    every = {**embedded, **reasons(stories(root), "services_only")}
    assert len(embedded) <= MOST_EMBEDDED_ONLY
    assert [where for where, why in every.items() if len(why.split()) < SHORTEST_REASON] == []


def test_whoever_starts_the_app_asks_what_it_is_to_stand_on(root: Path) -> None:
    assert unasked(stories(root)) == []


def test_knows_a_story_that_says_no_reason(write: Callable[[str, str], Path]) -> None:
    path = write(
        "test_a.py",
        "import pytest\npytestmark = [pytest.mark.embedded_only('it is so')]\n"
        "@pytest.mark.embedded_only()\ndef test_b(): ...\n",
    )

    assert reasons([path], "embedded_only") == {"test_a.py": "it is so", "test_a.py::test_b": ""}


def test_knows_an_app_that_is_started_unasked(write: Callable[[str, str], Path]) -> None:
    paths = [
        write("test_a.py", 'host = MortalHost("../..", folder)\n'),
        write("test_b.py", "with LocalHost(ROOT, settings={}) as host: ...\n"),
        write("test_c.py", "import surroundings\nserver = Server(str(ROOT))\n"),
        write("test_d.py", 'with LocalHost(APPS / "unruly") as host: ...\n'),
    ]

    assert [one.partition(":")[0] for one in unasked(paths)] == ["test_a.py", "test_b.py"]

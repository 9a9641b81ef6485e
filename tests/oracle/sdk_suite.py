"""The test suite that the SDK's wheel brings along: its histories, and what the SDK answered to each.

Its modules call themselves `tests`, as ours would if they had a name. So they are imported under that name
only inside `borrowed_name()`, which puts back whatever went by it before; what decodes objects of the suite's
classes, which looks them up by module, runs inside it too.
"""

import importlib
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackagePath, distribution
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

WHEEL = "azure-functions-durable"
LABEL = "\n\n$OutOfProcData$:"
_LOADED: dict[str, ModuleType] = {}


class SuiteMissing(AssertionError):
    """The installed SDK does not bring its tests along."""

    def __init__(self) -> None:
        super().__init__(
            f"{WHEEL} {distribution(WHEEL).version} was installed without the package `tests` that its wheel "
            "brings along, so nothing can be held against the SDK's own histories. Install the locked wheel: "
            "rm -r .venv, then make setup."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A history one of the SDK's tests builds, for a function, and what the SDK answered."""

    #: `module.test`, with a number when the test plays several histories.
    name: str
    body: Mapping[str, Any]
    function: Callable[[Any], Any]
    #: The SDK's answer; of a failure the state its text carries, or the failure's text alone as `error`.
    answer: Mapping[str, Any]
    #: `context.is_replaying` at the end, where that is what the test asks for.
    is_replaying: bool | None = None


@dataclass(slots=True, kw_only=True)
class Suite:
    """Everything that was collected."""

    cases: list[Case] = field(default_factory=list)
    tests: int = 0
    #: Tests that failed or could not be called, by name.
    broken: dict[str, str] = field(default_factory=dict)


@contextmanager
def borrowed_name() -> Iterator[None]:
    """Let `tests` be the SDK's suite."""
    ours = _taken()
    sys.modules.update(_LOADED)
    try:
        yield
    finally:
        _LOADED.update(_taken())
        sys.modules.update(ours)


@cache
def collected() -> Suite:
    """The histories of the suite's orchestrator tests; collecting them runs those tests."""
    folder = suite_folder()
    suite = Suite()
    with borrowed_name(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = ModuleType("tests")
        package.__path__ = [str(folder)]
        sys.modules["tests"] = package
        with _schema_checker():
            _listen(importlib.import_module("tests.orchestrator.orchestrator_test_utils"), suite)
            for path in sorted((folder / "orchestrator").glob("test_*.py")):
                _run(importlib.import_module(f"tests.orchestrator.{path.stem}"), suite)
    return suite


def suite_folder(installed: Iterable[PackagePath] | None = None) -> Path:
    """Where the suite lies among what the wheel installed."""
    for file in distribution(WHEEL).files or () if installed is None else installed:
        path = Path(str(file.locate()))
        if file.parts[:3] == ("tests", "test_utils", "ContextBuilder.py") and path.is_file():
            return path.parents[1]
    raise SuiteMissing


def _taken() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == "tests"]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def _schema_checker() -> Iterator[None]:
    # The suite also holds the SDK's answers against a schema, by a package that nothing else here needs.
    stand_in: Any = ModuleType("jsonschema")
    stand_in.validate = lambda **_: None
    before = sys.modules.get("jsonschema")
    sys.modules["jsonschema"] = before or stand_in
    try:
        yield
    finally:
        if before is None:
            del sys.modules["jsonschema"]


def _listen(plays: Any, suite: Suite) -> None:
    """Have the functions through which every test plays its history tell of it."""
    get_state, get_property = plays.get_orchestration_state_result, plays.get_orchestration_property

    def state_result(builder: Any, user_code: Any, uses_pystein: bool = False) -> Any:
        function = user_code._function._func.orchestrator_function if uses_pystein else user_code
        body = builder.to_json()
        try:
            answer = get_state(builder, user_code, uses_pystein)
        except Exception as error:
            _note(suite, body, function, _failure(error))
            raise
        _note(suite, body, function, answer)
        return answer

    def state_property(builder: Any, user_code: Any, prop: str) -> Any:
        found = get_property(builder, user_code, prop)
        answer = get_state(builder, user_code)
        _note(suite, builder.to_json(), user_code, answer, is_replaying=found.is_replaying)
        return found

    plays.get_orchestration_state_result = state_result
    plays.get_orchestration_property = state_property


def _note(suite: Suite, body: Any, function: Any, answer: Any, is_replaying: bool | None = None) -> None:
    frozen = json.loads(json.dumps(body))
    suite.cases.append(
        Case(name="", body=frozen, function=function, answer=answer, is_replaying=is_replaying)
    )


def _failure(error: Exception) -> dict[str, Any]:
    _, label, state = str(error).rpartition(LABEL)
    return dict(json.loads(state)) if label else {"error": f"{type(error).__name__}: {error}"}


def _run(module: ModuleType, suite: Suite) -> None:
    for name, test in list(vars(module).items()):
        if not name.startswith("test_") or not callable(test) or test.__module__ != module.__name__:
            continue
        for arguments in _arguments(test):
            suite.tests += 1
            before = len(suite.cases)
            where = f"{module.__name__.rpartition('.')[2]}.{name}"
            try:
                test(**arguments)
            # A test may fail for any reason; which ones did is for the reader to judge.
            except Exception as error:  # noqa: BLE001
                suite.broken[where] = f"{type(error).__name__}: {error}"
            _name(suite, before, where)


def _arguments(test: Any) -> list[dict[str, Any]]:
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            names = re.split(r",\s*", mark.args[0])
            return [dict(zip(names, values, strict=True)) for values in mark.args[1]]
    return [{}]


def _name(suite: Suite, start: int, where: str) -> None:
    taken = {case.name for case in suite.cases[:start]}
    for place in range(start, len(suite.cases)):
        old = suite.cases[place]
        numbered = (where if number == 1 else f"{where} #{number}" for number in count(1))
        name = next(name for name in numbered if name not in taken)
        taken.add(name)
        suite.cases[place] = Case(
            name=name,
            body=old.body,
            function=old.function,
            answer=old.answer,
            is_replaying=old.is_replaying,
        )

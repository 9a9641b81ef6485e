"""Loads an app as Azure's worker does, and takes it out of the process again."""

import asyncio
import importlib
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func

from devhost.functions import failures, signatures
from devhost.functions.catalog import Catalog, Dropped
from devhost.functions.refusals import AppRefused
from devhost.functions.running import Runner
from devhost.functions.settings import AppSettings

logger = logging.getLogger(__name__)

_SCRIPT_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_\-]*\.py")
_MODULE_HELP = (
    "Cannot find module. Please check the requirements.txt file for the missing module. "
    "For more info, please refer the troubleshooting guide: https://aka.ms/functions-modulenotfound. "
    "Current sys.path: {path}"
)
_OWN_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedApp:
    """An app in memory; `unload` undoes what loading did to the process."""

    catalog: Catalog
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]
    unload: Callable[[], None]


async def load_on(runner: Runner, settings: AppSettings) -> LoadedApp:
    """Load the app on the loop that will run its async functions, as on Azure.

    What the app makes at import time (locks, sessions, tasks) then belongs to the right loop.
    """
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(load(settings), runner.functions_loop))


async def load(settings: AppSettings) -> LoadedApp:
    """Import the app inside the running loop and index it; apply the settings to the environment before."""
    script = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
    if not _SCRIPT_NAME.fullmatch(script):
        raise AppRefused(
            f"InvalidFileNameError: Invalid file name: {script}",
            "set PYTHON_SCRIPT_FILE_NAME to the bare name of a Python file, such as function_app.py.",
        )
    place = _Place(settings.app_dir)
    place.enter()
    try:
        return _index(settings, script, place)
    except BaseException:
        place.leave()
        raise


def _index(settings: AppSettings, script: str, place: "_Place") -> LoadedApp:
    if not (settings.app_dir / script).is_file():
        missing = f"There is no {script} in {settings.app_dir}: the app has no functions."
        return LoadedApp(
            catalog=Catalog(()), dropped=(), warnings=(*settings.warnings, missing), unload=place.leave
        )
    module = _imported(script.removesuffix(".py"))
    app = _only_app(module, script)
    try:
        indexed = app.get_functions()
    except Exception as error:  # whatever the SDK finds wrong refuses the app
        raise AppRefused(f"{type(error).__name__}: {error}", _remedy_of(str(error))) from error
    checked = signatures.check(indexed, settings)
    warnings = [*settings.warnings, *checked.warnings, *_absent(app, place.modules())]
    if not indexed:
        warnings.append(f"{script} registers no functions.")
    return LoadedApp(
        catalog=Catalog(checked.functions),
        dropped=checked.dropped,
        warnings=tuple(warnings),
        unload=place.leave,
    )


class _Place:
    """The process state an app is loaded into: working directory, module path, modules."""

    def __init__(self, app_dir: Path) -> None:
        self._dir = str(app_dir)
        self._cwd = Path.cwd()
        self._path = list(sys.path)
        self._known = frozenset(sys.modules)
        self._left = False

    def enter(self) -> None:
        os.chdir(self._dir)
        packages = Path(self._dir, ".python_packages", "lib", "site-packages")
        sys.path[:0] = [self._dir, *([str(packages)] if packages.is_dir() else [])]
        # The app's files may have been written an instant ago, which cached directory listings do not show.
        importlib.invalidate_caches()

    def leave(self) -> None:
        if self._left:
            return
        self._left = True
        for module in self.modules():
            sys.modules.pop(module.__name__, None)
            package, _, child = module.__name__.rpartition(".")
            # A package that was there before stays, and `from package import child` would find it in there.
            if package in sys.modules:
                vars(sys.modules[package]).pop(child, None)
        sys.path[:] = self._path
        os.chdir(self._cwd)

    def modules(self) -> list[ModuleType]:
        """What the app has imported of its own; installed packages stay, whatever folder they are in."""
        return [module for name, module in list(sys.modules.items()) if self._is_apps(name, module)]

    def _is_apps(self, name: str, module: Any) -> bool:
        if (
            name in self._known
            or name.partition(".")[0] == _OWN_PACKAGE
            or not isinstance(module, ModuleType)
        ):
            return False
        # A package without __init__.py has no file.
        places = (
            [module.__file__] if getattr(module, "__file__", None) else list(getattr(module, "__path__", []))
        )
        return any(
            place and place.startswith(self._dir + os.sep) and "site-packages" not in Path(place).parts
            for place in places
        )


def _imported(name: str) -> ModuleType:
    if name in sys.modules:
        raise AppRefused(
            f"a module {name!r} is loaded already, from {getattr(sys.modules[name], '__file__', 'nowhere')}",
            "unload the other app first: two apps of one module name cannot share a process.",
        )
    try:
        return importlib.import_module(name)
    except ImportError as error:
        text = f"{type(error).__name__}: {error}. {_MODULE_HELP.format(path=sys.path)}"
        remedy = "install it into the environment that runs this host, and list it in requirements.txt."
        raise AppRefused(text, remedy, stack=_app_stack(error)) from error
    except (
        BaseException
    ) as error:  # the app's top level may raise anything, SystemExit too: refused, not obeyed
        failure = failures.describe(error)
        if failure.speaks_for_itself:
            # It was meant for whoever runs the app: lines of its code would only hide what to do.
            raise AppRefused(failure.message, "") from error
        raise AppRefused(failure.message, _import_remedy(error), stack=_app_stack(error)) from error


def _import_remedy(error: BaseException) -> str:
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "do not end the process at import: on Azure this ends the worker."
    if isinstance(error, KeyError):
        return "if this is a setting, put it in local.settings.json under Values, or in the environment."
    if "asyncio.run()" in str(error):
        return "the module is imported inside a running loop: start nothing with asyncio.run at import."
    return _remedy_of(str(error))


def _app_stack(error: BaseException) -> str:
    """The frames from the app's first one on: those of the import machinery say nothing."""
    lines = failures.stack_of(error).splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if line.startswith('  File "') and "importlib" not in line]
    return "".join(lines[starts[0] :]) if starts else ""


def _only_app(module: ModuleType, script: str) -> func.FunctionRegister:
    # By names, not by objects: one app under two names is refused on Azure as well.
    apps = [found for found in vars(module).values() if isinstance(found, func.FunctionRegister)]
    if len(apps) > 1:
        raise AppRefused(
            f"ValueError: More than one {type(apps[0]).__name__} or other top level function app "
            "instances are defined.",
            f"let {script} hold one app under one name; other modules should offer blueprints.",
        )
    if not apps:
        raise AppRefused(
            f"ValueError: Could not find top level function app instances in {script}.",
            "make one: app = df.DFApp(), and register the blueprints with app.register_functions(blueprint).",
        )
    return apps[0]


def _remedy_of(text: str) -> str:
    remedies = {
        "does not have a unique function name": "give each function a name of its own; register a blueprint "
        "once, and leave get_functions() to the host.",
        "does not have a trigger": "add a trigger decorator above the function, with its parentheses.",
        "A trigger was already registered": "split it into two functions, one for each trigger.",
        "can not be type of FunctionRegister": "register a Blueprint, not another app.",
        "has no attribute '__name__'": "decorate a function written with def; neither functools.partial nor "
        "an orchestrator with a durable client can be registered.",
    }
    return next(
        (remedy for part, remedy in remedies.items() if part in text), "mend the app; see the text above."
    )


def _absent(app: Any, modules: Iterable[ModuleType]) -> Iterable[str]:
    """Decorated functions that the app will not have, which Azure passes over in silence."""
    registered = {id(builder) for builder in app._function_builders}  # noqa: SLF001 - the SDK has no public list
    seen: set[int] = set()
    for module in modules:
        for name, found in list(vars(module).items()):
            if id(found) in seen:
                continue
            seen.add(id(found))
            yield from _absent_of(module.__name__, name, found, registered)


def _absent_of(module: str, name: str, found: Any, registered: set[int]) -> Iterable[str]:
    if isinstance(found, func.DecoratorApi) and not isinstance(found, func.FunctionRegister):
        builders = found._function_builders  # noqa: SLF001 - as above
        left_out = [str(b._function.get_function_name()) for b in builders if id(b) not in registered]  # noqa: SLF001
        if left_out:
            yield (
                f"The blueprint {module}.{name} has functions that are not registered: "
                f"{', '.join(left_out)}. Call app.register_functions({name}) after the last of them."
            )
    elif _is_undecorated(found):
        yield (
            f"{module}.{name} is a decorator of the SDK, not a function: parentheses are missing after the "
            "decorator, and the function is absent."
        )


def _is_undecorated(found: Any) -> bool:
    origin = getattr(found, "__module__", None)
    return (
        callable(found)
        and isinstance(origin, str)
        and origin.startswith("azure.")
        and "<locals>" in getattr(found, "__qualname__", "")
    )

"""How an app comes into the process and leaves it, and what Azure's worker refuses on the way."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devhost.functions.loading import LoadedApp, load, load_on
from devhost.functions.refusals import AppRefused
from devhost.functions.running import Runner
from devhost.functions.settings import AppSettings

Load = Callable[..., LoadedApp]
Write = Callable[..., Path]

ACTIVITY = '@app.activity_trigger(input_name="n")\n'
F = ACTIVITY + "def f(n): return n\n"
UNIQUE = (
    "ValueError: Function f does not have a unique function name. Please change @app.function_name() or the "
    "function method name to be unique."
)
MANY = "ValueError: More than one DFApp or other top level function app instances are defined."
BLUEPRINT = 'bp = df.Blueprint()\n@bp.activity_trigger(input_name="n")\ndef f(n): pass\n'

REFUSED = {
    "two functions of one name": (F + F, UNIQUE),
    "two names alike": (F + '@app.function_name("f")\n' + ACTIVITY + "def g(n): pass", UNIQUE),
    "a blueprint registered twice": (BLUEPRINT + "app.register_functions(bp)\n" * 2, UNIQUE),
    "get_functions called by the app": (F + "app.get_functions()", UNIQUE),
    "no trigger": (
        '@app.function_name("x")\ndef f(n): pass',
        (
            "ValueError: Function x does not have a trigger. A valid function must have one and only one "
            "trigger registered."
        ),
    ),
    "two apps": (F + "other = df.DFApp()", MANY),
    "one app under two names": (F + "alias = app", MANY),
    "another app registered": (
        "other = df.DFApp()\napp.register_functions(other)",
        "TypeError: functions can not be type of FunctionRegister!",
    ),
    "a client below an orchestrator's trigger": (
        (
            '@app.orchestration_trigger(context_name="context")\n'
            '@app.durable_client_input(client_name="client")\ndef f(context, client): yield'
        ),
        "AttributeError: 'FunctionBuilder' object has no attribute '__name__'",
    ),
    "a partial": (
        'import functools\napp.activity_trigger(input_name="n")(functools.partial(print))',
        "AttributeError: 'functools.partial' object has no attribute '__name__'",
    ),
    "a missing setting": ("import os\nos.environ['NO_SUCH_SETTING']", "KeyError: 'NO_SUCH_SETTING'"),
    "bad syntax": ("x =\n", "SyntaxError: invalid syntax (function_app.py, line 6)"),
    "asyncio.run": (
        "import asyncio\nloop_free = lambda: None\nasyncio.run(app)",
        "RuntimeError: asyncio.run() cannot be called from a running event loop",
    ),
    "an exit": ("raise SystemExit(3)", "SystemExit: 3"),
}


@pytest.fixture(autouse=True)
def untouched_process() -> Iterator[None]:
    before = (Path.cwd(), list(sys.path), "function_app" in sys.modules)
    yield
    assert (Path.cwd(), list(sys.path), "function_app" in sys.modules) == before


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_what_the_worker_refuses(load_app: Load, case: str) -> None:
    source, text = REFUSED[case]

    with pytest.raises(AppRefused) as caught:
        load_app(source)

    assert caught.value.text == text
    assert caught.value.remedy in str(caught.value)


def test_refuses_two_triggers(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app(ACTIVITY + '@app.route(route="f")\ndef f(n, req): pass')

    assert caught.value.text.startswith(
        "ValueError: A trigger was already registered to this function. Adding"
    )


def test_refuses_a_wrapper_that_hides_the_name_and_the_parameters(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app(
            "def wrap(f):\n  def inner(*a, **k): return f(*a, **k)\n  return inner\n"
            + ACTIVITY
            + "@wrap\ndef f(n): pass"
        )

    assert caught.value.text.startswith(
        "FunctionLoadError: cannot load the inner function: the following parameters are declared in Python "
        "but not in function.json: "
    )
    assert "functools.wraps" in caught.value.remedy


def test_refuses_a_module_without_app(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app("import azure.durable_functions as df\n" + BLUEPRINT, bare=True)

    assert (
        caught.value.text == "ValueError: Could not find top level function app instances in function_app.py."
    )


SPEAKING = """
class Refused(Exception):
    speaks_for_itself = {}

raise Refused("set A, which is missing")
"""


def test_lets_an_exception_speak_for_itself_that_says_it_does(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app(SPEAKING.format(True))

    assert str(caught.value) == "The app was refused: Refused: set A, which is missing"


def test_shows_where_any_other_exception_was_raised(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app(SPEAKING.format(False))

    assert "raise Refused(" in caught.value.stack
    assert "Remedy: mend the app" in str(caught.value)


def test_refuses_a_missing_import_and_shows_where(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app("import no_such_module_anywhere")

    assert caught.value.text.startswith(
        "ModuleNotFoundError: No module named 'no_such_module_anywhere'. Cannot find module. Please check "
        "the requirements.txt file for the missing module. For more info, please refer the troubleshooting "
        "guide: https://aka.ms/functions-modulenotfound. Current sys.path: ["
    )
    assert "import no_such_module_anywhere" in caught.value.stack
    assert "importlib" not in caught.value.stack


def test_refuses_a_script_name_with_a_folder(write_app: Write) -> None:
    settings = AppSettings.read(write_app(F, values={"PYTHON_SCRIPT_FILE_NAME": "a/b.py"}))
    undo = settings.apply(os.environ)
    try:
        with pytest.raises(AppRefused, match=r"Invalid file name: a/b\.py"):
            asyncio.run(load(settings))
    finally:
        undo()


def test_loads_the_script_the_settings_name(write_app: Write) -> None:
    folder = write_app("raise ValueError('the wrong file')", values={"PYTHON_SCRIPT_FILE_NAME": "other.py"})
    (folder / "other.py").write_text("import azure.durable_functions as df\napp = df.DFApp()\n" + F)
    settings = AppSettings.read(folder)
    undo = settings.apply(os.environ)
    try:
        app = asyncio.run(load(settings))
        app.unload()
    finally:
        undo()

    assert app.catalog.by_name("f") is not None


def test_has_no_functions_without_a_script(write_app: Write) -> None:
    folder = write_app(F)
    (folder / "function_app.py").unlink()

    app = asyncio.run(load(AppSettings.read(folder)))
    app.unload()

    assert (app.catalog.functions, app.dropped) == ((), ())
    assert "There is no function_app.py" in app.warnings[0]


def test_imports_inside_the_loop_of_the_async_functions(write_app: Write) -> None:
    folder = write_app(
        "import asyncio\nat_import = asyncio.get_running_loop()\n"
        + ACTIVITY
        + "async def f(n): return asyncio.get_running_loop() is at_import\n"
    )

    async def loaded_and_called() -> object:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        app = await load_on(runner, AppSettings.read(folder))
        call = asyncio.run_coroutine_threadsafe(app.catalog.functions[0].call(n=1), runner.functions_loop)
        same = await asyncio.wrap_future(call)
        app.unload()
        await runner.close()
        return same

    assert asyncio.run(loaded_and_called()) is True


def test_imports_in_the_apps_folder_under_the_modules_own_name(load_app: Load, tmp_path: Path) -> None:
    app = load_app(
        "import os, sys\nfacts = (__name__, os.getcwd(), sys.path[0])\n" + ACTIVITY + "def f(n): return facts"
    )

    assert app.catalog.functions[0].call(n=1) == ("function_app", str(tmp_path), str(tmp_path))


def test_finds_modules_of_the_app_and_its_packages(write_app: Write) -> None:
    folder = write_app(
        "import beside, vendored\n" + ACTIVITY + "def f(n): return beside.x + vendored.y", beside__py="x = 1"
    )
    packages = folder / ".python_packages" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "vendored.py").write_text("y = 2")

    app = asyncio.run(load(AppSettings.read(folder)))
    try:
        assert app.catalog.functions[0].call(n=1) == 3
        assert "beside" in sys.modules
    finally:
        app.unload()
        del sys.modules["vendored"]

    assert "beside" not in sys.modules


def test_forgets_modules_of_a_package_that_was_there_before(write_app: Write, tmp_path: Path) -> None:
    folder = write_app("from shelf import beside\n" + ACTIVITY + "def f(n): return id(beside)")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "__init__.py").write_text("")
    (tmp_path / "shelf" / "beside.py").write_text("x = 1")
    sys.path.insert(0, str(tmp_path))
    try:
        import shelf  # type: ignore[import-not-found]  # noqa: PLC0415 - as a test does that knows the app

        app = asyncio.run(load(AppSettings.read(folder)))
        was_there = hasattr(shelf, "beside")
        app.unload()
    finally:
        sys.path.remove(str(tmp_path))
        del sys.modules["shelf"]

    assert was_there
    assert not hasattr(shelf, "beside")


def test_loads_a_second_app_after_the_first_and_the_first_again_when_changed(write_app: Write) -> None:
    def returned() -> object:
        app = asyncio.run(load(AppSettings.read(folder)))
        value = app.catalog.functions[0].call(n=1)
        app.unload()
        return value

    folder = write_app(ACTIVITY + "def f(n): return 'first'")
    first = returned()
    write_app(ACTIVITY + "def f(n): return 'the second'")

    assert (first, returned()) == ("first", "the second")


def test_refuses_to_load_two_apps_of_one_name_at_once(load_app: Load) -> None:
    load_app(F)

    with pytest.raises(AppRefused, match="is loaded already"):
        load_app(F)


def test_registers_blueprints_of_both_packages(load_app: Load) -> None:
    app = load_app(
        BLUEPRINT + "other = func.Blueprint()\n@other.route(route='g')\ndef g(req): pass\n"
        "app.register_blueprint(bp)\napp.register_functions(other)"
    )

    assert {function.name for function in app.catalog.functions} == {"f", "g"}
    assert app.warnings == ()


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        (BLUEPRINT, "The blueprint function_app.bp has functions that are not registered: f."),
        (
            BLUEPRINT + "app.register_functions(bp)\n@bp.activity_trigger(input_name='n')\ndef late(n): pass",
            "The blueprint function_app.bp has functions that are not registered: late.",
        ),
        (
            "@app.activity_trigger\ndef lost(n): pass",
            "function_app.lost is a decorator of the SDK, not a function",
        ),
    ],
)
def test_warns_of_functions_that_are_silently_absent(load_app: Load, source: str, warning: str) -> None:
    app = load_app(ACTIVITY + "def fine(n): pass\n" + source)

    assert [text for text in app.warnings if text.startswith(warning)]


def test_accepts_an_app_under_any_name(load_app: Load) -> None:
    app = load_app(
        "import azure.functions as func\nx = func.FunctionApp()\n@x.route(route='f')\ndef f(req): pass",
        bare=True,
    )

    assert [function.name for function in app.catalog.functions] == ["f"]


def test_says_that_an_app_is_empty(load_app: Load) -> None:
    assert load_app("pass").warnings == ("function_app.py registers no functions.",)

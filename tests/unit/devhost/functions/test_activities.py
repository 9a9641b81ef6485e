"""Activities answer as they do under Azure's worker."""

import asyncio
from collections.abc import Callable

import pytest

from devhost.engine.messages import ActivityCall, ActivityFailed, ActivityResult, ActivitySucceeded
from devhost.functions.activities import run_activity
from devhost.functions.calls import Surroundings
from devhost.functions.loading import LoadedApp
from devhost.functions.running import Runner

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

Load = Callable[..., LoadedApp]
SURROUNDINGS = Surroundings(client_json=lambda _: "{}")
ACTIVITY = '@app.activity_trigger(input_name="n")\n'


def answered(app: LoadedApp, input_json: str | None) -> ActivityResult:
    async def scene() -> ActivityResult:
        loop = asyncio.get_running_loop()
        runner, future = Runner(loop), loop.create_future()
        call = ActivityCall(name="f", instance_id="i", input_json=input_json)
        run_activity(runner, app.catalog.functions[0], call, SURROUNDINGS, future.set_result)
        answer: ActivityResult = await future
        await runner.close()
        return answer

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("5", "5"),
        ('"x"', "'x'"),
        ("null", "None"),
        ('{"a": [1]}', "{'a': [1]}"),
        ("not json", "'not json'"),
        ("", "''"),
        ("NaN", "nan"),
        ("1e400", "inf"),
    ],
)
def test_receives_what_the_sdk_reads(load_app: Load, given: str, shown: str) -> None:
    app = load_app(ACTIVITY + "def f(n: str): return repr(n)")

    assert answered(app, given) == ActivitySucceeded(result_json=f'"{shown}"')


@pytest.mark.parametrize(
    ("returned", "result"),
    [
        ("None", None),
        ("0", "0"),
        ("(1, 2)", "[1, 2]"),
        ("{1: 'ä'}", '{"1": "\\u00e4"}'),
        ("float('nan')", "NaN"),
        ("10**30", "1" + "0" * 30),
        ("''", '""'),
    ],
)
def test_answers_what_the_sdk_writes(load_app: Load, returned: str, result: str | None) -> None:
    app = load_app(ACTIVITY + f"def f(n): return {returned}")

    assert answered(app, "1") == ActivitySucceeded(result_json=result)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def f(n): raise KeyError('k')", "KeyError: 'k'"),
        ("async def f(n): raise ValueError", "ValueError: "),
        ("def f(n): return b'x'", "ValueError: activity trigger output must be json serializable (b'x')"),
        (
            "def f(n): return {(1, 2): 3}",
            "ValueError: activity trigger output must be json serializable ({(1, 2): 3})",
        ),
        ("def f(n): raise StopIteration", "StopIteration: "),
    ],
)
def test_fails_with_type_and_text(load_app: Load, source: str, error: str) -> None:
    answer = answered(load_app(ACTIVITY + source), "1")

    assert isinstance(answer, ActivityFailed)
    assert answer.error == error


def test_a_failures_stack_begins_in_the_app(load_app: Load) -> None:
    answer = answered(load_app(ACTIVITY + "def f(n):\n    raise KeyError('k')"), "1")

    assert isinstance(answer, ActivityFailed)
    assert answer.details.startswith('  File "')
    assert "function_app.py" in answer.details.splitlines()[0]


def test_a_generator_cannot_be_an_answer(load_app: Load) -> None:
    answer = answered(load_app(ACTIVITY + "def f(n): yield 1"), "1")

    assert isinstance(answer, ActivityFailed)
    assert answer.error.startswith(
        "ValueError: activity trigger output must be json serializable (<generator object"
    )


def test_fails_without_an_input_as_the_worker_does(load_app: Load) -> None:
    answer = answered(load_app(ACTIVITY + "def f(n): return n"), None)

    assert isinstance(answer, ActivityFailed)
    assert answer.error == "AttributeError: 'NoneType' object has no attribute 'type'"


def test_carries_objects_of_the_apps_classes(load_app: Load) -> None:
    app = load_app(
        """
        class Point:
            def __init__(self, x): self.x = x
            @staticmethod
            def to_json(point): return point.x
            @staticmethod
            def from_json(x): return Point(x)
        @app.activity_trigger(input_name="n")
        async def f(n): return Point(n.x + 1)
        """
    )
    envelope = '{"__class__": "Point", "__module__": "function_app", "__data__": %d}'

    assert answered(app, envelope % 1) == ActivitySucceeded(result_json=envelope % 2)


def test_fails_on_an_object_of_a_class_nobody_knows(load_app: Load) -> None:
    envelope = '{"__class__": "Gone", "__module__": "nowhere", "__data__": 1}'

    answer = answered(load_app(ACTIVITY + "def f(n): return n"), envelope)

    assert isinstance(answer, ActivityFailed)
    assert answer.error == (
        f"ValueError: activity trigger input must be a string or a valid json serializable ({envelope})"
    )

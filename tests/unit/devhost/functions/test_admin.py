"""Functions that are not reached over HTTP can be run by hand."""

import asyncio
from collections.abc import Callable

import pytest

from devhost.functions.admin import NotByHand, admin_call, invoke_admin
from devhost.functions.calls import Surroundings
from devhost.functions.loading import LoadedApp
from devhost.functions.running import Ending, Raised, Returned, Runner

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

Load = Callable[..., LoadedApp]
SURROUNDINGS = Surroundings(client_json=lambda _: "{}")
BUS = '@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="C")\n'


def run(app: LoadedApp, text: str) -> Ending:
    async def scene() -> Ending:
        runner = Runner(asyncio.get_running_loop())
        try:
            return await invoke_admin(runner, app.catalog.functions[0], text, SURROUNDINGS)
        finally:
            await runner.close()

    return asyncio.run(scene())


def raised(ending: Ending) -> str:
    assert isinstance(ending, Raised)
    return str(ending.error)


def test_runs_a_timer(load_app: Load) -> None:
    app = load_app(
        '@app.timer_trigger(arg_name="t", schedule="0 * * * * *")\ndef f(t): raise ValueError(t.past_due)'
    )

    assert raised(run(app, "")) == "False"


def test_runs_an_activity(load_app: Load) -> None:
    app = load_app('@app.activity_trigger(input_name="n")\nasync def f(n): return n + 1')

    assert run(app, "4") == Returned("5")


@pytest.mark.parametrize(
    ("trigger", "expression"),
    [(BUS, "m.get_body()"), (BUS.replace('"C")', '"C", cardinality="MANY")'), "m[0].get_body()")],
)
def test_delivers_a_message(load_app: Load, trigger: str, expression: str) -> None:
    app = load_app(trigger + f"def f(m): raise ValueError({expression})")

    assert raised(run(app, "hello")) == "b'hello'"


def test_hands_a_text_to_a_trigger_nothing_fires(load_app: Load) -> None:
    app = load_app(
        '@app.queue_trigger(arg_name="m", queue_name="q", connection="C")\n'
        "def f(m: func.QueueMessage): raise ValueError(m.get_body())"
    )

    assert raised(run(app, "hello")) == "b'hello'"


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("@app.route(route='f')\ndef f(req): pass", "call its URL"),
        (
            "@app.orchestration_trigger(context_name='context')\ndef f(context): yield",
            "POST /runtime/webhooks/durabletask/orchestrators/f",
        ),
        (
            "@app.entity_trigger(context_name='context')\ndef f(context): pass",
            "POST /runtime/webhooks/durabletask/entities/f/{key}?op=",
        ),
    ],
)
def test_names_the_other_door(load_app: Load, source: str, remedy: str) -> None:
    with pytest.raises(NotByHand) as caught:
        admin_call(load_app(source).catalog.functions[0], "", SURROUNDINGS)

    assert remedy in str(caught.value)

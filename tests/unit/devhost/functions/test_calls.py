"""A function receives what its bindings ask for, and what it leaves behind is checked."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from azure.functions.meta import Datum

from devhost.functions.calls import Surroundings, invocation_for
from devhost.functions.catalog import Binding, Function
from devhost.functions.client_binding import ClientBinding
from devhost.functions.failures import describe
from devhost.functions.loading import LoadedApp
from devhost.functions.running import Ending, Raised, Returned, Runner

Load = Callable[..., LoadedApp]

CLIENTS = ClientBinding(base_url="http://localhost/b", rpc_base_url="http://localhost/r", hub_name="Mine")
SURROUNDINGS = Surroundings(client_json=CLIENTS.json_for)
TIMER = '@app.timer_trigger(arg_name="t", schedule="0 * * * * *")\n'
OUT = '@app.queue_output(arg_name="out", queue_name="q", connection="C")\n'


def called(
    app: LoadedApp, value: Any = "v", surroundings: Surroundings = SURROUNDINGS, **more: Any
) -> Ending:
    async def scene() -> Ending:
        runner = Runner(asyncio.get_running_loop())
        try:
            return await runner.run(invocation_for(app.catalog.functions[0], value, surroundings, **more))
        finally:
            await runner.close()

    return asyncio.run(scene())


@pytest.mark.parametrize("keyword", ["def", "async def"])
def test_hands_over_trigger_and_context(load_app: Load, keyword: str) -> None:
    app = load_app(
        f"@app.route(route='f')\n{keyword} f(req, context):\n"
        "    return (req, context.function_name, context.invocation_id, context.trace_context.trace_parent)"
    )

    assert called(app, invocation_id="i", trace_parent="p") == Returned(("v", "f", "i", "p"))


def test_the_context_names_the_folder_of_the_code(load_app: Load, tmp_path: object) -> None:
    app = load_app("@app.route(route='f')\ndef f(req, context): return context.function_directory")

    assert called(app) == Returned(str(tmp_path))


def test_builds_the_sdks_client(load_app: Load) -> None:
    app = load_app(
        """
        @app.route(route="f")
        @app.durable_client_input(client_name="client")
        async def f(req, client, context):
            return client.create_http_management_payload("abc")["statusQueryGetUri"]
        """
    )

    url = "http://localhost/b/instances/abc?taskHub=Mine&connection=Storage&code=devhost"
    assert called(app) == Returned(url)


def test_delivers_out_parameters_that_were_set(load_app: Load) -> None:
    app = load_app(
        TIMER + OUT + OUT.replace('"out"', '"other"') + "def f(t, out: func.Out[str], other): out.set('x')"
    )
    delivered: list[tuple[str, str, Any]] = []

    def deliver(function: Function, binding: Binding, value: Datum) -> None:
        delivered.append((function.name, binding.name, value.value))

    called(app, surroundings=Surroundings(client_json=CLIENTS.json_for, deliver=deliver))

    assert delivered == [("f", "out", "x")]


def test_says_that_an_output_goes_nowhere(load_app: Load, caplog: pytest.LogCaptureFixture) -> None:
    called(load_app(TIMER + OUT + "def f(t, out: func.Out[str]): out.set('xyz')"))

    assert "f set its output 'out': this host delivers nothing to a queue, and drops 3 bytes" in caplog.text


def test_refuses_a_value_that_no_binding_takes(load_app: Load) -> None:
    ending = called(load_app(TIMER + "def f(t): return 1"))

    assert isinstance(ending, Raised)
    assert describe(ending.error).message == (
        "RuntimeError: function 'f' without a $return bindingreturned a non-None value"
    )


def test_fails_every_call_of_an_http_function_that_wants_a_text(load_app: Load) -> None:
    ending = called(load_app("@app.route(route='f')\ndef f(req: str): return req"))

    assert isinstance(ending, Raised)
    assert describe(ending.error).message == (
        "ValueError: unexpected type of data received for the \"generic\" binding : 'http'"
    )


def test_fails_a_sync_function_with_a_client_as_azure_does(load_app: Load) -> None:
    app = load_app(
        "@app.route(route='f')\n@app.durable_client_input(client_name='client')\n"
        "def f(req, client): return func.HttpResponse('x')"
    )

    ending = called(app)

    assert isinstance(ending, Raised)
    assert str(ending.error) == "object HttpResponse can't be used in 'await' expression"


def test_passes_arguments_by_keyword_only(load_app: Load) -> None:
    ending = called(load_app("@app.route(route='f')\ndef f(req, /): return req"))

    assert isinstance(ending, Raised)
    assert isinstance(ending.error, TypeError)


def test_an_input_no_one_can_read_is_none(load_app: Load) -> None:
    app = load_app(
        "@app.route(route='f')\n@app.blob_input(arg_name='b', path='x', connection='C')\n"
        "def f(req, b): return json.dumps(b)\nimport json"
    )

    assert called(app) == Returned(json.dumps(None))

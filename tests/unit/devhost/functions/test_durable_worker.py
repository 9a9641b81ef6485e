"""The worker runs an app's durable functions; whatever they do is an answer."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from devhost.engine import history
from devhost.engine.messages import (
    ActivityCall,
    ActivityFailed,
    ActivitySucceeded,
    Completed,
    EntityCall,
    EntityResult,
    Episode,
    Failed,
    Turn,
)
from devhost.engine.ports import Done
from devhost.functions.calls import Surroundings
from devhost.functions.durable_worker import DurableWorker
from devhost.functions.loading import LoadedApp
from devhost.functions.outgoing import OutgoingReply, OutgoingRequest, RequestFailed
from devhost.functions.running import Runner

Load = Callable[..., LoadedApp]

WHEN = "2030-01-01T00:00:00.000000Z"
APP = """
    import threading

    @app.orchestration_trigger(context_name="context")
    def walk(context):
        first = yield context.call_activity("step", context.get_input())
        return [first, threading.current_thread().name[:9]]

    @app.orchestration_trigger(context_name="context", orchestration="Renamed")
    def python_name(context):
        return "plain"

    @app.orchestration_trigger(context_name="context")
    def stop(context):
        raise SystemExit("stop")
        yield

    @app.activity_trigger(input_name="n", activity="Step")
    def a_step(n):
        return n + 1

    @app.entity_trigger(context_name="context", entity_name="Tally")
    def tally(context):
        match context.operation_name:
            case "add":
                context.set_state((context.get_state() or 0) + context.get_input())
                context.set_result(context.get_state())
            case "where":
                context.set_result([context.entity_name, context.entity_key, context.get_state()])
            case "forget":
                context.destruct_on_exit()
            case "break":
                context.set_state(99)
                raise ValueError("broken")
            case "quit":
                raise SystemExit("quit")
"""


class Echo:
    """Answers every request with what it asks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def send(self, request: OutgoingRequest, done: Callable[[OutgoingReply | RequestFailed], None]) -> None:
        reply = OutgoingReply(status=200, headers=(), content=f"{request.method} {request.uri}")
        self._loop.call_soon(done, reply)


def asked(app: LoadedApp, ask: Callable[[DurableWorker, Done[Any]], None]) -> Any:
    """What the worker answers, and that it answers once and on the host's loop."""

    async def scene() -> Any:
        loop = asyncio.get_running_loop()
        runner, future = Runner(loop), loop.create_future()
        surroundings = Surroundings(client_json=lambda _: "{}")
        worker = DurableWorker(app.catalog, runner, surroundings, Echo(loop))

        def done(answer: Any) -> None:
            assert asyncio.get_running_loop() is loop
            future.set_result(answer)

        ask(worker, done)
        answer = await future
        await runner.close()
        return answer

    return asyncio.run(scene())


def episode(name: str, given: Any = None, held: object | None = None) -> Episode:
    input_json = json.dumps(json.dumps(given))
    opening = history.execution_started(
        WHEN, name=name, version="", input_json=input_json, instance_id="i", execution_id="e", parent=None
    )
    completion = history.task_completed(WHEN, 0, "8")
    return Episode(
        instance_id="i",
        name=name,
        parent_instance_id=None,
        input_json=input_json,
        past=(),
        news=[history.orchestrator_started(WHEN), opening if held is None else completion],
        commands_so_far=0,
        held=held,
    )


def turn(app: LoadedApp, played: Episode) -> Turn:
    answer = asked(app, lambda worker, done: worker.play(played, done))
    assert isinstance(answer, Turn)
    return answer


def operated(
    app: LoadedApp,
    operation: str,
    given: Any = None,
    *,
    state: Any = None,
    name: str = "tally",
    input_json: str | None = None,
) -> EntityResult:
    call = EntityCall(
        name=name,
        key="k",
        exists=state is not None,
        state_json=None if state is None else json.dumps(state),
        operation=operation,
        input_json=input_json or json.dumps(json.dumps(given)),
        is_signal=False,
    )
    answer = asked(app, lambda worker, done: worker.operate(call, done))
    assert isinstance(answer, EntityResult)
    return answer


def test_knows_functions_by_their_registered_names(load_app: Load) -> None:
    app = load_app(APP)

    def names(worker: DurableWorker, done: Done[Any]) -> None:
        found = [worker.orchestrator_named(name) for name in ("WALK", "renamed", "python_name")]
        found += [worker.activity_named("STEP"), worker.activity_named("a_step")]
        found += [worker.entity_named("TALLY"), worker.entity_named("walk")]
        asyncio.get_running_loop().call_soon(done, found)

    assert asked(app, names) == ["walk", "Renamed", None, "Step", None, "Tally", None]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("orchestrator", {"walk", "Renamed", "stop"}), ("activity", {"Step"}), ("entity", {"Tally"})],
)
def test_lists_what_is_registered(load_app: Load, kind: str, names: set[str]) -> None:
    def listed(worker: DurableWorker, done: Done[Any]) -> None:
        asyncio.get_running_loop().call_soon(done, worker.names(kind))

    assert set(asked(load_app(APP), listed)) == names


def test_plays_an_orchestrator_on_the_pool_and_goes_on_from_where_it_waits(load_app: Load) -> None:
    app = load_app(APP)

    first = turn(app, episode("walk", 7))
    assert [(command.id, getattr(command, "input_json", None)) for command in first.commands] == [(0, "7")]

    last = turn(app, episode("walk", 7, held=first.held))
    assert last.outcome == Completed(output_json='[8, "functions"]')


def test_finds_an_orchestrator_by_its_registered_name(load_app: Load) -> None:
    assert turn(load_app(APP), episode("Renamed")).outcome == Completed(output_json='"plain"')


def test_survives_an_orchestrator_that_ends_the_process(load_app: Load) -> None:
    assert turn(load_app(APP), episode("stop")).outcome == Failed(error="SystemExit: stop")


def test_an_orchestrator_that_is_gone_fails_with_a_remedy(load_app: Load) -> None:
    outcome = turn(load_app(APP), episode("gone")).outcome

    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("LookupError: The orchestrator function 'gone' is no longer in the app")


@pytest.mark.parametrize("name", ["Step", "step"])
def test_runs_an_activity(load_app: Load, name: str) -> None:
    call = ActivityCall(name=name, instance_id="i", input_json="1")

    answer = asked(load_app(APP), lambda worker, done: worker.act(call, done))

    assert answer == ActivitySucceeded(result_json="2")


def test_an_activity_that_is_gone_fails_with_a_remedy(load_app: Load) -> None:
    call = ActivityCall(name="gone", instance_id="i", input_json="1")

    answer = asked(load_app(APP), lambda worker, done: worker.act(call, done))

    assert isinstance(answer, ActivityFailed)
    assert "put it back until the instances that use it have ended" in answer.error


def test_operates_on_an_entity(load_app: Load) -> None:
    app = load_app(APP)

    first = operated(app, "add", 3)
    assert first == EntityResult(exists=True, state_json="3", result_json="3", is_error=False)

    second = operated(app, "add", 4, state=3)
    assert second == EntityResult(exists=True, state_json="7", result_json="7", is_error=False)


def test_tells_an_entity_who_it_is(load_app: Load) -> None:
    result = operated(load_app(APP), "where", state={"n": 1})

    assert json.loads(result.result_json or "") == ["tally", "k", {"n": 1}]
    assert result.state_json == '{"n": 1}'


def test_forgets_an_entity_that_wants_it(load_app: Load) -> None:
    result = operated(load_app(APP), "forget", state=5)

    assert (result.exists, result.state_json, result.is_error) == (False, None, False)


def test_keeps_the_state_an_entity_set_before_it_failed(load_app: Load) -> None:
    result = operated(load_app(APP), "break", state=5)

    assert result == EntityResult(exists=True, state_json="99", result_json='"broken"', is_error=True)


def test_an_input_encoded_once_fails_as_on_azure(load_app: Load) -> None:
    result = operated(load_app(APP), "add", input_json="5")

    assert result.is_error
    assert isinstance(json.loads(result.result_json or ""), str)


def test_leaves_the_state_alone_when_an_entity_ends_the_process(load_app: Load) -> None:
    result = operated(load_app(APP), "quit", state=5)

    assert result == EntityResult(
        exists=True, state_json="5", result_json='"SystemExit: quit"', is_error=True
    )


def test_an_entity_that_is_gone_fails_with_a_remedy(load_app: Load) -> None:
    result = operated(load_app(APP), "add", 1, state=5, name="gone")

    assert (result.exists, result.state_json, result.is_error) == (True, "5", True)
    assert "The entity function 'gone' is no longer in the app" in (result.result_json or "")


def http_result(app: LoadedApp, **members: Any) -> Any:
    asks = json.dumps({"method": "GET", "uri": "http://localhost/x", **members})
    call = ActivityCall(name="BuiltIn::HttpActivity", instance_id="i", input_json=asks)

    def ask(worker: DurableWorker, done: Done[Any]) -> None:
        assert worker.activity_named(call.name) == call.name
        worker.act(call, done)

    return asked(app, ask)


def test_sends_http_requests_under_the_name_azure_reserves(load_app: Load) -> None:
    sent = http_result(load_app(APP))

    assert sent == ActivitySucceeded(
        result_json='{"statusCode": 200, "headers": {}, "content": "GET http://localhost/x"}'
    )


def test_a_request_that_cannot_be_sent_fails_its_task(load_app: Load) -> None:
    refused = http_result(load_app(APP), tokenSource={"kind": "AzureManagedIdentity", "resource": "r"})

    assert isinstance(refused, ActivityFailed)
    assert refused.error.startswith("RequestRefused: call_http to http://localhost/x asks for a token")

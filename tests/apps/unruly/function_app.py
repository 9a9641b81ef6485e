"""What no app should do, and what must not harm the host that runs it."""

import enum
import json
import multiprocessing
import time
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

COUNTER = df.EntityId("counter", "k")


class Operation(enum.Enum):
    ADD = "add"


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"], client_input=json.loads(body) if body else None
    )
    return client.create_check_status_response(req, instance_id)


CALLS = {
    "child with a number for an id": lambda c: c.call_sub_orchestrator("leaf", 1, 5),
    "child with a list for an id": lambda c: c.call_sub_orchestrator("leaf", 1, ["a"]),
    "child with a number for a version": lambda c: c.call_sub_orchestrator("leaf", 1, version=5),
    "activity named by a number": lambda c: c.call_activity(5),
    "activity named by an enum": lambda c: c.call_activity(Operation.ADD),
    "entity called with an enum": lambda c: c.call_entity(COUNTER, Operation.ADD),
    "entity called with bytes": lambda c: c.call_entity(COUNTER, b"add"),
}


@app.orchestration_trigger(context_name="context")
def misnaming(context: df.DurableOrchestrationContext):
    answer = yield CALLS[context.get_input()](context)
    return answer


@app.orchestration_trigger(context_name="context")
def signalling(context: df.DurableOrchestrationContext):
    context.signal_entity(COUNTER, Operation.ADD)
    yield context.call_activity("shout", "a")


@app.orchestration_trigger(context_name="context")
def leaf(context: df.DurableOrchestrationContext):
    return context.instance_id
    yield


@app.orchestration_trigger(context_name="context")
def racing(context: df.DurableOrchestrationContext):
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    word = context.wait_for_external_event("go")
    winner = yield context.task_any([timer, word])
    if winner is word:
        timer.cancel()
    return "timer" if winner is timer else "event"


@app.orchestration_trigger(context_name="context")
def leaving_slowly(context: df.DurableOrchestrationContext):
    try:
        yield context.wait_for_external_event("never")
    finally:
        time.sleep(1.5)


@app.orchestration_trigger(context_name="context")
def calling(context: df.DurableOrchestrationContext):
    said = yield context.call_activity(context.get_input(), None)
    return said


@app.activity_trigger(input_name="value")
def shout(value: str) -> str:
    return value.upper()


@app.activity_trigger(input_name="ignored")
def fork(ignored) -> str:
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(20,), daemon=True)
    child.start()
    time.sleep(0.3)
    child.terminate()
    child.join()
    return "forked"


@app.activity_trigger(input_name="ignored")
def leave_a_child(ignored) -> int:
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(20,), daemon=True)
    child.start()
    return child.pid


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise SystemExit(4)


@app.activity_trigger(input_name="ignored")
def fail_unspeakably(ignored) -> None:
    raise Unspeakable


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext) -> None:
    context.set_state(context.get_state(lambda: 0) + 1)

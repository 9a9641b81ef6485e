"""An app that steps on every known quirk of the SDK."""

import json
from datetime import datetime, timedelta, timezone

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="client/{method}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def call_client(req: func.HttpRequest, client) -> func.HttpResponse:
    """Call any method of the client with the arguments in the body."""
    given = req.get_json()
    entity = [df.EntityId(*given["entity"])] if "entity" in given else []
    try:
        answer = await getattr(client, req.route_params["method"])(*entity, *given["args"])
    except Exception as error:
        return func.HttpResponse(f"{type(error).__name__}: {error}", status_code=409)
    return func.HttpResponse(json.dumps(answer, default=vars), mimetype="application/json")


@app.route(route="status/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def see_status(req: func.HttpRequest, client) -> func.HttpResponse:
    status = await client.get_status(req.route_params["id"], show_history=True, show_input=False)
    seen = {"history": status.history, "historyEvents": status.historyEvents, "input": status.input_}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="count", methods=["GET"])
@app.durable_client_input(client_name="client")
async def count(req: func.HttpRequest, client) -> func.HttpResponse:
    everyone = await client.get_status_all()
    ended = await client.get_status_by(runtime_status=[df.OrchestrationRuntimeStatus.Completed])
    return func.HttpResponse(json.dumps([len(everyone), len(ended)]), mimetype="application/json")


@app.route(route="wait/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def wait(req: func.HttpRequest, client) -> func.HttpResponse:
    return await client.wait_for_completion_or_create_check_status_response(req, req.route_params["id"])


@app.function_name("Shout")
@app.activity_trigger(input_name="text")
def shout_it(text: str) -> str:
    return text.upper()


@app.activity_trigger(input_name="text", activity="Whisper")
def whisper_it(text: str) -> str:
    return text.lower()


@app.orchestration_trigger(context_name="context")
def call_shout(context: df.DurableOrchestrationContext):
    how = context.get_input()
    activity = {"function": shout_it, "other function": whisper_it, "name": "Shout"}[how]
    return (yield context.call_activity(activity, "Hello"))


@app.orchestration_trigger(context_name="context")
def give_up_a_wait(context: df.DurableOrchestrationContext):
    given_up = context.wait_for_external_event("Word")
    yield context.task_any([given_up, context.wait_for_external_event("Go")])
    first = yield context.wait_for_external_event("Word")
    yield context.wait_for_external_event("Go")
    second = yield context.wait_for_external_event("Word")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def listen(context: df.DurableOrchestrationContext):
    heard = yield context.wait_for_external_event("Word")
    return [heard, bool(heard)]


@app.orchestration_trigger(context_name="context")
def echo(context: df.DurableOrchestrationContext):
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def tell_the_zone(context: df.DurableOrchestrationContext):
    return repr(context.current_utc_datetime.tzinfo)


@app.orchestration_trigger(context_name="context")
def sleep_in_athens(context: df.DurableOrchestrationContext):
    athens = timezone(timedelta(hours=2))
    yield context.create_timer(context.current_utc_datetime.astimezone(athens) + timedelta(minutes=1))


@app.orchestration_trigger(context_name="context")
def compare_with_no_zone(context: df.DurableOrchestrationContext):
    yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    return context.current_utc_datetime < datetime(2100, 1, 1)  # noqa: DTZ001


@app.orchestration_trigger(context_name="context")
def cancel_too_late(context: df.DurableOrchestrationContext):
    timer = context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    yield timer
    timer.cancel()


@app.orchestration_trigger(context_name="context")
def show_status(context: df.DurableOrchestrationContext):
    for status in context.get_input():
        context.set_custom_status(status)
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))


class Parcel:
    def __init__(self, weight: int):
        self.weight = weight

    @staticmethod
    def to_json(parcel):
        return parcel.weight

    @staticmethod
    def from_json(weight):
        return Parcel(weight)


@app.activity_trigger(input_name="weight")
def pack(weight: int) -> Parcel:
    return Parcel(weight)


@app.orchestration_trigger(context_name="context")
def order_a_parcel(context: df.DurableOrchestrationContext):
    if context.get_input() == "with retries":
        retries = df.RetryOptions(1000, 2)
        parcel = yield context.call_activity_with_retry(pack, retries, 3)
    else:
        parcel = yield context.call_activity(pack, 3)
    return parcel.weight


@app.orchestration_trigger(context_name="context")
def ask_for_a_number(context: df.DurableOrchestrationContext):
    entity = df.EntityId("drawer", "typed")
    yield context.call_entity(entity, "put", 7)
    if context.get_input() == "typed":
        return (yield context.call_entity(entity, "get", expected_type=int))
    return (yield context.call_entity(entity, "get"))


@app.entity_trigger(context_name="context")
def drawer(context: df.DurableEntityContext):
    if context.operation_name == "put":
        context.set_state(context.get_input())
    else:
        context.set_result(context.get_state())

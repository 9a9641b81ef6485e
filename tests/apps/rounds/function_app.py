"""Eternal orchestrations: each round begins anew with what the last one left."""

import json
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"],
        instance_id=req.params.get("instance_id"),
        client_input=json.loads(body) if body else None,
        version=req.params.get("version"),
    )
    return client.create_check_status_response(req, instance_id)


@app.orchestration_trigger(context_name="context")
def sum_up(context: df.DurableOrchestrationContext):
    state = context.get_input()
    if state["left"] == 0:
        return state["sum"]
    doubled = yield context.call_activity("double", state["left"])
    context.continue_as_new({"left": state["left"] - 1, "sum": state["sum"] + doubled})


@app.orchestration_trigger(context_name="context")
def collect(context: df.DurableOrchestrationContext):
    words = context.get_input()
    word = yield context.wait_for_external_event("Word")
    if word == "end":
        return words
    context.set_custom_status({"words": len(words) + 1})
    context.continue_as_new([*words, word])


@app.orchestration_trigger(context_name="context")
def heartbeat(context: df.DurableOrchestrationContext):
    state = context.get_input()
    now = context.current_utc_datetime
    beats = [*state["beats"], now.isoformat()]
    if len(beats) == state["until"]:
        return beats
    yield context.create_timer(now + timedelta(seconds=state["seconds"]))
    context.continue_as_new({**state, "beats": beats})


@app.activity_trigger(input_name="number")
def double(number: int) -> int:
    return 2 * number

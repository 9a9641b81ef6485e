"""Timers longer than one stored timer may be."""

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
def sleep_for(context: df.DurableOrchestrationContext):
    began = context.current_utc_datetime
    yield context.create_timer(began + timedelta(seconds=context.get_input()))
    return (context.current_utc_datetime - began).total_seconds()


@app.orchestration_trigger(context_name="context")
def bell_before_morning(context: df.DurableOrchestrationContext):
    morning = context.create_timer(context.current_utc_datetime + timedelta(days=context.get_input()))
    bell = context.wait_for_external_event("Bell")
    winner = yield context.task_any([morning, bell])
    if winner == bell:
        morning.cancel()
        return "woken"
    return "slept"


@app.orchestration_trigger(context_name="context")
def several_naps(context: df.DurableOrchestrationContext):
    began = context.current_utc_datetime
    naps = [context.create_timer(began + timedelta(hours=hours)) for hours in context.get_input()]
    yield context.task_all(naps)
    return (context.current_utc_datetime - began).total_seconds()

"""HTTP functions that call the durable client, one method each."""

import json
from datetime import datetime

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


def answer(value) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), mimetype="application/json")


def describe(status) -> dict:
    return {
        "found": bool(status),
        "id": status.instance_id,
        "name": status.name,
        "state": status.runtime_status.value if status.runtime_status else None,
        "input": status.input_,
        "output": status.output,
        "custom": status.custom_status,
        "created": status.created_time.isoformat() if status.created_time else None,
        "events": getattr(status, "historyEvents", None),
    }


@app.route(route="try-start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def try_start(req: func.HttpRequest, client) -> func.HttpResponse:
    try:
        return answer(await client.start_new(req.route_params["name"], req.params.get("instance_id")))
    except Exception as error:
        return func.HttpResponse(str(error), status_code=409)


@app.route(route="status/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def get_status(req: func.HttpRequest, client) -> func.HttpResponse:
    status = await client.get_status(
        req.route_params["id"],
        show_history="history" in req.params,
        show_history_output="outputs" in req.params,
        show_input="input" in req.params,
    )
    return answer(describe(status))


@app.route(route="all", methods=["GET"])
@app.durable_client_input(client_name="client")
async def get_status_all(req: func.HttpRequest, client) -> func.HttpResponse:
    return answer([describe(status) for status in await client.get_status_all()])


@app.route(route="by", methods=["GET"])
@app.durable_client_input(client_name="client")
async def get_status_by(req: func.HttpRequest, client) -> func.HttpResponse:
    states = req.params["states"].split("-") if "states" in req.params else []
    since, until = req.params.get("since"), req.params.get("until")
    found = await client.get_status_by(
        created_time_from=datetime.fromisoformat(since) if since else None,
        created_time_to=datetime.fromisoformat(until) if until else None,
        runtime_status=[df.OrchestrationRuntimeStatus(state) for state in states] or None,
        instance_id_prefix=req.params.get("prefix"),
    )
    return answer([describe(status) for status in found])


@app.route(route="raise/{id}/{event}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def raise_event(req: func.HttpRequest, client) -> func.HttpResponse:
    try:
        await client.raise_event(req.route_params["id"], req.route_params["event"], req.get_json())
    except Exception as error:
        return func.HttpResponse(str(error), status_code=409)
    return answer("raised")


@app.route(route="terminate/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def terminate(req: func.HttpRequest, client) -> func.HttpResponse:
    await client.terminate(req.route_params["id"], req.params["reason"])
    return answer("terminated")


@app.route(route="suspend/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def suspend(req: func.HttpRequest, client) -> func.HttpResponse:
    await client.suspend(req.route_params["id"], req.params["reason"])
    return answer("suspended")


@app.route(route="resume/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def resume(req: func.HttpRequest, client) -> func.HttpResponse:
    await client.resume(req.route_params["id"], req.params["reason"])
    return answer("resumed")


@app.route(route="purge/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def purge(req: func.HttpRequest, client) -> func.HttpResponse:
    result = await client.purge_instance_history(req.route_params["id"])
    return answer(result.instances_deleted)


@app.route(route="signal/{name}/{key}/{operation}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def signal(req: func.HttpRequest, client) -> func.HttpResponse:
    entity = df.EntityId(req.route_params["name"], req.route_params["key"])
    await client.signal_entity(entity, req.route_params["operation"], req.get_json())
    return answer("signalled")


@app.route(route="read/{name}/{key}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def read(req: func.HttpRequest, client) -> func.HttpResponse:
    response = await client.read_entity_state(df.EntityId(req.route_params["name"], req.route_params["key"]))
    return answer({"exists": response.entity_exists, "state": response.entity_state})


@app.route(route="links/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def links(req: func.HttpRequest, client) -> func.HttpResponse:
    return answer(client.create_http_management_payload(req.route_params["id"]))


@app.route(route="wait/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def wait(req: func.HttpRequest, client) -> func.HttpResponse:
    return await client.wait_for_completion_or_create_check_status_response(
        req,
        req.route_params["id"],
        timeout_in_milliseconds=int(req.params["timeout"]),
        retry_interval_in_milliseconds=50,
    )


@app.orchestration_trigger(context_name="context")
def echo(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("repeat", context.get_input()))


@app.orchestration_trigger(context_name="context")
def wait_for_go(context: df.DurableOrchestrationContext):
    context.set_custom_status({"waiting for": "Go"})
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def tell_version(context: df.DurableOrchestrationContext):
    return context.version


@app.orchestration_trigger(context_name="context")
def fail(context: df.DurableOrchestrationContext):
    raise ValueError("as agreed")


@app.activity_trigger(input_name="value")
def repeat(value):
    return value


@app.entity_trigger(context_name="context")
def tally(context: df.DurableEntityContext):
    marks = context.get_state(list)
    context.set_state([*marks, context.get_input()])

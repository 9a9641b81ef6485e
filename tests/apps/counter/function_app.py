"""A durable entity that counts, and orchestrators and clients that use it."""

import json

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


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    count = context.get_state(lambda: 0)
    operation = context.operation_name
    if operation == "add":
        count += context.get_input()
        context.set_state(count)
        context.set_result(count)
    elif operation == "get":
        context.set_result(count)
    elif operation == "reset":
        context.set_state(0)
    elif operation == "spoil":
        context.set_state(-1)
        raise ValueError("this counter is spoilt")
    elif operation == "delete":
        context.destruct_on_exit()
    else:
        raise ValueError(f"a counter cannot {operation}")


@app.orchestration_trigger(context_name="context")
def signal_then_call(context: df.DurableOrchestrationContext):
    order = context.get_input()
    entity = df.EntityId("counter", order["key"])
    for amount in range(1, order["signals"] + 1):
        context.signal_entity(entity, "add", amount)
    return (yield context.call_entity(entity, "get"))


@app.orchestration_trigger(context_name="context")
def running_totals(context: df.DurableOrchestrationContext):
    order = context.get_input()
    entity = df.EntityId("Counter", order["key"])
    totals = []
    for amount in order["amounts"]:
        total = yield context.call_entity(entity, "add", amount)
        totals.append(total)
    return totals


@app.orchestration_trigger(context_name="context")
def at_the_same_time(context: df.DurableOrchestrationContext):
    keys = context.get_input()
    calls = [context.call_entity(df.EntityId("counter", key), "add", n) for n, key in enumerate(keys, 1)]
    return (yield context.task_all(calls))


@app.orchestration_trigger(context_name="context")
def ask_for_the_impossible(context: df.DurableOrchestrationContext):
    order = context.get_input()
    try:
        yield context.call_entity(df.EntityId("counter", order["key"]), order["operation"])
    except Exception as error:
        return str(error)
    return "done"


@app.orchestration_trigger(context_name="context")
def start_afresh(context: df.DurableOrchestrationContext):
    entity = df.EntityId("counter", context.get_input())
    before = yield context.call_entity(entity, "add", 5)
    yield context.call_entity(entity, "delete")
    after = yield context.call_entity(entity, "get")
    return [before, after]


@app.orchestration_trigger(context_name="context")
def leave_a_signal(context: df.DurableOrchestrationContext):
    context.signal_entity(df.EntityId("counter", context.get_input()), "add", 7)
    return "left"


@app.route(route="signal/{name}/{key}/{operation}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def signal(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    entity = df.EntityId(req.route_params["name"], req.route_params["key"])
    await client.signal_entity(entity, req.route_params["operation"], json.loads(body) if body else None)
    return func.HttpResponse(status_code=202)


@app.route(route="read/{name}/{key}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def read(req: func.HttpRequest, client) -> func.HttpResponse:
    response = await client.read_entity_state(df.EntityId(req.route_params["name"], req.route_params["key"]))
    found = {"exists": response.entity_exists, "state": response.entity_state}
    return func.HttpResponse(json.dumps(found), mimetype="application/json")

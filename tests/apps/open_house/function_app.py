"""Takes whatever is sent to it: what goes wrong here is the host's doing, never the app's."""

import json

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def described(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "headers": sorted(req.headers),
        "size": len(req.get_body()),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="echo/{*rest}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return described(req)


@app.route(route="word/{word}/number/{number:int?}", methods=["GET", "POST"])
async def word(req: func.HttpRequest) -> func.HttpResponse:
    return described(req)


@app.route(route="json", methods=["POST", "PUT"])
def take_json(req: func.HttpRequest) -> func.HttpResponse:
    try:
        kind = type(req.get_json()).__name__
    except (ValueError, RecursionError):
        return func.HttpResponse("no JSON", status_code=400)
    return func.HttpResponse(kind)


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    try:
        given = json.loads(req.get_body())
        instance_id = await client.start_new(
            req.route_params["name"], instance_id=req.params.get("instance_id"), client_input=given
        )
    except Exception as error:
        # Whatever it is: the caller is told that it was not understood.
        return func.HttpResponse(type(error).__name__, status_code=400)
    return client.create_check_status_response(req, instance_id)


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext):
    first = yield context.call_activity("double", 0)
    second = yield context.call_activity("double", 1)
    third = yield context.call_activity("double", 2)
    return [first, second, third]


@app.orchestration_trigger(context_name="context")
def listen(context: df.DurableOrchestrationContext):
    """Waits for ever, unless it is ended."""
    context.set_custom_status("listening")
    word = yield context.wait_for_external_event("Word")
    return word


@app.activity_trigger(input_name="number")
def double(number: int) -> int:
    return number * 2


@app.entity_trigger(context_name="context")
def shelf(context: df.DurableEntityContext):
    """Holds the last thing that was put there."""
    context.set_state({"held": context.get_input()})

"""Orchestrators that make HTTP requests themselves, to the routes of this very app."""

import json

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"], client_input=json.loads(body) if body else None
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="echo", methods=["GET", "POST", "PUT"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    heard = {
        "method": req.method,
        "colour": req.headers.get("x-colour"),
        "type": req.headers.get("content-type"),
        "body": req.get_body().decode(),
    }
    return func.HttpResponse(
        json.dumps(heard), status_code=int(req.params.get("status", "200")), headers={"X-Shop": "open"}
    )


@app.route(route="moved", methods=["GET", "POST"])
def moved(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=302, headers={"Location": "/api/echo"})


@app.route(route="long", methods=["POST"])
def long(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=202, headers={"Location": "/api/echo"})


@app.orchestration_trigger(context_name="context")
def ask(context: df.DurableOrchestrationContext):
    wanted = context.get_input()
    return (
        yield context.call_http(
            wanted.get("method", "GET"),
            wanted["uri"],
            wanted.get("content"),
            wanted.get("headers"),
            is_raw_str=wanted.get("raw", False),
        )
    )


@app.orchestration_trigger(context_name="context")
def ask_as_somebody(context: df.DurableOrchestrationContext):
    token = df.ManagedIdentityTokenSource("https://management.core.windows.net")
    return (yield context.call_http("GET", context.get_input(), token_source=token))


@app.orchestration_trigger(context_name="context")
def ask_many(context: df.DurableOrchestrationContext):
    answers = yield context.task_all([context.call_http("GET", uri) for uri in context.get_input()])
    return [answer["statusCode"] for answer in answers]


@app.orchestration_trigger(context_name="context")
def ask_or_shrug(context: df.DurableOrchestrationContext):
    try:
        yield context.call_http("GET", context.get_input())
    except Exception as error:
        return f"shrug: {error}"

"""The durable functions: starter, orchestrator and activity."""

import json

import azure.durable_functions as df
import azure.functions as func

greetings = df.Blueprint()


@greetings.route(route="start/{name}", methods=["POST"])
@greetings.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"],
        instance_id=req.params.get("instance_id"),
        client_input=json.loads(body) if body else None,
    )
    return client.create_check_status_response(req, instance_id)


@greetings.orchestration_trigger(context_name="context")
def greet_everyone(context: df.DurableOrchestrationContext):
    lines = []
    for name in context.get_input():
        line = yield context.call_activity(greet, name)
        lines.append(line)
    return lines


@greetings.activity_trigger(input_name="name")
def greet(name: str) -> str:
    return f"Hello, {name}!"

"""Activities that fail for a while, and the retry options that bear with them."""

import json
from collections import Counter

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


attempts: Counter = Counter()


@app.orchestration_trigger(context_name="context")
def keep_trying(context: df.DurableOrchestrationContext):
    order = context.get_input()
    options = df.RetryOptions(order["milliseconds"], order["attempts"])
    work = {"key": context.instance_id, "failures": order["failures"]}
    return (yield context.call_activity_with_retry("flaky", options, work))


@app.orchestration_trigger(context_name="context")
def give_up_gracefully(context: df.DurableOrchestrationContext):
    order = context.get_input()
    options = df.RetryOptions(order["milliseconds"], order["attempts"])
    try:
        yield context.call_activity_with_retry(
            "flaky", options, {"key": context.instance_id, "failures": order["failures"]}
        )
    except Exception as error:
        return str(error)
    return "no need to give up"


@app.orchestration_trigger(context_name="context")
def several_at_once(context: df.DurableOrchestrationContext):
    order = context.get_input()
    options = df.RetryOptions(order["milliseconds"], 5)
    tasks = [
        context.call_activity_with_retry(
            "flaky", options, {"key": f"{context.instance_id}-{failures}", "failures": failures}
        )
        for failures in order["failures"]
    ]
    return (yield context.task_all(tasks))


@app.orchestration_trigger(context_name="context")
def steady_beside_flaky(context: df.DurableOrchestrationContext):
    order = context.get_input()
    options = df.RetryOptions(order["milliseconds"], 3)
    flaky_task = context.call_activity_with_retry(
        "flaky", options, {"key": context.instance_id, "failures": 1}
    )
    steady_task = context.call_activity("steady", "ready")
    yield context.task_any([flaky_task, steady_task])
    tries = yield flaky_task
    last = yield context.call_activity("steady", f"after {tries} tries")
    return [steady_task.result, last]


@app.activity_trigger(input_name="work")
def flaky(work: dict) -> int:
    attempts[work["key"]] += 1
    attempt = attempts[work["key"]]
    if attempt <= work["failures"]:
        raise ConnectionError(f"attempt {attempt} failed")
    return attempt


@app.activity_trigger(input_name="text")
def steady(text: str) -> str:
    return text

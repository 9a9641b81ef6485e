"""Sub-orchestrations: nested, named, failing, retried."""

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
def descend(context: df.DurableOrchestrationContext):
    depth = context.get_input()
    below = []
    if depth > 1:
        below = yield context.call_sub_orchestrator("descend", depth - 1)
    here = {"depth": depth, "id": context.instance_id, "parent": context.parent_instance_id}
    return [here, *below]


@app.orchestration_trigger(context_name="context")
def named_child(context: df.DurableOrchestrationContext):
    child = yield context.call_sub_orchestrator(descend, 1, instance_id=context.get_input())
    return child[0]


@app.orchestration_trigger(context_name="context")
def side_by_side(context: df.DurableOrchestrationContext):
    children = [context.call_sub_orchestrator("square", number) for number in range(context.get_input())]
    return (yield context.task_all(children))


@app.orchestration_trigger(context_name="context")
def square(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("multiply", [context.get_input(), context.get_input()]))


@app.orchestration_trigger(context_name="context")
def forgiving(context: df.DurableOrchestrationContext):
    try:
        yield context.call_sub_orchestrator("stumble", "a stone")
    except Exception as error:
        return str(error)
    return "never fell"


@app.orchestration_trigger(context_name="context")
def unforgiving(context: df.DurableOrchestrationContext):
    yield context.call_sub_orchestrator("stumble", "a stone")


@app.orchestration_trigger(context_name="context")
def stumble(context: df.DurableOrchestrationContext):
    yield context.call_activity("multiply", [1, 1])
    raise ValueError(f"fell over {context.get_input()}")


@app.orchestration_trigger(context_name="context")
def persistent(context: df.DurableOrchestrationContext):
    order = context.get_input()
    options = df.RetryOptions(order["milliseconds"], order["attempts"])
    return (
        yield context.call_sub_orchestrator_with_retry(
            "learner",
            options,
            {"key": context.instance_id, "failures": order["failures"]},
            instance_id=order.get("child_id"),
        )
    )


@app.orchestration_trigger(context_name="context")
def learner(context: df.DurableOrchestrationContext):
    lesson = context.get_input()
    attempt = yield context.call_activity("count_attempt", lesson["key"])
    if attempt <= lesson["failures"]:
        raise RuntimeError(f"attempt {attempt} was not enough")
    return {"attempt": attempt, "id": context.instance_id}


@app.orchestration_trigger(context_name="context")
def guardian(context: df.DurableOrchestrationContext):
    try:
        heard = yield context.call_sub_orchestrator("listen", instance_id=context.get_input())
    except Exception as error:
        return f"lost the child: {error}"
    return f"the child heard {heard}"


@app.orchestration_trigger(context_name="context")
def listen(context: df.DurableOrchestrationContext):
    return (yield context.wait_for_external_event("Call"))


@app.orchestration_trigger(context_name="context")
def calls_nobody(context: df.DurableOrchestrationContext):
    yield context.call_sub_orchestrator("nobody", 1)


@app.activity_trigger(input_name="factors")
def multiply(factors: list) -> int:
    return factors[0] * factors[1]


@app.activity_trigger(input_name="key")
def count_attempt(key: str) -> int:
    attempts[key] += 1
    return attempts[key]

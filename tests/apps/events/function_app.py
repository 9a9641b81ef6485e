"""External events: early ones, several of one name, and a loop that hears either."""

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


@app.orchestration_trigger(context_name="context")
def two_at_once(context: df.DurableOrchestrationContext):
    first = context.wait_for_external_event("Word")
    second = context.wait_for_external_event("Word")
    context.set_custom_status("listening")
    return (yield context.task_all([first, second]))


@app.orchestration_trigger(context_name="context")
def one_after_another(context: df.DurableOrchestrationContext):
    words = []
    for _ in range(context.get_input()):
        word = yield context.wait_for_external_event("Word")
        words.append(word)
    return words


@app.orchestration_trigger(context_name="context")
def after_the_go(context: df.DurableOrchestrationContext):
    yield context.wait_for_external_event("Go")
    first = yield context.wait_for_external_event("Word")
    second = yield context.wait_for_external_event("Word")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def until_done(context: df.DurableOrchestrationContext):
    words = []
    done = context.wait_for_external_event("Done")
    word = context.wait_for_external_event("Word")
    while True:
        winner = yield context.task_any([done, word])
        if winner == done:
            return {"words": words, "done": done.result}
        words.append(word.result)
        word = context.wait_for_external_event("Word")


@app.orchestration_trigger(context_name="context")
def busy_then_listen(context: df.DurableOrchestrationContext):
    word = context.wait_for_external_event("Word")
    number = context.call_activity("plus_one", 1)
    return (yield context.task_all([number, word]))


@app.activity_trigger(input_name="number")
def plus_one(number: int) -> int:
    return number + 1

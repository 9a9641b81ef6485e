"""Function chaining: each activity is given what the one before it returned."""

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


class Parcel:
    """A class of the app's own that travels between functions as JSON."""

    def __init__(self, weight: int) -> None:
        self.weight = weight

    @staticmethod
    def to_json(parcel: "Parcel") -> str:
        return json.dumps({"weight": parcel.weight})

    @staticmethod
    def from_json(text: str) -> "Parcel":
        return Parcel(json.loads(text)["weight"])


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext):
    text = context.get_input()
    trimmed = yield context.call_activity("trim", text)
    raised = yield context.call_activity("raise_voice", trimmed)
    exclaimed = yield context.call_activity(exclaim, raised)
    return exclaimed


@app.orchestration_trigger(context_name="context")
def chain_with_cleanup(context: df.DurableOrchestrationContext):
    try:
        yield context.call_activity("explode", "no fuse")
    except Exception as error:
        cleaned = yield context.call_activity("exclaim", "cleaned up")
        return {"cleanup": cleaned, "because": str(error)}
    return None


@app.orchestration_trigger(context_name="context")
def chain_that_fails(context: df.DurableOrchestrationContext):
    yield context.call_activity("exclaim", "so far")
    yield context.call_activity("explode", "no fuse")


@app.orchestration_trigger(context_name="context")
def chain_of_the_unknown(context: df.DurableOrchestrationContext):
    yield context.call_activity("missing", 1)


@app.orchestration_trigger(context_name="context")
def created_early(context: df.DurableOrchestrationContext):
    first = context.call_activity("exclaim", "one")
    second = context.call_activity("exclaim", "two")
    two = yield second
    one = yield first
    return [one, two]


@app.orchestration_trigger(context_name="context")
def echo_each(context: df.DurableOrchestrationContext):
    answers = []
    for value in context.get_input():
        answer = yield context.call_activity("echo", value)
        answers.append(answer)
    return answers


@app.orchestration_trigger(context_name="context")
def weigh(context: df.DurableOrchestrationContext):
    parcel = yield context.call_activity("pack", Parcel(3))
    return parcel.weight


@app.orchestration_trigger(context_name="context")
def no_steps(context: df.DurableOrchestrationContext):
    return {"input": context.get_input()}


@app.orchestration_trigger(context_name="context")
def returns_an_object(context: df.DurableOrchestrationContext):
    yield context.call_activity("exclaim", "almost")
    return object()


@app.orchestration_trigger(context_name="context")
def raises_at_once(context: df.DurableOrchestrationContext):
    if context.get_input() is None:
        raise ValueError("an input is needed")
    yield context.call_activity("exclaim", "never")


@app.activity_trigger(input_name="text")
def trim(text: str) -> str:
    return text.strip()


@app.activity_trigger(input_name="text")
def raise_voice(text: str) -> str:
    return text.upper()


@app.activity_trigger(input_name="text")
async def exclaim(text: str) -> str:
    return f"{text}!"


@app.activity_trigger(input_name="reason")
def explode(reason: str) -> None:
    raise ValueError(reason)


@app.activity_trigger(input_name="value")
def echo(value):
    return value


@app.activity_trigger(input_name="parcel")
def pack(parcel: Parcel) -> Parcel:
    return Parcel(parcel.weight + 1)

"""The app that is measured: its functions do nothing, so that what is left is the host and the SDK."""
# mypy: disable-error-code="untyped-decorator"
# The Durable SDK has no types, and so neither have its decorators.

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    instance_id = await client.start_new(req.route_params["name"])
    return func.HttpResponse(instance_id, status_code=202)


@app.orchestration_trigger(context_name="context")
def at_once(context: Any) -> str:  # noqa: ARG001 - the binding names it
    return "done"


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Generator[Any, Any, Any]:
    text = yield context.call_activity("echo", context.get_input())
    text = yield context.call_activity("echo", text)
    return (yield context.call_activity("echo", text))


@app.orchestration_trigger(context_name="context")
def chain_async(context: Any) -> Generator[Any, Any, Any]:
    text = yield context.call_activity("echo_async", context.get_input())
    text = yield context.call_activity("echo_async", text)
    return (yield context.call_activity("echo_async", text))


@app.orchestration_trigger(context_name="context")
def fan(context: Any) -> Generator[Any, Any, int]:
    branches = [context.call_activity("echo", str(number)) for number in range(context.get_input())]
    return len((yield context.task_all(branches)))


@app.orchestration_trigger(context_name="context")
def steps(context: Any) -> Generator[Any, Any, int]:
    count: int = context.get_input()
    for number in range(count):
        yield context.call_activity("echo", str(number))
    return count


@app.orchestration_trigger(context_name="context")
def waiter(context: Any) -> Generator[Any, Any, Any]:
    return (yield context.wait_for_external_event("go"))


@app.activity_trigger(input_name="text")
def echo(text: str) -> str:
    return text


@app.activity_trigger(input_name="text")
async def echo_async(text: str) -> str:
    return text

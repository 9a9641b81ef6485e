"""The app that messages are measured with: its functions do nothing."""
# mypy: disable-error-code="untyped-decorator"
# The Durable SDK has no types, and so neither have its decorators.

from typing import List  # noqa: UP035 - the worker takes the classes of `typing` only

import azure.durable_functions as df
import azure.functions as func

CONNECTION = "MeasuredBus"

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="nothing", methods=["POST"])
async def nothing(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding names it
    return func.HttpResponse(status_code=202)


@app.service_bus_queue_trigger(arg_name="message", queue_name="single", connection=CONNECTION)
async def take(message: func.ServiceBusMessage) -> None:
    pass


@app.service_bus_queue_trigger(
    arg_name="messages", queue_name="many", connection=CONNECTION, cardinality=func.Cardinality.MANY
)
async def take_many(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006 - as above
    pass

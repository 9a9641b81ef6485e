"""The order desk of a small shop: placing, following and approving orders."""

import azure.durable_functions as df
import azure.functions as func

import desk_admin
import order_flow
import order_work
import warehouse
from models import Order
from replies import reply
from settings import number

ENDED = {
    df.OrchestrationRuntimeStatus.Completed,
    df.OrchestrationRuntimeStatus.Failed,
    df.OrchestrationRuntimeStatus.Terminated,
    None,
}
DECISIONS = {"approve": "approved", "reject": "rejected"}

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(order_work.bp)
app.register_functions(order_flow.bp)
app.register_functions(warehouse.bp)
app.register_functions(desk_admin.bp)


def read_order(req: func.HttpRequest) -> Order:
    """The order in the request's body; ValueError when it is not one."""
    return Order.from_body(req.get_json())


@app.route(route="orders", methods=["POST"])
@app.durable_client_input(client_name="client")
async def place_order(req: func.HttpRequest, client) -> func.HttpResponse:
    """Start an order under a random id."""
    try:
        order = read_order(req)
    except ValueError as error:
        return reply({"error": str(error)}, 400)
    instance_id = await client.start_new("process_order", client_input=order)
    return client.create_check_status_response(req, instance_id)


@app.route(route="orders/{order_id:regex(^[a-z0-9-]+$)}", methods=["PUT"])
@app.durable_client_input(client_name="client")
async def place_numbered_order(req: func.HttpRequest, client) -> func.HttpResponse:
    """Start an order under the caller's own id, unless one of that id is under way."""
    order_id = req.route_params["order_id"]
    try:
        order = read_order(req)
    except ValueError as error:
        return reply({"error": str(error)}, 400)
    existing = await client.get_status(order_id)
    if existing and existing.runtime_status not in ENDED:
        return reply({"error": f"order {order_id} is under way"}, 409)
    await client.start_new("process_order", order_id, order)
    return client.create_check_status_response(req, order_id)


@app.route(route="orders/{instance_id}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def follow_order(req: func.HttpRequest, client) -> func.HttpResponse:
    """Where an order (or one of its parts) stands; ?history=true adds what happened to it."""
    with_history = req.params.get("history") == "true"
    status = await client.get_status(
        req.route_params["instance_id"],
        show_history=with_history,
        show_history_output=with_history,
        show_input=True,
    )
    if not status or status.runtime_status is None:
        return reply({"error": "no such order"}, 404)
    return reply(
        {
            "id": status.instance_id,
            "name": status.name,
            "status": status.runtime_status.value,
            "progress": status.custom_status,
            "input": status.input_,
            "output": status.output,
            "created": status.created_time,
            "updated": status.last_updated_time,
            # `status.history` stays None with SDK 1.7: it looks for `history`, the host sends `historyEvents`.
            "history": getattr(status, "historyEvents", None),
        }
    )


@app.route(route="orders/{order_id}/approval/{decision:alpha}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def decide(req: func.HttpRequest, client) -> func.HttpResponse:
    """A manager's decision on an order that waits for one: approve or reject, by ?by=."""
    decision = DECISIONS.get(req.route_params["decision"])
    if decision is None:
        return reply({"error": "approve or reject"}, 400)
    approval_id = f"{req.route_params['order_id']}-approval"
    waiting = await client.get_status(approval_id)
    if not waiting or waiting.runtime_status in ENDED:
        return reply({"error": "nothing to decide"}, 404)
    await client.raise_event(
        approval_id, "decision", {"decision": decision, "by": req.params.get("by", "manager")}
    )
    return reply({"order": req.route_params["order_id"], "decision": decision}, 202)


@app.route(route="orders/{order_id}/invoice/{failures:int:range(0,9)}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def invoice_order(req: func.HttpRequest, client) -> func.HttpResponse:
    """Print an order's invoice on a printer that jams that many times."""
    order_id = req.route_params["order_id"]
    ask = {
        "order": order_id,
        "failures": int(req.route_params["failures"]),
        "retry_ms": number("RETRY_INTERVAL_MS"),
    }
    instance_id = await client.start_new("send_invoice", client_input=ask)
    return client.create_check_status_response(req, instance_id)


@app.route(route="quotes", methods=["POST"])
@app.durable_client_input(client_name="client")
async def quote(req: func.HttpRequest, client) -> func.HttpResponse:
    """Answer with the quote itself when it is ready within ?timeout_ms=, else with where to ask."""
    try:
        order = read_order(req)
    except ValueError as error:
        return reply({"error": str(error)}, 400)
    timeout_ms = int(req.params.get("timeout_ms", number("QUOTE_TIMEOUT_MS")))
    instance_id = await client.start_new("quote_order", client_input=order)
    return await client.wait_for_completion_or_create_check_status_response(
        req, instance_id, timeout_in_milliseconds=timeout_ms, retry_interval_in_milliseconds=500
    )

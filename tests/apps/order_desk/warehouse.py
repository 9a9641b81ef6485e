"""Stock and customer accounts: the entities, their endpoints, counting, restocking, day end."""

import json
import logging
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

from models import PRICES
from order_flow import account_id, stock_id
from replies import reply

logger = logging.getLogger(__name__)
bp = df.Blueprint()


@bp.entity_trigger(context_name="context")
def stock(context: df.DurableEntityContext) -> None:
    """How many of one SKU a branch has on the shelf."""
    on_hand = context.get_state(lambda: 0)
    operation = context.operation_name
    if operation == "get":
        context.set_result(on_hand)
    elif operation == "add":
        context.set_state(on_hand + context.get_input())
        context.set_result(on_hand + context.get_input())
    elif operation == "reserve":
        enough = context.get_input() <= on_hand
        context.set_state(on_hand - context.get_input() if enough else on_hand)
        context.set_result(enough)


@bp.entity_trigger(context_name="context", entity_name="account")
def customer_account(context: df.DurableEntityContext) -> None:
    """What a customer has spent, with the number of purchases and refunds."""
    account = context.get_state(lambda: {"balance": 0, "purchases": 0, "refunds": 0})
    operation = context.operation_name
    if operation == "close":
        context.destruct_on_exit()
        return
    if operation == "spend":
        account["balance"] += context.get_input()
        account["purchases"] += 1
    elif operation == "refund":
        account["balance"] -= context.get_input()
        account["refunds"] += 1
    context.set_state(account)
    context.set_result(account["balance"])


@bp.route(route="stock/{branch:maxlength(30)}/{sku:alpha}/{quantity:int:range(1,500)}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def add_stock(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    branch, sku = req.route_params["branch"], req.route_params["sku"]
    if sku not in PRICES:
        return reply({"error": f"no such SKU: {sku}"}, 400)
    await client.signal_entity(stock_id(branch, sku), "add", int(req.route_params["quantity"]))
    return reply({"branch": branch, "sku": sku}, 202)


@bp.route(route="stock/{branch:maxlength(30)}/{sku:alpha}", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def read_stock(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    branch, sku = req.route_params["branch"], req.route_params["sku"]
    shelf = await client.read_entity_state(stock_id(branch, sku))
    if not shelf.entity_exists:
        return reply({"error": f"{branch} never had any {sku}"}, 404)
    return reply({"branch": branch, "sku": sku, "on_hand": shelf.entity_state})


@bp.route(route="accounts/{customer}", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def read_account(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    customer = req.route_params["customer"]
    account = await client.read_entity_state(account_id(customer))
    if not account.entity_exists:
        return reply({"error": f"no account: {customer}"}, 404)
    return reply({"customer": customer, **account.entity_state})


@bp.route(route="accounts/{customer}", methods=["DELETE"])
@bp.durable_client_input(client_name="client")
async def close_account(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    await client.signal_entity(account_id(req.route_params["customer"]), "close")
    return reply({"customer": req.route_params["customer"]}, 202)


@bp.route(route="runs/{name:regex(^(count_branch|nightly_restock|close_day)$)}/{run_id}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def start_run(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start one of the shop's own runs by name, under the caller's id."""
    name, run_id = req.route_params["name"], req.route_params["run_id"]
    await client.start_new(name, instance_id=run_id, client_input=req.get_json())
    return client.create_check_status_response(req, run_id)


@bp.orchestration_trigger(context_name="context")
def count_branch(context: df.DurableOrchestrationContext):
    """Fan out one sub-orchestration for each SKU, fan in to a total."""
    ask = context.get_input()
    counts = [
        context.call_sub_orchestrator(
            "count_sku", {"branch": ask["branch"], "sku": sku}, f"{context.instance_id}:{place}"
        )
        for place, sku in enumerate(ask["skus"])
    ]
    context.set_custom_status({"counted": 0, "of": len(counts)})
    shelves = yield context.task_all(counts)
    context.set_custom_status({"counted": len(shelves), "of": len(counts)})
    return {"shelves": shelves, "value": sum(shelf["value"] for shelf in shelves)}


@bp.orchestration_trigger(context_name="context")
def count_sku(context: df.DurableOrchestrationContext):
    ask = context.get_input()
    on_hand = yield context.call_entity(stock_id(ask["branch"], ask["sku"]), "get")
    shelf = yield context.call_activity("value_shelf", {"sku": ask["sku"], "on_hand": on_hand})
    return shelf


@bp.orchestration_trigger(context_name="context")
def nightly_restock(context: df.DurableOrchestrationContext):
    """Top the shelf up by at most one box each round, with a fresh history every round."""
    plan = context.get_input()
    shelf, this_round = stock_id(plan["branch"], plan["sku"]), plan.get("round", 1)
    context.set_custom_status({"round": this_round, "of": plan["rounds"]})
    on_hand = yield context.call_entity(shelf, "get")
    box = max(0, min(plan["box"], plan["target"] - on_hand))
    if box:
        on_hand = yield context.call_entity(shelf, "add", box)
    added = plan.get("added", 0) + box
    if this_round >= plan["rounds"]:
        return {"rounds": this_round, "added": added, "on_hand": on_hand}
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=plan["pause_seconds"]))
    context.continue_as_new({**plan, "round": this_round + 1, "added": added})


@bp.orchestration_trigger(context_name="context")
def close_day(context: df.DurableOrchestrationContext):
    """Fails when the accounts do not add up to what the till says."""
    ask = context.get_input()
    balances = yield context.task_all(
        [context.call_entity(account_id(customer), "get") for customer in ask["customers"]]
    )
    if sum(balances) != ask["till"]:
        raise ValueError(f"books do not balance: till {ask['till']}, accounts {sum(balances)}")
    return {"takings": sum(balances), "closed_on": context.current_utc_datetime.date().isoformat()}


@bp.timer_trigger(arg_name="tick", schedule="%RESTOCK_SCHEDULE%", run_on_startup=False)
@bp.durable_client_input(client_name="client")
async def restock_at_night(tick: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    logger.info("nightly restock, past due: %s", tick.past_due)
    for sku in PRICES:
        plan = {"branch": "main", "sku": sku, "target": 50, "box": 25, "rounds": 2, "pause_seconds": 60}
        await client.start_new("nightly_restock", client_input=plan)


@bp.service_bus_queue_trigger(arg_name="message", queue_name="%SUPPLIER_QUEUE%", connection="SUPPLIER_BUS")
@bp.durable_client_input(client_name="client")
async def supplier_delivery(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
    """A supplier's lorry is at the door: {"branch", "sku", "quantity"}."""
    delivery = json.loads(message.get_body().decode("utf-8"))
    await client.signal_entity(stock_id(delivery["branch"], delivery["sku"]), "add", delivery["quantity"])

"""The orchestrations an order goes through: quote, approval, saga, shipping, invoice."""

from datetime import timedelta

import azure.durable_functions as df

from events import payload
from models import Order, Quote
from order_work import describe_quote

MAX_ATTEMPTS = 3

bp = df.Blueprint()


def stock_id(branch: str, sku: str) -> df.EntityId:
    return df.EntityId("stock", f"{branch}-{sku}")


def account_id(customer: str) -> df.EntityId:
    return df.EntityId("account", customer)


def priced(context: df.DurableOrchestrationContext, order: Order):
    """Chain: list price, then discount."""
    listed = yield context.call_activity("price_order", order)
    quote = yield context.call_activity("apply_discount", listed)
    return quote


def reserve(context: df.DurableOrchestrationContext, order: Order):
    """Reserve every line at once; give back what was got when one is short. Returns the short SKUs."""
    asked = [
        context.call_entity(stock_id(order.branch, line["sku"]), "reserve", line["quantity"])
        for line in order.lines
    ]
    granted = yield context.task_all(asked)
    outcomes = list(zip(order.lines, granted, strict=True))
    short = [line["sku"] for line, got in outcomes if not got]
    if short:
        release(context, order, [line for line, got in outcomes if got])
    return short


def release(context: df.DurableOrchestrationContext, order: Order, lines: list) -> None:
    """Compensation for a reservation: one-way, nothing waits for it."""
    for line in lines:
        context.signal_entity(stock_id(order.branch, line["sku"]), "add", line["quantity"])


def ship_or_refund(context: df.DurableOrchestrationContext, order: Order, payment: dict):
    """Ship with retries; when no courier can be had, refund and put the goods back."""
    retry = df.RetryOptions(
        first_retry_interval_in_milliseconds=order.retry_ms, max_number_of_attempts=MAX_ATTEMPTS
    )
    parcel = {
        "order": context.instance_id,
        "key": context.new_uuid(),
        "failures": order.courier_failures,
    }
    context.set_custom_status({"step": "shipping"})
    try:
        booking = yield context.call_sub_orchestrator_with_retry("ship_order", retry, parcel)
    except Exception as error:  # noqa: BLE001 - whatever failed in there, it is made good here
        context.set_custom_status({"step": "refunding"})
        refund = yield context.call_activity("refund_card", payment)
        balance = yield context.call_entity(account_id(order.customer), "refund", payment["amount"])
        release(context, order, order.lines)
        return {
            "outcome": "refunded",
            "charged": refund["charged"],
            "balance": balance,
            "error": str(error),
        }
    balance = yield context.call_entity(account_id(order.customer), "get")
    return {"outcome": "shipped", "balance": balance, **booking}


def charge_and_ship(context: df.DurableOrchestrationContext, order: Order, quote: Quote):
    """The part of the saga that costs the customer money."""
    context.set_custom_status({"step": "charging"})
    try:
        payment = yield context.call_activity("charge_card", {"card": order.card, "amount": quote.total})
    except Exception as error:  # noqa: BLE001 - whatever failed in there, it is made good here
        release(context, order, order.lines)
        return {"outcome": "cancelled", "error": str(error)}
    context.signal_entity(account_id(order.customer), "spend", quote.total)
    context.set_custom_status({"step": "packing", "lines": len(order.lines)})
    packed = yield context.task_all([context.call_activity("pack_line", line) for line in order.lines])
    ending = yield from ship_or_refund(context, order, payment)
    return {"packed": packed, **ending}


@bp.orchestration_trigger(context_name="context")
def process_order(context: df.DurableOrchestrationContext):
    order: Order = context.get_input()
    receipt = str(context.new_guid())
    context.set_custom_status({"step": "pricing"})
    opened = yield context.call_activity("open_receipt", receipt)
    quote = yield from priced(context, order)
    answer = {
        "order": context.instance_id,
        "total": quote.total,
        "receipt": receipt,
        "receipt_opened": opened,
    }
    context.set_custom_status({"step": "reserving"})
    short = yield from reserve(context, order)
    if short:
        context.set_custom_status({"step": "done"})
        return {**answer, "outcome": "rejected", "short": short}
    if quote.total >= order.approval_limit:
        context.set_custom_status({"step": "approval"})
        ask = {"total": quote.total, "seconds": order.approval_seconds}
        verdict = yield context.call_sub_orchestrator(
            "manager_approval", ask, f"{context.instance_id}-approval"
        )
        answer["approval"] = verdict
        if verdict["decision"] != "approved":
            release(context, order, order.lines)
            context.set_custom_status({"step": "done"})
            return {**answer, "outcome": "not approved"}
    ending = yield from charge_and_ship(context, order, quote)
    context.set_custom_status({"step": "done"})
    return {**answer, **ending}


@bp.orchestration_trigger(context_name="context")
def manager_approval(context: df.DurableOrchestrationContext):
    """A person decides, or the time runs out."""
    ask = context.get_input()
    deadline = context.current_utc_datetime + timedelta(seconds=ask["seconds"])
    context.set_custom_status({"waiting for": "decision", "total": ask["total"]})
    decision = context.wait_for_external_event("decision")
    timeout = context.create_timer(deadline)
    winner = yield context.task_any([decision, timeout])
    if winner == timeout:
        return {"decision": "expired", "by": None}
    timeout.cancel()
    said = payload(decision.result)
    return {"decision": said["decision"], "by": said["by"]}


@bp.orchestration_trigger(context_name="context")
def ship_order(context: df.DurableOrchestrationContext):
    parcel = context.get_input()
    booking = yield context.call_activity("book_courier", parcel)
    return booking


@bp.orchestration_trigger(context_name="context")
def quote_order(context: df.DurableOrchestrationContext):
    """Chain of three activities, after a pause when the order asks for one."""
    order: Order = context.get_input()
    if order.pause_seconds:
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=order.pause_seconds))
    quote = yield from priced(context, order)
    text = yield context.call_activity(describe_quote, quote)
    return {"gross": quote.gross, "total": quote.total, "text": text}


@bp.orchestration_trigger(context_name="context")
def send_invoice(context: df.DurableOrchestrationContext):
    """Fails for good when the printer jams as often as there are attempts."""
    ask = context.get_input()
    retry = df.RetryOptions(
        first_retry_interval_in_milliseconds=ask["retry_ms"], max_number_of_attempts=MAX_ATTEMPTS
    )
    job = {"order": ask["order"], "key": context.new_uuid(), "failures": ask["failures"]}
    printed = yield context.call_activity_with_retry("print_invoice", retry, job)
    return printed

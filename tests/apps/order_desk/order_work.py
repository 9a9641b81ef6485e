"""The activities: every piece of work an order needs, each doing one thing."""

import asyncio
import logging

import azure.durable_functions as df
import azure.functions as func

from attempts import next_attempt
from models import PRICES, Order, Quote

DECLINED_CARDS = {"4000-0002"}
DISCOUNT_FROM = 5000

logger = logging.getLogger(__name__)
bp = df.Blueprint()


class PaymentDeclinedError(Exception):
    """The bank said no."""


class CourierUnavailableError(Exception):
    """No courier answered."""


@bp.activity_trigger(input_name="order")
def price_order(order: Order) -> Quote:
    gross = sum(PRICES[line["sku"]] * line["quantity"] for line in order.lines)
    return Quote(gross=gross, total=gross)


@bp.activity_trigger(input_name="quote")
def apply_discount(quote: Quote) -> Quote:
    """Ten per cent off from 50.00 upwards."""
    total = quote.gross * 9 // 10 if quote.gross >= DISCOUNT_FROM else quote.gross
    return Quote(gross=quote.gross, total=total)


@bp.activity_trigger(input_name="quote")
def describe_quote(quote: Quote) -> str:
    return f"{quote.total / 100:.2f} (was {quote.gross / 100:.2f})"


@bp.activity_trigger(input_name="receipt")
def open_receipt(receipt: str) -> str:
    logger.info("receipt %s opened", receipt)
    return receipt


@bp.activity_trigger(input_name="payment")
def charge_card(payment: dict) -> dict:
    if payment["card"] in DECLINED_CARDS:
        raise PaymentDeclinedError(f"card declined: {payment['card']}")
    return {**payment, "charged": True}


@bp.activity_trigger(input_name="payment")
def refund_card(payment: dict) -> dict:
    return {**payment, "charged": False}


@bp.activity_trigger(input_name="line")
async def pack_line(line: dict) -> str:
    await asyncio.sleep(0.05)
    return f"{line['quantity']} x {line['sku']}"


@bp.activity_trigger(input_name="parcel")
async def book_courier(parcel: dict, context: func.Context) -> dict:
    """Book a courier; the first `failures` attempts under the parcel's key find none."""
    await asyncio.sleep(0.05)
    attempt = next_attempt(parcel["key"])
    logger.info("courier attempt %s in invocation %s", attempt, context.invocation_id)
    if attempt <= parcel["failures"]:
        raise CourierUnavailableError(f"no courier at attempt {attempt}")
    return {"tracking": f"T-{parcel['order']}", "attempt": attempt}


@bp.activity_trigger(input_name="job")
def print_invoice(job: dict) -> dict:
    """Print an invoice; the first `failures` attempts under the job's key jam the printer."""
    attempt = next_attempt(job["key"])
    if attempt <= job["failures"]:
        raise RuntimeError(f"printer jammed at attempt {attempt}")
    return {"invoice": f"INV-{job['order']}", "attempt": attempt}


@bp.activity_trigger(input_name="shelf")
def value_shelf(shelf: dict) -> dict:
    return {**shelf, "value": shelf["on_hand"] * PRICES[shelf["sku"]]}


@bp.activity_trigger(input_name="slip", activity="book_points")
def multiply_points(slip: dict) -> int:
    return slip["coins"] * slip["each"]

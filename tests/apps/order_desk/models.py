"""What an order and a quote are. Money is in whole cents."""

import json
from dataclasses import asdict, dataclass

from settings import number

PRICES = {"pen": 150, "notebook": 400, "lamp": 2500, "desk": 12000}


@dataclass
class Order:
    """A customer's order, with the house rules that applied when it was placed."""

    customer: str
    branch: str
    card: str
    lines: list
    approval_limit: int
    approval_seconds: int
    retry_ms: int
    courier_failures: int
    pause_seconds: int

    @staticmethod
    def to_json(order: "Order") -> str:
        return json.dumps(asdict(order))

    @staticmethod
    def from_json(text: str) -> "Order":
        return Order(**json.loads(text))

    @staticmethod
    def from_body(body: dict) -> "Order":
        """The order a request asks for; ValueError says what is wrong with it."""
        try:
            lines = [{"sku": line["sku"], "quantity": int(line["quantity"])} for line in body["lines"]]
            customer, branch = str(body["customer"]), str(body["branch"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"incomplete order: {error}") from error
        unknown = [line["sku"] for line in lines if line["sku"] not in PRICES]
        if unknown or not lines or any(line["quantity"] < 1 for line in lines):
            raise ValueError(f"nothing to sell: {unknown or lines}")
        return Order(
            customer=customer,
            branch=branch,
            card=str(body.get("card", "4242-4242")),
            lines=lines,
            approval_limit=int(body.get("approval_limit", number("APPROVAL_LIMIT"))),
            approval_seconds=int(body.get("approval_seconds", number("APPROVAL_SECONDS"))),
            retry_ms=number("RETRY_INTERVAL_MS"),
            courier_failures=int(body.get("courier_failures", 0)),
            pause_seconds=int(body.get("pause_seconds", 0)),
        )


@dataclass
class Quote:
    """What an order costs, before and after the discount."""

    gross: int
    total: int

    @staticmethod
    def to_json(quote: "Quote") -> str:
        return json.dumps({"gross": quote.gross, "total": quote.total})

    @staticmethod
    def from_json(text: str) -> "Quote":
        return Quote(**json.loads(text))

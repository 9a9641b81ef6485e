"""A subscriber whom events do not suit until its workflow is mended, and one beside it whom they do."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from event_catalogue import asking, subscribed
from event_line import Told, start_of

ORDERS = "orders"
SUBSCRIPTIONS: dict[str, dict[str, Any]] = {
    "clerk": {"topic": ORDERS, "event": "Ordered", "workflow": "book"},
    "bystander": {"topic": ORDERS, "event": "Ordered", "filter": {"share": "yes"}, "workflow": "watch"},
}
#: One order in so many is the bystander's business as well.
SHARED = 10


def catalogue(folder: Path, *, is_mended: bool) -> Path:
    """Orders say their amount as a text, and the clerk's workflow wants a number until it is mended."""
    amount = {"type": "string" if is_mended else "integer", "description": "How many."}
    given = {"topic": {"description": "What is ordered."}, "amount": amount}
    said = {"topic": "topic", "amount": "amount", "answer": "answer"}
    watched = {**given, "amount": {**amount, "type": "string"}}
    workflows = {
        "book": asking("ann", input=given, result=said),
        "watch": asking("ben", input=watched, result=said),
    }
    return subscribed(folder / ("mended" if is_mended else "broken"), workflows, SUBSCRIPTIONS)


def order(number: int, **data: Any) -> Told:
    """An order that suits the mended workflow; given other data, one that suits none and is nobody else's."""
    return Told(
        id=f"order-{number}",
        type="Ordered",
        data=data or {"topic": f"article {number}", "amount": str(number)},
        properties={"share": "yes" if number % SHARED == 0 and not data else "no"},
    )


def heard(instances: list[Any]) -> Counter[tuple[str, str]]:
    """Who heard of which order, by the name it was told under first."""
    origins = [start_of(one)["origin"] for one in instances]
    return Counter((one["subscription"], str(one["event"]).partition(".replay-")[0]) for one in origins)


def calls(journal: Path) -> Counter[str]:
    """How often each run has asked the model."""
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    return Counter(json.loads(line)["run"] for line in lines)

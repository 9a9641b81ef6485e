"""Play the order desk's story against a running host: story.py BASE_URL [--key KEY] [--step-seconds N]."""

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from story_http import Desk, WrongError, check, check_that

SECTION = os.environ.get("DESK_SECTION", "desk")
TAG = uuid.uuid4().hex[:8]
BRANCH = f"b{TAG}"
ANN, BOB, CAT = (f"{name}-{TAG}" for name in ("ann", "bob", "cat"))
DELIVERED = {"pen": 10, "notebook": 5, "lamp": 6, "desk": 4}


def order(customer: str, *lines: tuple[str, int], **more: Any) -> dict:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return {"customer": customer, "branch": BRANCH, "lines": wanted, **more}


def order_id(name: str) -> str:
    return f"o-{TAG}-{name}"


def follow(desk: Desk, instance_id: str) -> dict:
    answer = desk.call("GET", f"orders/{quote(instance_id, safe='')}")
    return answer.body if answer.code == 200 else {"status": None, "progress": None}


def wait_for(desk: Desk, instance_id: str, field: str, wanted: Any) -> dict:
    return desk.until(
        f"{instance_id} {field} {wanted}",
        lambda: follow(desk, instance_id),
        lambda seen: seen[field] == wanted,
    )


def on_hand(desk: Desk, sku: str, wanted: int) -> None:
    desk.until(
        f"{wanted} {sku} on the shelf",
        lambda: desk.call("GET", f"stock/{BRANCH}/{sku}").body,
        lambda seen: seen.get("on_hand") == wanted,
    )


def account(desk: Desk, customer: str, balance: int, purchases: int, refunds: int) -> None:
    wanted = {"customer": customer, "balance": balance, "purchases": purchases, "refunds": refunds}
    desk.until(
        f"account {wanted}",
        lambda: desk.call("GET", f"accounts/{customer}").body,
        lambda seen: seen == wanted,
    )


def place(desk: Desk, name: str, body: dict) -> dict:
    links = desk.start("PUT", f"orders/{order_id(name)}", body)
    check("instance id", links["id"], order_id(name))
    return links


def about(desk: Desk) -> None:
    said = desk.expect(200, "GET", f"{SECTION}/about?name=Zo%C3%AB")
    check("function name", said["function"], "about")
    check("greeting", said["greeting"], "hello Zoë")
    check_that("invocation id", bool(said["invocation"]), said)


def fill_the_shelves(desk: Desk) -> None:
    desk.expect(404, "GET", f"stock/{BRANCH}/pen")
    for sku, quantity in DELIVERED.items():
        desk.expect(202, "POST", f"stock/{BRANCH}/{sku}/{quantity}")
    for sku, quantity in DELIVERED.items():
        on_hand(desk, sku, quantity)


def refused_requests(desk: Desk) -> None:
    desk.expect(404, "POST", f"stock/{BRANCH}/pen/0")
    desk.expect(404, "POST", f"stock/{BRANCH}/pen9/1")
    desk.expect(404, "POST", f"runs/process_order/{TAG}", {})
    desk.expect(400, "POST", f"stock/{BRANCH}/unicorn/1")
    desk.expect(400, "POST", "orders", order(ANN, ("unicorn", 1)))
    desk.expect(400, "POST", "orders", {"customer": ANN})
    desk.expect(404, "GET", f"orders/{order_id('never')}")
    desk.expect(404, "POST", f"orders/{order_id('never')}/approval/approve")


def plain_order(desk: Desk) -> None:
    body = order(ANN, ("pen", 2), ("notebook", 1))
    output = desk.finish(place(desk, "plain", body))
    check_that("receipt is a GUID", str(uuid.UUID(output["receipt"])) == output["receipt"], output)
    wanted = {
        "order": order_id("plain"),
        "total": 700,
        "receipt": output["receipt"],
        "receipt_opened": output["receipt"],
        "packed": ["2 x pen", "1 x notebook"],
        "outcome": "shipped",
        "balance": 700,
        "tracking": f"T-{order_id('plain')}",
        "attempt": 1,
    }
    check("output", output, wanted)
    on_hand(desk, "pen", 8)
    on_hand(desk, "notebook", 4)
    account(desk, ANN, 700, 1, 0)


def look_back(desk: Desk) -> None:
    seen = desk.expect(200, "GET", f"orders/{order_id('plain')}?history=true")
    check("name", seen["name"], "process_order")
    check("status", seen["status"], "Completed")
    check("progress", seen["progress"], {"step": "done"})
    check_that("customer in the input", ANN in str(seen["input"]), seen["input"])
    events = [event["EventType"] for event in seen["history"]]
    check("first event", events[0], "ExecutionStarted")
    check("last event", events[-1], "ExecutionCompleted")
    check_that("completed tasks", "TaskCompleted" in events, events)
    check("no history unless asked", follow(desk, order_id("plain"))["history"], None)


def random_id(desk: Desk) -> None:
    links = desk.start("POST", "orders", order(BOB, ("lamp", 3)))
    output = desk.finish(links)
    check("order is the instance", output["order"], links["id"])
    check("total with discount", output["total"], 6750)
    on_hand(desk, "lamp", 3)
    account(desk, BOB, 6750, 1, 0)


def approved(desk: Desk) -> None:
    links = place(desk, "approved", order(CAT, ("desk", 2)))
    wait_for(desk, order_id("approved"), "progress", {"step": "approval"})
    part = f"{order_id('approved')}-approval"
    wait_for(desk, part, "progress", {"waiting for": "decision", "total": 21600})
    check("status URL while it runs", desk.call("GET", links["statusQueryGetUri"]).code, 202)
    desk.expect(409, "PUT", f"orders/{order_id('approved')}", order(CAT, ("desk", 2)))
    desk.expect(400, "POST", f"orders/{order_id('approved')}/approval/perhaps")
    desk.expect(202, "POST", f"orders/{order_id('approved')}/approval/approve?by=maria")
    output = desk.finish(links)
    check("outcome", output["outcome"], "shipped")
    check("approval", output["approval"], {"decision": "approved", "by": "maria"})
    check("balance", output["balance"], 21600)
    on_hand(desk, "desk", 2)


def turned_down(desk: Desk) -> None:
    links = place(desk, "rejected", order(CAT, ("desk", 2)))
    part = f"{order_id('rejected')}-approval"
    wait_for(desk, part, "status", "Running")
    handed_out = desk.expect(200, "GET", f"orders/{part}/links")
    event_url = handed_out["sendEventPostUri"].replace("{eventName}", "decision")
    desk.expect(202, "POST", event_url, {"decision": "rejected", "by": "omar"})
    output = desk.finish(links)
    check("outcome", output["outcome"], "not approved")
    check("approval", output["approval"], {"decision": "rejected", "by": "omar"})
    on_hand(desk, "desk", 2)


def nobody_decided(desk: Desk) -> None:
    body = order(CAT, ("desk", 1), approval_limit=1, approval_seconds=1)
    output = desk.finish(place(desk, "expired", body))
    check("approval", output["approval"], {"decision": "expired", "by": None})
    check("outcome", output["outcome"], "not approved")
    on_hand(desk, "desk", 2)


def out_of_stock(desk: Desk) -> None:
    output = desk.finish(place(desk, "short", order(ANN, ("pen", 50), ("notebook", 1))))
    check("outcome", output["outcome"], "rejected")
    check("short", output["short"], ["pen"])
    on_hand(desk, "pen", 8)
    on_hand(desk, "notebook", 4)


def card_declined(desk: Desk) -> None:
    output = desk.finish(place(desk, "declined", order(ANN, ("pen", 3), card="4000-0002")))
    check("outcome", output["outcome"], "cancelled")
    check_that("the reason", "card declined: 4000-0002" in output["error"], output)
    on_hand(desk, "pen", 8)
    account(desk, ANN, 700, 1, 0)


def courier_late(desk: Desk) -> None:
    output = desk.finish(place(desk, "late", order(ANN, ("pen", 1), courier_failures=2)))
    check("outcome", output["outcome"], "shipped")
    check("courier attempts", output["attempt"], 3)
    account(desk, ANN, 850, 2, 0)
    on_hand(desk, "pen", 7)


def no_courier(desk: Desk) -> None:
    output = desk.finish(place(desk, "refund", order(ANN, ("pen", 2), courier_failures=9)))
    check("outcome", output["outcome"], "refunded")
    check("balance", output["balance"], 850)
    check("charged", output["charged"], False)
    check_that("the reason", "no courier at attempt 3" in output["error"], output)
    account(desk, ANN, 850, 3, 1)
    on_hand(desk, "pen", 7)


def invoices(desk: Desk) -> None:
    output = desk.finish(desk.start("POST", f"orders/{order_id('plain')}/invoice/2"))
    check("invoice", output, {"invoice": f"INV-{order_id('plain')}", "attempt": 3})
    links = desk.start("POST", f"orders/{order_id('plain')}/invoice/9")
    error = desk.finish(links, "Failed")
    check_that("the reason", "printer jammed at attempt 3" in str(error), error)
    check("status", follow(desk, links["id"])["status"], "Failed")


def quotes(desk: Desk) -> None:
    wanted = {"gross": 5000, "total": 4500, "text": "45.00 (was 50.00)"}
    got = desk.expect(200, "POST", "quotes?timeout_ms=30000", order(ANN, ("lamp", 2)))
    check("quote", got, wanted)
    slow = order(ANN, ("lamp", 2), pause_seconds=5)
    links = desk.start("POST", "quotes?timeout_ms=1000", slow)
    check("slow quote", desk.finish(links), wanted)


def count(desk: Desk) -> None:
    run = f"count-{TAG}"
    ask = {"branch": BRANCH, "skus": ["pen", "notebook", "lamp"]}
    output = desk.finish(desk.start("POST", f"runs/count_branch/{run}", ask))
    shelves = [
        {"sku": "pen", "on_hand": 7, "value": 1050},
        {"sku": "notebook", "on_hand": 4, "value": 1600},
        {"sku": "lamp", "on_hand": 3, "value": 7500},
    ]
    check("count", output, {"shelves": shelves, "value": 10150})
    check("progress", follow(desk, run)["progress"], {"counted": 3, "of": 3})
    part = follow(desk, f"{run}:1")
    check("second part", (part["status"], part["output"]), ("Completed", shelves[1]))


def restock(desk: Desk) -> None:
    run = f"restock-{TAG}"
    plan = {"branch": BRANCH, "sku": "pen", "target": 16, "box": 4, "rounds": 3, "pause_seconds": 1}
    output = desk.finish(desk.start("POST", f"runs/nightly_restock/{run}", plan))
    check("restock", output, {"rounds": 3, "added": 9, "on_hand": 16})
    check("progress", follow(desk, run)["progress"], {"round": 3, "of": 3})
    on_hand(desk, "pen", 16)


def day_end(desk: Desk) -> None:
    customers = [ANN, BOB, CAT]
    ask = {"customers": customers, "till": 29200}
    output = desk.finish(desk.start("POST", f"runs/close_day/day-{TAG}", ask))
    check("takings", output["takings"], 29200)
    links = desk.start("POST", f"runs/close_day/wrong-{TAG}", {"customers": customers, "till": 1})
    error = desk.finish(links, "Failed")
    check_that("the reason", "books do not balance: till 1, accounts 29200" in str(error), error)


def hold_and_go_on(desk: Desk) -> None:
    watch = f"parcel-{TAG}"
    links = desk.start("POST", f"parcels/{watch}/2")
    wait_for(desk, watch, "progress", {"seen": []})
    desk.expect(202, "POST", f"parcels/{watch}/scan/oslo")
    wait_for(desk, watch, "progress", {"seen": ["oslo"]})
    desk.expect(202, "POST", f"orders/{watch}/do/suspend?reason=strike")
    wait_for(desk, watch, "status", "Suspended")
    desk.expect(202, "POST", f"parcels/{watch}/scan/turku")
    time.sleep(1)
    held = follow(desk, watch)
    check("held", (held["status"], held["progress"]), ("Suspended", {"seen": ["oslo"]}))
    desk.expect(202, "POST", f"orders/{watch}/do/resume?reason=settled")
    check("route", desk.finish(links), {"route": ["oslo", "turku"]})


def stop(desk: Desk) -> None:
    lost = f"lost-{TAG}"
    links = desk.start("POST", f"parcels/{lost}/1")
    wait_for(desk, lost, "status", "Running")
    desk.expect(400, "POST", f"orders/{lost}/do/explode")
    desk.expect(202, "POST", f"orders/{lost}/do/terminate?reason=lost%20at%20sea")
    desk.finish(links, "Terminated")
    check("status", follow(desk, lost)["status"], "Terminated")


def points(desk: Desk) -> None:
    old = desk.finish(desk.start("POST", "points/700?version=1.0"))
    check("old rules", old, {"version": "1.0", "points": 7})
    new = desk.finish(desk.start("POST", "points/700"))
    check("default rules", new, {"version": "2.0", "points": 14})


def lists(desk: Desk) -> None:
    every = desk.expect(200, "GET", f"{SECTION}/instances?name=process_order")
    ids = {seen["id"] for seen in every}
    check_that("own orders among all", {order_id("plain"), order_id("short")} <= ids, sorted(ids))
    lost = desk.expect(200, "GET", f"{SECTION}/instances/Terminated?prefix=lost-{TAG}")
    wanted = {"id": f"lost-{TAG}", "name": "parcel_watch", "status": "Terminated"}
    check("terminated", lost, [wanted])
    failed = desk.expect(200, "GET", f"{SECTION}/instances/Failed?prefix={order_id('plain')}")
    check("none failed", failed, [])
    desk.expect(400, "GET", f"{SECTION}/instances/Sleeping")


def tidy_up(desk: Desk) -> None:
    links = desk.expect(200, "GET", f"orders/{order_id('short')}/links")
    check("id in the links", links["id"], order_id("short"))
    check_that("purge link", order_id("short") in links["purgeHistoryDeleteUri"], links)
    check("purged", desk.expect(200, "DELETE", f"orders/{order_id('short')}"), {"deleted": 1})
    desk.expect(404, "GET", f"orders/{order_id('short')}")
    desk.expect(202, "DELETE", f"accounts/{BOB}")
    desk.until("closed account", lambda: desk.call("GET", f"accounts/{BOB}").code, lambda code: code == 404)


STEPS: list[tuple[str, Callable[[Desk], None]]] = [
    ("the desk answers, with its invocation context", about),
    ("shelves are filled by signals", fill_the_shelves),
    ("bad requests and unmatched routes are refused", refused_requests),
    ("a plain order is shipped", plain_order),
    ("input, history and progress can be read back", look_back),
    ("an order under a random id, with discount", random_id),
    ("a manager approves, through the app", approved),
    ("a manager turns down, through the event URL", turned_down),
    ("nobody decides in time", nobody_decided),
    ("an order short of stock gives back what it got", out_of_stock),
    ("a declined card is compensated", card_declined),
    ("the courier comes at the third attempt", courier_late),
    ("no courier: refund", no_courier),
    ("invoices: one printed at attempt 3, one failed", invoices),
    ("quotes: one at once, one later", quotes),
    ("a branch is counted by derived sub-orchestrations", count),
    ("restocking goes on as new for three rounds", restock),
    ("day end: one that balances, one that fails", day_end),
    ("a parcel is held and goes on", hold_and_go_on),
    ("a parcel is stopped", stop),
    ("points by version", points),
    ("lists: all, and by status and prefix", lists),
    ("links, purge, and an account closed", tidy_up),
]


def main() -> int:
    parser = argparse.ArgumentParser(description="Play the order desk's story against a running host.")
    parser.add_argument("base_url", help="for example http://localhost:7071")
    parser.add_argument("--key", default=os.environ.get("ORDER_DESK_KEY", ""), help="a host key")
    parser.add_argument("--step-seconds", type=float, default=60.0)
    chosen = parser.parse_args()
    desk = Desk(chosen.base_url, chosen.key, chosen.step_seconds)
    for number, (title, step) in enumerate(STEPS, start=1):
        desk.start_step()
        try:
            step(desk)
        except WrongError as wrong:
            print(f"WRONG {number:2} {title}: {wrong}", flush=True)
            return 1
        except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
            print(f"WRONG {number:2} {title}: unexpected answer: {error!r}", flush=True)
            return 1
        print(f"ok    {number:2} {title}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

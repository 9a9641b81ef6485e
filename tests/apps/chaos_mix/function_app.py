"""Programs of every kind, whose outputs can be told beforehand; activities leave a line in a file."""

import asyncio
import json
import os
import time
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

EFFECTS = Path(os.environ["CHAOS_EFFECTS"])


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    given = json.loads(req.get_body())
    instance_id = await client.start_new(
        req.route_params["name"], instance_id=req.params["instance_id"], client_input=given
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="signal/{key}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def signal(req: func.HttpRequest, client) -> func.HttpResponse:
    wallet_id = df.EntityId("wallet", req.route_params["key"])
    await client.signal_entity(wallet_id, "add", json.loads(req.get_body()))
    return func.HttpResponse(status_code=202)


def moment(context: df.DurableOrchestrationContext, milliseconds: int):
    return context.create_timer(context.current_utc_datetime + timedelta(milliseconds=milliseconds))


def order(context: df.DurableOrchestrationContext, step: str, number: int) -> dict:
    return {"key": context.instance_id, "step": step, "number": number}


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext):
    """Four activities, each given what the one before it returned."""
    given = context.get_input()
    number = given["number"]
    for step in range(4):
        activity = "work" if step % 2 else "work_async"
        number = yield context.call_activity(activity, order(context, str(step), number))
        yield moment(context, given["pause"])
    return number


@app.orchestration_trigger(context_name="context")
def fan(context: df.DurableOrchestrationContext):
    """Twenty activities at once."""
    given = context.get_input()
    yield moment(context, given["pause"])
    tasks = [
        context.call_activity("work" if n % 4 else "work_async", order(context, str(n), given["number"] + n))
        for n in range(20)
    ]
    return (yield context.task_all(tasks))


@app.orchestration_trigger(context_name="context")
def race(context: df.DurableOrchestrationContext):
    """A decision and a deadline: who comes first; a decision that is too late is heard all the same."""
    given = context.get_input()
    deadline = moment(context, given["deadline"])
    decision = context.wait_for_external_event("Decision")
    winner = yield context.task_any([decision, deadline])
    if winner == decision:
        deadline.cancel()
        return {"first": "decision", "decision": decision.result}
    if not given["is_decided"]:
        return {"first": "deadline", "decision": None}
    late = yield decision
    return {"first": "deadline", "decision": late}


@app.orchestration_trigger(context_name="context")
def listen(context: df.DurableOrchestrationContext):
    """Every word until the last one, in the order they were said; it hears slower than they come."""
    given = context.get_input()
    words = []
    while True:
        word = yield context.wait_for_external_event("Word")
        if word == "that is all":
            return words
        words.append(word)
        yield moment(context, given["pause"])


@app.orchestration_trigger(context_name="context")
def family(context: df.DurableOrchestrationContext):
    """Two sub-orchestrations, one with an id of its own, and a third that fails."""
    given = context.get_input()
    children = [
        context.call_sub_orchestrator("chain", given, instance_id=f"{context.instance_id}-named"),
        context.call_sub_orchestrator("chain", {**given, "number": given["number"] + 1}),
    ]
    numbers = yield context.task_all(children)
    try:
        yield context.call_sub_orchestrator("stumble", given)
    except Exception as error:
        return {"numbers": numbers, "stumbled": f"stumbled over {given['number']}" in str(error)}
    return None


@app.orchestration_trigger(context_name="context")
def stumble(context: df.DurableOrchestrationContext):
    given = context.get_input()
    yield context.call_activity("work", order(context, "last", given["number"]))
    raise ValueError(f"stumbled over {given['number']}")


@app.orchestration_trigger(context_name="context")
def spend(context: df.DurableOrchestrationContext):
    """Signals one wallet, calls another, waits, and calls the first."""
    given = context.get_input()
    one, other = (df.EntityId("wallet", key) for key in given["wallets"])
    context.signal_entity(one, "add", f"{context.instance_id}:signal")
    first = yield context.call_entity(other, "add", f"{context.instance_id}:call")
    yield moment(context, given["pause"])
    second = yield context.call_entity(one, "add", f"{context.instance_id}:again")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def insist(context: df.DurableOrchestrationContext):
    """An activity that fails twice before it succeeds, and one that never does."""
    given = context.get_input()
    options = df.RetryOptions(given["pause"], 4)
    answer = yield context.call_activity_with_retry(
        "stubborn", options, order(context, "stubborn", given["number"])
    )
    try:
        yield context.call_activity_with_retry(
            "hopeless", df.RetryOptions(given["pause"], 2), order(context, "hopeless", given["number"])
        )
    except Exception as error:
        return [answer, f"no hope for {given['number']}" in str(error)]
    return None


@app.orchestration_trigger(context_name="context")
def rounds(context: df.DurableOrchestrationContext):
    """Begins anew three times, and pays into a wallet each time."""
    given = context.get_input()
    here = given["round"]
    number = yield context.call_activity("work", order(context, f"round {here}", given["number"]))
    wallet_id = df.EntityId("wallet", given["wallets"][0])
    context.signal_entity(wallet_id, "add", f"{context.instance_id}:round {here}")
    yield moment(context, given["pause"])
    if here == 3:
        return number
    context.continue_as_new({**given, "round": here + 1, "number": number})
    return None


@app.activity_trigger(input_name="given")
def work(given: dict) -> int:
    leave_line(given)
    time.sleep(0.002)
    return given["number"] * 31 % 1_000_003 + 1


@app.activity_trigger(input_name="given")
async def work_async(given: dict) -> int:
    leave_line(given)
    await asyncio.sleep(0.05)
    return given["number"] * 31 % 1_000_003 + 1


@app.activity_trigger(input_name="given")
def stubborn(given: dict) -> int:
    # Counted on disk: an attempt whose answer was lost with the host has been made all the same.
    with (EFFECTS.parent / f"{given['key']}.attempts").open("a+", encoding="utf-8") as attempts:
        attempts.write("x")
        attempts.flush()
        made = attempts.tell()
    if made <= 2:
        raise ConnectionError(f"attempt {made} failed")
    leave_line(given)
    return given["number"] * 7


@app.activity_trigger(input_name="given")
def hopeless(given: dict) -> None:
    leave_line(given)
    raise ConnectionError(f"no hope for {given['number']}")


def leave_line(given: dict) -> None:
    with EFFECTS.open("a", encoding="utf-8") as effects:
        effects.write(f"{given['key']} {given['step']}\n")


@app.entity_trigger(context_name="context")
def wallet(context: df.DurableEntityContext):
    """Keeps what was added, each in its place, so that nothing lost or doubled goes unseen."""
    kept = context.get_state(list)
    added = context.get_input()
    if context.operation_name == "forget":
        context.set_state([one for one in kept if one not in set(added)])
        return
    context.set_state([*kept, added])
    context.set_result(added)

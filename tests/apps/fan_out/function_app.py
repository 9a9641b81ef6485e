"""Fan-out and fan-in: many activities at once, their results gathered."""

import asyncio
import json
from collections import defaultdict

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"],
        instance_id=req.params.get("instance_id"),
        client_input=json.loads(body) if body else None,
        version=req.params.get("version"),
    )
    return client.create_check_status_response(req, instance_id)


GUESTS = 8
table = asyncio.Barrier(GUESTS)
sleep = asyncio.sleep
arrived: defaultdict = defaultdict(asyncio.Event)


@app.orchestration_trigger(context_name="context")
def sum_of_squares(context: df.DurableOrchestrationContext):
    order = context.get_input()
    tasks = [context.call_activity(order["activity"], number) for number in range(order["width"])]
    squares = yield context.task_all(tasks)
    return sum(squares)


def from_last_to_first(context: df.DurableOrchestrationContext, width: int) -> list:
    race = context.instance_id
    return [
        context.call_activity("let_others_go_first", {"race": race, "number": number, "width": width})
        for number in range(width)
    ]


@app.orchestration_trigger(context_name="context")
def in_order(context: df.DurableOrchestrationContext):
    return (yield context.task_all(from_last_to_first(context, context.get_input())))


@app.orchestration_trigger(context_name="context")
def dinner(context: df.DurableOrchestrationContext):
    arrivals = yield context.task_all([context.call_activity("sit_down", n) for n in range(GUESTS)])
    return arrivals


@app.orchestration_trigger(context_name="context")
def one_bad_apple(context: df.DurableOrchestrationContext):
    tasks = [context.call_activity("bite", number) for number in range(5)]
    try:
        yield context.task_all(tasks)
    except Exception as error:
        return str(error)
    return "all good"


@app.orchestration_trigger(context_name="context")
def first_of_many(context: df.DurableOrchestrationContext):
    tasks = from_last_to_first(context, 5)
    winner = yield context.task_any(tasks)
    return {"won": winner in tasks, "result": winner.result}


@app.orchestration_trigger(context_name="context")
def nested(context: df.DurableOrchestrationContext):
    pairs = [
        context.task_all([context.call_activity("square", n), context.call_activity("square_async", n)])
        for n in range(4)
    ]
    return (yield context.task_all(pairs))


@app.orchestration_trigger(context_name="context")
def nothing_to_do(context: df.DurableOrchestrationContext):
    gathered = yield context.task_all([])
    return {"gathered": gathered}


@app.orchestration_trigger(context_name="context")
def naps(context: df.DurableOrchestrationContext):
    began = context.current_utc_datetime
    yield context.task_all([context.call_activity("doze", seconds) for seconds in context.get_input()])
    return (context.current_utc_datetime - began).total_seconds()


@app.activity_trigger(input_name="seconds")
async def doze(seconds: int) -> None:
    await sleep(seconds)


@app.activity_trigger(input_name="number")
def square(number: int) -> int:
    return number * number


@app.activity_trigger(input_name="number")
async def square_async(number: int) -> int:
    await asyncio.sleep(0)
    return number * number


@app.activity_trigger(input_name="runner")
async def let_others_go_first(runner: dict) -> int:
    race, number = runner["race"], runner["number"]
    if number < runner["width"] - 1:
        async with asyncio.timeout(10):
            await arrived[race, number + 1].wait()
    arrived[race, number].set()
    return number


@app.activity_trigger(input_name="guest")
async def sit_down(guest: int) -> int:
    # Nobody gets up before everybody has sat down: this ends only if all run at once.
    async with asyncio.timeout(10):
        await table.wait()
    return guest


@app.activity_trigger(input_name="apple")
def bite(apple: int) -> int:
    if apple == 3:
        raise ValueError(f"apple {apple} is bad")
    return apple

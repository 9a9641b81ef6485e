"""Functions that will not stop when they are asked to."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
pool = ThreadPoolExecutor(1)


def spin(seconds: float) -> int:
    turns, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        turns += 1
    return turns


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    instance_id = await client.start_new("call", client_input=[req.route_params["name"], req.get_json()])
    return client.create_check_status_response(req, instance_id)


@app.route(route="hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"


@app.orchestration_trigger(context_name="context")
def call(context: df.DurableOrchestrationContext):
    name, seconds = context.get_input()
    if name == "orchestrator":
        spin(seconds)
    return (yield context.call_activity(name, seconds))


@app.activity_trigger(input_name="seconds")
def sleep(seconds):
    time.sleep(seconds)


@app.activity_trigger(input_name="seconds")
async def sleep_async(seconds):
    await asyncio.sleep(seconds)


@app.activity_trigger(input_name="seconds")
async def sleep_stubbornly(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            continue


@app.activity_trigger(input_name="seconds")
async def block_the_loop(seconds):
    time.sleep(seconds)  # noqa: ASYNC251 - the very mistake this is about


@app.activity_trigger(input_name="seconds")
async def sleep_in_a_thread(seconds):
    await asyncio.to_thread(time.sleep, seconds)


@app.activity_trigger(input_name="seconds")
def sleep_in_a_pool(seconds):
    pool.submit(time.sleep, seconds).result()


@app.activity_trigger(input_name="seconds")
def burn(seconds):
    return spin(seconds)

"""Functions that run by the clock."""

import json
import os

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

#: What each function saw, oldest first: name, past due, last run, due time.
seen = []


def note(name, timer):
    status = timer.schedule_status
    seen.append([name, timer.past_due, status.get("Last"), status.get("Next")])


@app.route(route="seen", methods=["GET"])
def show(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
def hourly(timer: func.TimerRequest) -> None:
    note("hourly", timer)


@app.timer_trigger(arg_name="timer", schedule="%SWEEP%")
@app.durable_client_input(client_name="client")
async def sweep(timer: func.TimerRequest, client) -> None:
    note("sweep", timer)
    await client.start_new("swept", instance_id=f"sweep-{len(seen)}", client_input=timer.past_due)


@app.timer_trigger(arg_name="timer", schedule="0 30 2 * * *")
async def broken(timer: func.TimerRequest) -> None:
    note("broken", timer)
    raise ValueError("no stock")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def opening(timer: func.TimerRequest) -> None:
    note("opening", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 * * *  monday morning")
def never(timer: func.TimerRequest) -> None:
    note("never", timer)


@app.timer_trigger(arg_name="timer", schedule="0 */10 * * * *")
def switched_off(timer: func.TimerRequest) -> None:
    note("switched_off", timer)


@app.orchestration_trigger(context_name="context")
def swept(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("count", context.get_input()))


@app.activity_trigger(input_name="late")
def count(late: bool) -> str:
    return f"swept, {'late' if late else 'in time'}, by {os.environ['SWEEP']}"

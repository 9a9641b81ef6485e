"""Functions that messages set off."""

import asyncio
import json

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

CONNECTION = "ParcelsBus"
DEAD = "$DeadLetterQueue"

#: What the functions saw, oldest first.
seen = []
#: A test puts its clock's here.
sleep = asyncio.sleep


def note(function, message, **more):
    seen.append(
        {
            "function": function,
            "id": message.message_id,
            "body": message.get_body().decode(),
            "delivery": message.delivery_count,
            **more,
        }
    )


async def handle(function, message, **more):
    """Do as the body says: a number of seconds is slept, `fail` fails, `stall` never ends."""
    note(function, message, **more)
    said = message.get_body().decode()
    if said.isdecimal():
        await sleep(int(said))
        note(f"{function}, awake", message)
    if said == "fail":
        raise ValueError("the parcel is damaged")
    if said == "stall":
        await asyncio.Event().wait()


@app.route(route="seen", methods=["GET"])
def show(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.service_bus_queue_trigger(arg_name="parcel", queue_name="parcels", connection=CONNECTION)
async def carry(parcel: func.ServiceBusMessage, context: func.Context) -> None:
    told = {
        "correlation": parcel.correlation_id,
        "subject": parcel.subject,
        "properties": parcel.application_properties,
        "expires": str(parcel.expires_at_utc),
        "trace": context.trace_context.Traceparent,
    }
    await handle("carry", parcel, **told)


@app.service_bus_queue_trigger(arg_name="parcel", queue_name=f"parcels/{DEAD}", connection=CONNECTION)
async def bury(parcel: func.ServiceBusMessage) -> None:
    note(
        "bury",
        parcel,
        reason=parcel.application_properties["DeadLetterReason"],
        why=parcel.application_properties["DeadLetterErrorDescription"],
        source=parcel.dead_letter_source,
    )
    if parcel.subject == "restless" and parcel.delivery_count < 6:
        raise ValueError("it will not lie still")


@app.service_bus_queue_trigger(arg_name="parcel", queue_name="express", connection=CONNECTION)
async def hurry(parcel: func.ServiceBusMessage) -> None:
    await handle("hurry", parcel)


@app.service_bus_queue_trigger(
    arg_name="parcels", queue_name="pallets", connection=CONNECTION, cardinality="many"
)
def load(parcels) -> None:
    bodies = [parcel.get_body().decode() for parcel in parcels]
    note("load", parcels[0], bodies=bodies, expires=[str(parcel.expires_at_utc) for parcel in parcels])
    if "fail" in bodies:
        raise ValueError("one of the pallet is damaged")


@app.service_bus_topic_trigger(
    arg_name="event", topic_name="events", subscription_name="audit", connection=CONNECTION
)
def audit(event: func.ServiceBusMessage) -> None:
    note("audit", event)


@app.service_bus_topic_trigger(
    arg_name="event",
    topic_name="events",
    subscription_name="alarms",
    connection=CONNECTION,
    filter="type = 'Lost' AND sys.Label IS NOT NULL",
)
def sound(event: func.ServiceBusMessage) -> None:
    note("sound", event)


@app.service_bus_queue_trigger(arg_name="order", queue_name="orders", connection=CONNECTION)
@app.durable_client_input(client_name="client")
async def order(order: func.ServiceBusMessage, client) -> None:
    note("order", order)
    started = await client.get_status(order.message_id)
    if started.runtime_status is None:
        given = json.loads(order.get_body())
        await client.start_new("deliver", instance_id=order.message_id, client_input=given)


@app.orchestration_trigger(context_name="context")
def deliver(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("stamp", context.get_input()))


@app.activity_trigger(input_name="given")
def stamp(given: dict) -> str:
    return f"{given['what']} delivered"


@app.service_bus_queue_trigger(
    arg_name="parcel", queue_name="chats", connection=CONNECTION, is_sessions_enabled=True
)
def chat(parcel: func.ServiceBusMessage) -> None:
    note("chat", parcel)


@app.service_bus_topic_trigger(
    arg_name="event",
    topic_name="events",
    subscription_name="muddled",
    connection=CONNECTION,
    filter="type LIKE 'L%'",
)
def muddle(event: func.ServiceBusMessage) -> None:
    note("muddle", event)

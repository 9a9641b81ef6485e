"""Tell an event, on a topic that others listen on."""

import asyncio
from typing import Any

from msgspec import UnsetType
from msgspec.structs import replace

from activities.reports import spanned
from activities.scene import Scene, Undone
from activities.stage import Activity, Product, Stage
from dirigent import codec
from dirigent.domain import prompts
from dirigent.domain.events import MOST_HOPS, Event, Property, message_of
from dirigent.domain.outcomes import Category
from dirigent.domain.run_ids import task_of
from dirigent.domain.runs import Perform
from dirigent.domain.steps import SendStep
from dirigent.ports import Parts
from dirigent.ports.bus import Bus, BusRefused, BusUnavailable
from dirigent.records.runs import Runs
from dirigent.records.texts import TextLost
from dirigent.telemetry.tracing import carried

#: Of what a bus refuses, the one thing that lies neither in the event nor in the workflow.
UNAUTHORIZED = "unauthorized"
#: What goes round and round among workflows is told no more.
CIRCLE = "circle"
_ROUND = (
    f"{MOST_HOPS} runs have passed it on already, each because of the one before, which goes in a circle; "
    "let the workflows tell it only where there is something new"
)


def send_event(stage: Stage, parts: Parts) -> Activity:
    """The activity, telling on this bus."""
    runs = Runs(parts.records, parts.artifacts)

    async def send(scene: Scene) -> Product:
        event = await _event(scene, runs)
        attributes = {
            "dirigent.topic": event.topic,
            "dirigent.event": event.id,
            "dirigent.correlation_id": event.correlation_id,
        }
        with spanned(stage.tracing, f"tell {event.topic}", scene, attributes):
            await _sent(parts.bus, _traced(event), scene.seconds_left(parts.clock.now()))
        told = {
            "topic": event.topic,
            "type": event.type,
            "id": event.id,
            "correlation_id": event.correlation_id,
        }
        return Product(text=codec.to_json(told).decode(), is_json=True)

    async def send_event(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), send))

    return send_event


async def _event(scene: Scene, runs: Runs) -> Event:
    step, order = scene.step, scene.order
    if not isinstance(step, SendStep):
        raise TypeError(f"The step {order.step!r} tells nobody of anything.")
    task = task_of(order.run)
    record = await runs.get(order.account, task)
    if record is None:
        raise TextLost(f"runs/{task}")
    hops = 0 if record.origin is None else record.origin.hops + 1
    if hops > MOST_HOPS:
        raise Undone(Category.PERMANENT, f"{_not_told(step.event, step.topic)}: {_ROUND}", reason=CIRCLE)
    return Event(
        topic=step.topic,
        type=step.event,
        # The same however often the step is performed: who hears it twice hears the same.
        id=f"{order.run}.{order.step}",
        data=codec.to_json({name: await scene.given(field) for name, field in step.given.items()}).decode(),
        correlation_id=record.correlation_id or task,
        account=order.account,
        user=record.user,
        time_to_live=step.time_to_live,
        run=order.run,
        hops=hops,
        properties={name: await _property(scene, text) for name, text in step.properties.items()},
    )


async def _property(scene: Scene, template: str) -> Property:
    """A number or a truth value as it is, and all else as text: filters know nothing more."""
    if prompts.sole(template) is not None:
        value = await scene.given(template)
        # What is too large to be a number on the bus is told all the same.
        if isinstance(value, float) or (isinstance(value, int) and -(2**63) <= value < 2**63):
            return value
    return await scene.plain(template)


def _traced(event: Event) -> Event:
    """The event, told in the trace that this code works in."""
    traceparent = carried()
    return event if isinstance(traceparent, UnsetType) else replace(event, traceparent=traceparent)


async def _sent(bus: Bus, event: Event, seconds: float) -> None:
    sentence = _not_told(event.type, event.topic)
    try:
        # In the bus's time, which is real whatever the clock says.
        async with asyncio.timeout(seconds):
            await bus.send(event.topic, [message_of(event)])
    except TimeoutError as error:
        late = f"{sentence}: the bus did not take it within {seconds:.3g} s"
        raise Undone(Category.TIMEOUT, late) from error
    except BusUnavailable as error:
        silent = f"{sentence}: the bus did not answer; the app's log says more"
        raise Undone(Category.TRANSIENT, silent, because=str(error)) from error
    except BusRefused as error:
        category = Category.AUTHENTICATION if error.reason == UNAUTHORIZED else Category.PERMANENT
        raise Undone(category, f"{sentence}: {error.sentence}", reason=error.reason) from error


def _not_told(event: str, topic: str) -> str:
    return f"the event {event!r} was not told on the topic {topic!r}"

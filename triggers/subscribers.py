"""Subscribers: two functions for each subscription, one for its events and one for its dead letters."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from dirigent.domain.catalogue import Catalogue
from dirigent.domain.outcomes import Category, Failure
from dirigent.domain.subscriptions import Subscription
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.deliveries import Cause, Deliveries
from dirigent.settings import Settings
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import Opened, Tracing, joined
from triggers.deliveries import Delivery, Poison, delivery_of
from triggers.instances import DurableInstances, InstancesUnavailable
from triggers.problems import Refused
from triggers.receiving import Receiving
from triggers.starting import Started
from triggers.undeliverable import Undeliverable

log = logging.getLogger(__name__)

#: Where Service Bus puts what a subscription could not make anything of.
DEAD = "$DeadLetterQueue"
#: Seconds before a dead letter that could not be kept is given back: Azure's dead-letter queues know no last
#: delivery, and would deliver it again at once, for ever.
BREATH = 10.0

Handler = Callable[..., Coroutine[Any, Any, None]]


def subscribers(
    parts: Parts, catalogue: Catalogue, settings: Settings, *, tracing: Tracing | None = None
) -> df.Blueprint:
    """Two functions for each subscription of the catalogue; none where there is no bus."""
    blueprint = df.Blueprint()
    if settings.bus == "none":
        return blueprint
    desk = _Desk(parts, catalogue, settings, tracing or Tracing())
    for subscription in catalogue.subscriptions.values():
        name = subscription.name.replace("-", "_")
        # Azure's subscription has its rule from the infrastructure; the local host's has it from here.
        rule = {"filter": subscription.rule} if settings.bus == "local" else {}
        _listen(blueprint, f"on_{name}", desk.hearing(subscription), subscription, settings, **rule)
        _listen(
            blueprint, f"dead_{name}", desk.burying(subscription), subscription, settings, queue=f"/{DEAD}"
        )
    return blueprint


def _listen(
    blueprint: df.Blueprint,
    name: str,
    handler: Handler,
    subscription: Subscription,
    settings: Settings,
    *,
    queue: str = "",
    **rule: str,
) -> None:
    # The worker knows functions by this name, and takes no two of one.
    handler.__name__ = handler.__qualname__ = name
    builder: Any = blueprint.durable_client_input(client_name="client")(handler)
    blueprint.service_bus_topic_trigger(
        arg_name="message",
        topic_name=subscription.topic,
        subscription_name=f"{subscription.name}{queue}",
        connection=settings.bus_connection,
        # Asked for a text, Azure's host lays every field of its JSON over what the bus says of the message:
        # whoever sends data could forge its id. And a body that is no text it refuses before any function
        # sees it, for ever.
        data_type=func.DataType.BINARY,
        **rule,
    )(builder)


class _Desk:
    """Takes messages: has them read and handled, and notes why a delivery came to nothing."""

    def __init__(self, parts: Parts, catalogue: Catalogue, settings: Settings, tracing: Tracing) -> None:
        self._clock, self._settings, self._tracing = parts.clock, settings, tracing
        self._deliveries = Deliveries(parts.records)
        self._receiving = Receiving(parts, catalogue, settings)
        self._undeliverable = Undeliverable(parts, self._receiving)

    def hearing(self, subscription: Subscription) -> Handler:
        """The function that hears the subscription's events."""

        async def hear(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
            await self._heard(self._read(message, subscription), subscription, client)

        return hear

    def burying(self, subscription: Subscription) -> Handler:
        """The function that keeps what the bus gave up."""

        async def bury(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
            try:
                await self._buried(self._read(message, subscription), client)
            except Exception:
                # The border: whatever it was, the bus is to be given the message back slowly.
                await self._clock.sleep(BREATH)
                raise

        return bury

    def _read(self, message: func.ServiceBusMessage, subscription: Subscription) -> Delivery:
        return delivery_of(message, subscription, self._settings, now=self._clock.now())

    async def _heard(
        self, delivery: Delivery, subscription: Subscription, client: df.DurableOrchestrationClient
    ) -> None:
        if delivery.is_for_another:
            line(log, logging.INFO, "A replay for another subscription is passed over", **_facts(delivery))
            return
        # Whatever trace the host works in: a run goes on in that of whoever told the event.
        with joined(delivery.traceparent):
            try:
                await self._traced(delivery, subscription, client)
            except Exception as error:
                # The border: the bus only learns that it failed, and whoever looks is to know why.
                await self._note(delivery, error)
                raise

    async def _traced(
        self, delivery: Delivery, subscription: Subscription, client: df.DurableOrchestrationClient
    ) -> None:
        attributes = {
            "dirigent.subscription": subscription.name,
            "dirigent.workflow": subscription.workflow,
            "dirigent.event": delivery.origin.event,
            "dirigent.correlation_id": delivery.origin.correlation_id,
        }
        with self._tracing.span(f"hear {subscription.name}", attributes) as span:
            try:
                started = await self._receiving.receive(delivery, subscription, DurableInstances(client))
            except Poison as poison:
                span.fail_with(poison.failure)
                raise
            await self._tell(delivery, started, subscription.workflow, span)

    async def _tell(self, delivery: Delivery, started: Started, workflow: str, span: Opened) -> None:
        span.tell({"dirigent.task_id": started.run, "dirigent.repeated": started.is_replay})
        sentence = "An event had started its run before" if started.is_replay else "A run was started"
        facts = _facts(delivery) | {"task_id": started.run, "run": started.run, "workflow": workflow}
        line(log, logging.INFO, sentence, **facts)
        if delivery.delivery_count > 1:
            try:
                await self._deliveries.forget(
                    delivery.origin.subscription, delivery.account, delivery.origin.event
                )
            except RecordsUnavailable as error:
                # It stays, and says nothing to anybody.
                log.warning("What was noted of a delivery is not removed: %s", error)

    async def _buried(self, delivery: Delivery, client: df.DurableOrchestrationClient) -> None:
        if delivery.is_for_another:
            line(log, logging.INFO, "A replay for another subscription is passed over", **_facts(delivery))
            return
        with joined(delivery.traceparent):
            letter = await self._undeliverable.bury(delivery, DurableInstances(client))
            if letter is not None:
                facts = _facts(delivery) | {"category": letter.category, "reason": letter.reason}
                line(log, logging.WARNING, "An event came to nothing", **facts, dead_letter=letter.id)

    async def _note(self, delivery: Delivery, error: Exception) -> None:
        failure = _failure(error)
        facts = _facts(delivery) | {"category": failure.category, "reason": failure.reason}
        line(log, logging.WARNING, "A delivery came to nothing", **facts, delivery=delivery.delivery_count)
        cause = Cause(
            category=failure.category,
            reason=failure.reason,
            description=failure.message,
            delivery_count=delivery.delivery_count,
            noted_at=self._clock.now(),
        )
        try:
            await self._deliveries.note(
                delivery.origin.subscription, delivery.account, delivery.origin.event, cause
            )
        except RecordsUnavailable as unavailable:
            log.warning("Why a delivery came to nothing could not be noted: %s", unavailable)


def _failure(error: Exception) -> Failure:
    """What people are told of it; what only the log may know stays there."""
    if isinstance(error, Poison):
        return error.failure
    stores: dict[type[Exception], str] = {
        RecordsUnavailable: "records",
        ArtifactsUnavailable: "artifacts",
        InstancesUnavailable: "Durable Functions",
        # All that a start is refused with which nobody asked for over HTTP: it took too long.
        Refused: "stores",
    }
    who = next((who for kind, who in stores.items() if isinstance(error, kind)), None)
    if who is not None:
        sentence = f"The app's {who} did not answer, however long the event waited."
        return Failure(category=Category.TRANSIENT, message=sentence, reason="unavailable")
    sentence = f"The event's handler failed with {type(error).__name__}; the app's log says more."
    return Failure(category=Category.PERMANENT, message=sentence, reason="handler_failed")


def _facts(delivery: Delivery) -> dict[str, str | float | None]:
    origin = delivery.origin
    return {
        "subscription": origin.subscription,
        "event": origin.event,
        "event_type": origin.type or None,
        "correlation_id": origin.correlation_id,
    }

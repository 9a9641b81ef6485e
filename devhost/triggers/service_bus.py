"""Hands messages of the bus to functions, and settles them by how the functions end."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from devhost.bus.messages import Received
from devhost.bus.ports import DEAD_LETTERS, Broker, LockLost
from devhost.engine.ports import Alarm, Clock
from devhost.functions.catalog import SERVICE_BUS, Function
from devhost.functions.failures import describe
from devhost.functions.running import Ending, Raised
from devhost.functions.trigger_values import BusMessage, bus_value, takes_many
from devhost.triggers.ports import Provisions

log = logging.getLogger("devhost.bus")

#: So long before a lock runs out it is renewed, or when half of it is over.
_MARGIN = timedelta(seconds=10)
#: What fails in a dead-letter queue is given again after a pause that doubles, for it has nowhere else to go.
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=60)
#: Where Azure's hosts look for a message's trace, the newer name first.
_TRACES = ("traceparent", "Diagnostic-Id")


class ServiceBus:
    """All functions that the bus sets off; a `TriggerSource`."""

    def __init__(self, provisions: Provisions) -> None:
        plan = provisions.bus.plan
        self.dropped = plan.dropped
        for dropped in plan.dropped:
            log.error("The function %r is left out: %s.", dropped.name, dropped.reason)
        self._plan = plan
        self._listeners = [
            _Listener(provisions, function, plan.places[function.name])
            for function in provisions.catalog.triggered_by(SERVICE_BUS)
            if function.name in plan.places
        ]

    @property
    def is_quiet(self) -> bool:
        # What was received and not yet handed over waits for a commit, and that the engine tells of.
        return True

    def told(self, function: Function) -> str | None:
        if function.trigger.type != SERVICE_BUS:
            return None
        place = self._plan.places.get(function.name)
        return "never" if place is None else self._plan.told(place)

    def start(self) -> None:
        for listener in self._listeners:
            listener.start()

    def stop(self) -> None:
        for listener in self._listeners:
            listener.stop()


class _Listener:
    """One function at its place: takes no more messages than may be worked on at a time."""

    def __init__(self, provisions: Provisions, function: Function, place: str) -> None:
        self._provisions, self._function, self._place = provisions, function, place
        settings = provisions.bus.settings
        # As on Azure: batches come one after the other, single messages many at a time.
        self._most = 1 if takes_many(function) else settings.most_calls
        self._batch = settings.largest_batch if takes_many(function) else 1
        self._running: set[_Delivery] = set()
        #: Of a dead-letter queue: how long a message was last let lie, by its number.
        self._pauses: dict[int, timedelta] = {}
        self._unlisten: Callable[[], None] | None = None

    def start(self) -> None:
        self._unlisten = self._provisions.bus.broker.listen(self._place, self._take)

    def stop(self) -> None:
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        for delivery in self._running:
            delivery.hold_no_longer()

    def _take(self) -> None:
        while self._unlisten is not None and len(self._running) < self._most:
            messages = self._provisions.bus.broker.receive(self._place, self._batch)
            if not messages:
                return
            delivery = _Delivery(
                broker=self._provisions.bus.broker,
                clock=self._provisions.clock,
                place=self._place,
                messages=messages,
                until=self._provisions.clock.now() + self._provisions.bus.settings.longest_renewal,
            )
            self._running.add(delivery)
            # Not before the count of its deliveries is on disk: a message that kills the host must not do so
            # for ever.
            self._provisions.rows.then(partial(self._hand_over, delivery))

    def _hand_over(self, delivery: "_Delivery") -> None:
        if self._unlisten is None:
            return
        delivery.hold()
        messages = [_as_bound(message) for message in delivery.messages]
        self._provisions.invoke(
            self._function,
            partial(bus_value, self._function, messages),
            partial(self._ended, delivery),
            trace_parent=_trace_of(delivery.messages),
        )

    def _ended(self, delivery: "_Delivery", ending: Ending) -> None:
        self._running.discard(delivery)
        delivery.hold_no_longer()
        if isinstance(ending, Raised):
            failure = describe(ending.error)
            told = delivery.told()
            log.error("%r failed on %s: %s", self._function.name, told, failure.logged())
            lost = delivery.settle(lambda message: delivery.abandon(message, self._pause(message)))
        else:
            lost = delivery.settle(delivery.complete)
            self._forget_pauses(delivery.messages)
        if lost:
            log.warning(
                "%r took longer than the lock of %s held: what it did counts for nothing, and the message is "
                "delivered again. Let it end sooner, or raise maxAutoLockRenewalDuration in host.json.",
                self._function.name,
                ", ".join(repr(message.message.message_id) for message in lost),
            )
        self._take()

    def _pause(self, message: Received) -> timedelta:
        if not self._place.endswith(DEAD_LETTERS):
            return timedelta()
        number = message.sequence_number
        last = self._pauses.get(number)
        self._pauses[number] = _SHORTEST_PAUSE if last is None else min(_LONGEST_PAUSE, 2 * last)
        return self._pauses[number]

    def _forget_pauses(self, messages: Sequence[Received]) -> None:
        for message in messages:
            self._pauses.pop(message.sequence_number, None)


@dataclass(slots=True, kw_only=True, eq=False)
class _Delivery:
    """Messages that one call has received, kept locked while it runs and for so long as may be."""

    broker: Broker
    clock: Clock
    place: str
    messages: Sequence[Received]
    #: When their locks are renewed no more.
    until: datetime
    _locked_until: dict[int, datetime] = field(init=False)
    _alarm: Alarm | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._locked_until = {
            message.sequence_number: message.locked_until
            for message in self.messages
            if message.locked_until is not None
        }

    def told(self) -> str:
        first = self.messages[0]
        if len(self.messages) > 1:
            return f"{len(self.messages)} messages of {self.place!r}"
        return f"message {first.message.message_id!r} of {self.place!r}, delivery {first.delivery_count}"

    def hold(self) -> None:
        """See to it that the locks are renewed before they run out."""
        now, ends = self.clock.now(), min(self._locked_until.values(), default=None)
        if ends is None or ends <= now:
            return
        due = ends - min(_MARGIN, (ends - now) / 2)
        if due < self.until:
            self._alarm = self.clock.call_at(due, self._renew)

    def hold_no_longer(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _renew(self) -> None:
        self._alarm = None
        for message in self.messages:
            number = message.sequence_number
            if number in self._locked_until:
                try:
                    until = self.broker.renew(self.place, number, message.lock_token or "")
                    self._locked_until[number] = until
                except LockLost:
                    # Somebody has removed it: there is nothing left to hold.
                    del self._locked_until[number]
        self.hold()

    def settle(self, do: Callable[[Received], None]) -> list[Received]:
        """Do it with each message; those that were under the lock no longer."""
        lost = []
        for message in self.messages:
            try:
                do(message)
            except LockLost:
                lost.append(message)
        return lost

    def complete(self, message: Received) -> None:
        self.broker.complete(self.place, message.sequence_number, message.lock_token or "")

    def abandon(self, message: Received, pause: timedelta) -> None:
        self.broker.abandon(self.place, message.sequence_number, message.lock_token or "", pause=pause)


def _as_bound(message: Received) -> BusMessage:
    sent = message.message
    return BusMessage(
        body=sent.body,
        message_id=sent.message_id,
        enqueued=message.enqueued,
        sequence_number=message.sequence_number,
        delivery_count=message.delivery_count,
        lock_token=message.lock_token or "",
        content_type=sent.content_type,
        correlation_id=sent.correlation_id,
        subject=sent.subject,
        session_id=sent.session_id,
        reply_to=sent.reply_to,
        to=sent.to,
        expires=message.expires,
        dead_letter_reason=message.dead_letter_reason,
        dead_letter_description=message.dead_letter_description,
        dead_letter_source=message.dead_letter_source,
        properties=sent.properties,
    )


def _trace_of(messages: Sequence[Received]) -> str:
    if len(messages) != 1:
        return ""
    properties = messages[0].message.properties
    return next((value for name in _TRACES if isinstance(value := properties.get(name), str)), "")

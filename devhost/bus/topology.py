"""What a bus is made of: queues, topics, subscriptions, and the terms on which messages lie there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from devhost.bus.messages import Property
from devhost.bus.ports import DEAD_LETTERS

_SUBSCRIPTIONS = "/subscriptions/"


class BadTopology(ValueError):
    """A queue, topic or subscription cannot be as it is wanted."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        self.name, self.problem, self.remedy = name, problem, remedy
        super().__init__(f"{name!r} {problem}: {remedy}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Lets through what has all of these values."""

    #: By names such as `Label`.
    system: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    properties: Mapping[str, Property] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a subscription lets through: a correlation, or the text of an SQL filter."""

    name: str
    filter: str | Correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a queue or subscription keeps messages."""

    max_delivery_count: int = 3
    lock_duration: timedelta = timedelta(minutes=5)
    #: None: messages may lie as long as they themselves say.
    time_to_live: timedelta | None = timedelta(hours=1)
    #: False: what expires is gone.
    dead_letters_expired: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Terms):
    """A place that is sent to and received from."""

    #: How long an id is remembered, None where duplicates are taken.
    duplicate_window: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Terms):
    """A place that receives what is sent to its topic and passes one of its rules."""

    #: None: everything passes. None of them: nothing does.
    rules: tuple[Rule, ...] | None = None
    #: Whether a file says how it is: triggers do not change it.
    declared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Where messages are sent for every subscription."""

    subscriptions: Mapping[str, Subscription] = field(default_factory=lambda: MappingProxyType({}))
    time_to_live: timedelta | None = None
    duplicate_window: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """All queues and topics by their names, in lower case as those of subscriptions are."""

    queues: Mapping[str, Queue] = field(default_factory=lambda: MappingProxyType({}))
    topics: Mapping[str, Topic] = field(default_factory=lambda: MappingProxyType({}))

    def with_queue(self, name: str) -> "Topology":
        """The same with that queue, which may be the dead-letter queue of one; `BadTopology`."""
        queue = _living(name)
        check_name(queue)
        if queue in self.topics:
            raise BadTopology(queue, "is a topic already", "a queue needs another name")
        if queue in self.queues:
            return self
        return replace(self, queues=MappingProxyType({**self.queues, queue: Queue()}))

    def with_subscription(self, topic: str, name: str, sql: str | None = None) -> "Topology":
        """The same with that subscription, or the one whose dead-letter queue it is; `BadTopology`.

        The filter is its one rule, unless a file declares the subscription.
        """
        topic, name = topic.lower(), _living(name)
        check_name(topic)
        check_name(name)
        if topic in self.queues:
            raise BadTopology(topic, "is a queue already", "a topic needs another name")
        there = self.topics.get(topic, Topic())
        subscription = _ruled(f"{topic}{_SUBSCRIPTIONS}{name}", there.subscriptions.get(name), sql)
        subscriptions = MappingProxyType({**there.subscriptions, name: subscription})
        changed = replace(there, subscriptions=subscriptions)
        return replace(self, topics=MappingProxyType({**self.topics, topic: changed}))


def place_of(topic: str, subscription: str) -> str:
    """The place of a subscription, or of its dead-letter queue."""
    return f"{topic}{_SUBSCRIPTIONS}{subscription}".lower()


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a queue, topic or subscription, in lower case; `BadTopology`."""
    if not name or name.startswith("/") or name.endswith("/") or "$" in name or _SUBSCRIPTIONS in name:
        raise BadTopology(
            name,
            "is no name of a queue, topic or subscription",
            "such a name has letters, digits, hyphens, underscores, dots or inner slashes",
        )


def _ruled(place: str, subscription: Subscription | None, sql: str | None) -> Subscription:
    if subscription is None:
        subscription = Subscription()
    if subscription.declared or sql is None:
        return subscription
    rules = (Rule(name="filter", filter=sql),)
    if subscription.rules not in (None, rules):
        raise BadTopology(
            place, "is given another filter by another trigger", "give both the same, or only one of them any"
        )
    return replace(subscription, rules=rules)


def _living(name: str) -> str:
    return name.lower().removesuffix(DEAD_LETTERS)

"""Where what is sent to a queue or topic comes to lie."""

from dataclasses import dataclass
from datetime import timedelta

from devhost.bus.duplicates import Duplicates
from devhost.bus.filters import Filter
from devhost.bus.messages import Sent
from devhost.bus.places import Place
from devhost.bus.topology import Rule, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One place, for what one of its filters lets through."""

    place: Place
    #: None: everything.
    filters: tuple[Filter, ...] | None = None

    def takes(self, message: Sent) -> bool:
        return self.filters is None or any(one.matches(message) for one in self.filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A queue's one branch, or those of a topic's subscriptions."""

    branches: tuple[Branch, ...]
    #: None: a message may live as long as its place lets it.
    time_to_live: timedelta | None = None
    duplicates: Duplicates | None = None

    def places(self, message: Sent) -> list[Place]:
        """Where the message goes; nowhere, if no rule lets it through."""
        return [branch.place for branch in self.branches if branch.takes(message)]

    def life(self, message: Sent, place: Place) -> timedelta | None:
        """How long the message lives in that place, None for ever."""
        bounds = (message.time_to_live, self.time_to_live, place.terms.time_to_live)
        return min((bound for bound in bounds if bound is not None), default=None)


def branch_of(place: Place, subscription: Subscription) -> Branch:
    """The branch of a subscription; a rule that is no filter is a `BadFilter`."""
    if subscription.rules is None:
        return Branch(place=place)
    filters = tuple(filter_of(rule) for rule in subscription.rules)
    place.rules = tuple(one.text for one in filters)
    return Branch(place=place, filters=filters)


def filter_of(rule: Rule) -> Filter:
    """What the rule lets through; `BadFilter`."""
    if isinstance(rule.filter, str):
        return Filter.parse(rule.filter)
    return Filter.correlating(rule.filter.system, rule.filter.properties)

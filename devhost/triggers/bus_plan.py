"""Which function listens where on the bus, and what the bus must have for that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from devhost.bus.filter_texts import BadFilter
from devhost.bus.filters import Filter
from devhost.bus.ports import DEAD_LETTERS
from devhost.bus.topology import BadTopology, Rule, Topology, place_of
from devhost.functions.catalog import SERVICE_BUS, Catalog, Dropped, Function

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class BusPlan:
    """Every function that the bus sets off, at its place; and those that it never will."""

    topology: Topology = field(default_factory=Topology)
    #: Names of functions → names of places, in lower case.
    places: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    dropped: tuple[Dropped, ...] = ()
    #: What listens here and might be thought to listen elsewhere.
    warnings: tuple[str, ...] = ()

    def told(self, place: str) -> str:
        """The place in words, with the rules of a subscription."""
        living = place.removesuffix(DEAD_LETTERS)
        topic, _, subscription = living.partition("/subscriptions/")
        words = (
            f"subscription {subscription!r} of the topic {topic!r}" if subscription else f"queue {topic!r}"
        )
        if place != living:
            return f"dead letters of the {words}"
        rules = self.topology.topics[topic].subscriptions[subscription].rules if subscription else None
        return words if rules is None else f"{words}, {' or '.join(_worded(rule) for rule in rules)}"


def _worded(rule: Rule) -> str:
    found = rule.filter
    return found if isinstance(found, str) else Filter.correlating(found.system, found.properties).text


class _LeftOut(Exception):
    """The function cannot be set off; the text says why and what to do."""


def planned(catalog: Catalog, declared: Topology, environ: Mapping[str, str] = _NOTHING) -> BusPlan:
    """The plan for an app's functions, on a bus that has what is declared and what their triggers name."""
    topology, places, dropped = declared, dict[str, str](), list[Dropped]()
    for function in catalog.triggered_by(SERVICE_BUS):
        try:
            topology, places[function.name] = _placed(function, topology)
        except (_LeftOut, BadTopology, BadFilter) as error:
            dropped.append(Dropped(name=function.name, reason=str(error).removesuffix(".")))
    return BusPlan(
        topology=topology,
        places=MappingProxyType(places),
        dropped=tuple(dropped),
        warnings=tuple(_elsewhere(catalog, environ)),
    )


def _elsewhere(catalog: Catalog, environ: Mapping[str, str]) -> Iterable[str]:
    """A word on each connection that is set: whoever set it thinks that it is used."""
    # Azure's configuration ignores case.
    names = {name.lower(): name for name, value in environ.items() if value.strip()}
    triggers = [function.trigger.attributes for function in catalog.triggered_by(SERVICE_BUS)]
    for connection in dict.fromkeys(str(said.get("connection") or "") for said in triggers):
        settings = (connection.lower(), f"{connection}__fullyQualifiedNamespace".lower())
        name = next((names[setting] for setting in settings if setting in names), None)
        if connection and name is not None:
            yield (
                f"The connection {connection!r} is set ({name}), but this host's triggers listen to its own "
                "bus: what the app sends to the namespace is not heard here. Remove the setting, or run the "
                "app where its triggers listen to the namespace."
            )


def _placed(function: Function, topology: Topology) -> tuple[Topology, str]:
    said = function.trigger.attributes
    if _is(said.get("isSessionsEnabled"), "true"):
        raise _LeftOut("it asks for sessions, which this host does not play: run it with /admin/functions")
    if any(_is(said.get(name), "false") for name in ("autoCompleteMessages", "autoComplete")):
        raise _LeftOut(
            "nobody completes its messages, as Python functions cannot: leave auto_complete_messages out"
        )
    if said.get("topicName"):
        topic, name = str(said["topicName"]), str(said.get("subscriptionName") or "")
        rule = None if name.lower().endswith(DEAD_LETTERS) else _rule(said.get("filter"))
        return topology.with_subscription(topic, name, rule), place_of(topic, name)
    queue = str(said.get("queueName") or "")
    return topology.with_queue(queue), queue.lower()


def _rule(text: object) -> str | None:
    if text is None:
        return None
    Filter.parse(str(text))
    return str(text)


def _is(value: object, word: str) -> bool:
    return str(value).lower() == word

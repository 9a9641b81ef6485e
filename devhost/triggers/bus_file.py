"""servicebus.json: queues and topics in the form of the Service Bus emulator's configuration."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from devhost.bus.filter_texts import BadFilter
from devhost.bus.filters import Filter
from devhost.bus.topology import (
    BadTopology,
    Correlation,
    Queue,
    Rule,
    Subscription,
    Terms,
    Topic,
    Topology,
)
from devhost.functions import commented_json
from devhost.functions.refusals import SettingsRefused

FILE_NAME = "servicebus.json"

_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,8})D)?(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?"
    r"(?:(?P<seconds>\d{1,9}(?:\.\d{1,7})?)S)?)?"
)
#: .NET's longest span, which stands for no end, and all that comes near it.
_ENDLESS = timedelta(days=36_500)
_LONGEST_LOCK = timedelta(minutes=5)
_MOST_DELIVERIES = 2000


def declared(folder: Path) -> Topology:
    """What the file in an app's folder declares, nothing where there is none; `SettingsRefused`."""
    file = folder / FILE_NAME
    if not file.is_file():
        return Topology()
    try:
        content = commented_json.parse(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsRefused(file, "this is not UTF-8 text", "save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        problem, remedy = f"this is not JSON: {error.msg}", "mend the file at this place or just before it"
        raise SettingsRefused(file, problem, remedy, line=error.lineno, column=error.colno) from error
    topology = Topology()
    for namespace in _Part(file, "", content).part("UserConfig").parts("Namespaces"):
        topology = _with_all(topology, namespace)
    return topology


@dataclass(frozen=True, slots=True)
class _Part:
    """A JSON object of the file; every member is taken by its name in any case, and refused by its path."""

    file: Path
    path: str
    content: Any

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            self.refuse("", "must be a JSON object", "write { … }")

    def refuse(self, name: str, problem: str, remedy: str) -> NoReturn:
        where = ".".join(filter(None, (self.path, name))) or "the file"
        raise SettingsRefused(self.file, f"{where} {problem}", remedy)

    def take(self, name: str) -> Any:
        return next((value for key, value in self.content.items() if key.lower() == name.lower()), None)

    def part(self, name: str) -> "_Part":
        found = self.take(name)
        return _Part(self.file, f"{self.path}.{name}".lstrip("."), {} if found is None else found)

    def parts(self, name: str) -> list["_Part"]:
        found = self.take(name)
        if found is None:
            return []
        if not isinstance(found, list):
            self.refuse(name, "must be a list", "write [ … ]")
        return [_Part(self.file, f"{self.path}.{name}[{at}]", one) for at, one in enumerate(found)]

    def text(self, name: str) -> str:
        found = self.take(name)
        if not isinstance(found, str) or not found.strip():
            self.refuse(name, f"is {json.dumps(found)}", "write a text that is not empty")
        return found

    def truth(self, name: str, *, otherwise: bool) -> bool:
        found = self.take(name)
        if found is None:
            return otherwise
        if not isinstance(found, bool):
            self.refuse(name, f"is {json.dumps(found)}", "write true or false")
        return found

    def count(self, name: str, otherwise: int, most: int) -> int:
        found = self.take(name)
        if found is None:
            return otherwise
        if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= most:
            self.refuse(name, f"is {json.dumps(found)}", f"write a whole number from 1 to {most}")
        return found

    def duration(self, name: str, otherwise: timedelta | None) -> timedelta | None:
        """The duration; None for one without end."""
        found = self.take(name)
        if found is None:
            return otherwise
        match = _DURATION.fullmatch(found) if isinstance(found, str) else None
        parts = {unit: float(part) for unit, part in match.groupdict().items() if part} if match else {}
        if not any(parts.values()):
            self.refuse(name, f"is {json.dumps(found)}", 'write a duration as ISO 8601 does, such as "PT1M"')
        span = timedelta(**parts)
        return None if span >= _ENDLESS else span

    def only(self, *names: str) -> None:
        """Refuse members of other names: most likely they are misspelt."""
        known = {name.lower() for name in names}
        for name in self.content:
            if name.lower() not in known:
                self.refuse(name, "is not known", f"write one of {', '.join(names)}, or remove it")

    def absent(self, *names: str) -> None:
        """Refuse what this host cannot play: it would seem to work, and do otherwise on Azure."""
        for name in names:
            if self.take(name):
                self.refuse(name, "asks for what this host does not play", "remove it, or try it on Azure")


def _with_all(topology: Topology, namespace: _Part) -> Topology:
    namespace.only("Name", "Queues", "Topics")
    queues = dict(topology.queues)
    for part in namespace.parts("Queues"):
        part.only("Name", "Properties")
        queues[_new_name(part, queues, topology.topics)] = _queue(part.part("Properties"))
    topics = dict(topology.topics)
    for part in namespace.parts("Topics"):
        part.only("Name", "Properties", "Subscriptions")
        topics[_new_name(part, queues, topics)] = _topic(part)
    return Topology(queues=MappingProxyType(queues), topics=MappingProxyType(topics))


def _new_name(part: _Part, *taken: Mapping[str, object]) -> str:
    name = part.text("Name").lower()
    if any(name in names for names in taken):
        part.refuse("Name", f"is {name!r}, as is another's", "give each queue and topic a name of its own")
    _checked(part, lambda: Topology().with_queue(name))
    return name


def _checked(part: _Part, make: Callable[[], object]) -> None:
    try:
        make()
    except BadTopology as error:
        part.refuse("Name", f"is {error.name!r}, which {error.problem}", error.remedy)


_OF_TERMS = (
    "DeadLetteringOnMessageExpiration",
    "DefaultMessageTimeToLive",
    "ForwardDeadLetteredMessagesTo",
    "ForwardTo",
    "LockDuration",
    "MaxDeliveryCount",
    "RequiresSession",
)
_OF_DUPLICATES = ("DuplicateDetectionHistoryTimeWindow", "RequiresDuplicateDetection")


def _queue(said: _Part) -> Queue:
    said.only(*_OF_TERMS, *_OF_DUPLICATES)
    return Queue(**_terms(said), duplicate_window=_window(said))


def _terms(said: _Part) -> dict[str, Any]:
    said.absent("ForwardTo", "ForwardDeadLetteredMessagesTo", "RequiresSession")
    usual = Terms()
    lock = said.duration("LockDuration", usual.lock_duration)
    if lock is None or lock > _LONGEST_LOCK:
        said.refuse("LockDuration", "is longer than a lock may be", 'write "PT5M" or less')
    return {
        "max_delivery_count": said.count("MaxDeliveryCount", usual.max_delivery_count, _MOST_DELIVERIES),
        "lock_duration": lock,
        "time_to_live": said.duration("DefaultMessageTimeToLive", usual.time_to_live),
        "dead_letters_expired": said.truth(
            "DeadLetteringOnMessageExpiration", otherwise=usual.dead_letters_expired
        ),
    }


def _window(said: _Part) -> timedelta | None:
    window = said.duration("DuplicateDetectionHistoryTimeWindow", timedelta(minutes=10))
    return (window or _ENDLESS) if said.truth("RequiresDuplicateDetection", otherwise=False) else None


def _topic(part: _Part) -> Topic:
    said = part.part("Properties")
    said.only("DefaultMessageTimeToLive", *_OF_DUPLICATES)
    subscriptions: dict[str, Subscription] = {}
    for one in part.parts("Subscriptions"):
        one.only("Name", "Properties", "Rules")
        subscriptions[_new_name(one, subscriptions)] = _subscription(one)
    return Topic(
        subscriptions=MappingProxyType(subscriptions),
        time_to_live=said.duration("DefaultMessageTimeToLive", None),
        duplicate_window=_window(said),
    )


def _subscription(part: _Part) -> Subscription:
    said = part.part("Properties")
    said.only(*_OF_TERMS)
    rules = tuple(_rule(rule) for rule in part.parts("Rules"))
    return Subscription(**_terms(said), rules=rules or None, declared=True)


def _rule(part: _Part) -> Rule:
    part.only("Name", "Properties")
    said = part.part("Properties")
    said.only("FilterType", "SqlFilter", "CorrelationFilter", "Action")
    said.absent("Action")
    kind = said.text("FilterType").lower()
    if kind not in {"sql", "correlation"}:
        said.refuse("FilterType", f"is {json.dumps(said.take('FilterType'))}", "write Sql or Correlation")
    name = part.text("Name")
    if kind == "correlation":
        return Rule(name=name, filter=_correlation(said.part("CorrelationFilter")))
    sql = said.part("SqlFilter")
    text = sql.text("SqlExpression")
    try:
        Filter.parse(text)
    except BadFilter as error:
        raise SettingsRefused(sql.file, f"{sql.path}.SqlExpression: {error}", "mend the filter") from error
    return Rule(name=name, filter=text)


def _correlation(said: _Part) -> Correlation:
    properties = said.part("Properties").content
    for name, value in properties.items():
        if not isinstance(value, str | int | float):
            said.refuse(f"Properties.{name}", f"is {json.dumps(value)}", "write text, a number or true")
    system = {name: said.text(name) for name in said.content if name.lower() != "properties"}
    found = Correlation(system=MappingProxyType(system), properties=MappingProxyType(properties))
    try:
        Filter.correlating(found.system, found.properties)
    except BadFilter as error:
        raise SettingsRefused(said.file, f"{said.path}: {error}", "mend the filter") from error
    return found

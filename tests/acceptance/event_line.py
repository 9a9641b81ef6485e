"""Tells events to a host in a process of its own, in every way there is, and asks what came of them."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

from chaos_load import HOOKS, Line, Reply, Unanswered, Unreached
from mortal_host import MortalHost

#: Seconds for whatever is waited for here.
PATIENCE = 240.0
WAYS = ("app", "many", "rest", "admin")
#: Of the bus: nothing lies anywhere, and nobody holds anything.
FIGURES = ("active", "locked", "scheduled", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event, as it is told."""

    id: str
    type: str
    data: Mapping[str, Any]
    properties: Mapping[str, str] = field(default_factory=dict)


class EventLine:
    """A connection to a host that may die: whatever was not answered is sent again."""

    def __init__(self, host: MortalHost) -> None:
        self._host = host
        self._line = Line(host.port)

    def close(self) -> None:
        self._line.close()

    def send(
        self, method: str, path: str, given: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Try until it is answered."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._line.send(method, path, given, headers)
            except (Unanswered, Unreached):
                assert time.monotonic() < deadline, f"{method} {path} is not answered"
                time.sleep(0.05)

    def asked(self, path: str) -> Any:
        """What a GET answers."""
        status, told = self.send("GET", path)
        assert status in (200, 202), (path, status, told)
        return told

    def tell(self, topic: str, events: list[Told], way: str) -> None:
        """Tell the events; with its id, each may be told as often as one likes."""
        if way == "many":
            # A list is refused that has one of them twice.
            each = {one.id: _for_the_app(one) for one in events}
            self._accepted(202, f"/api/events/{topic}", [*each.values()])
            return
        for one in events:
            if way == "app":
                self._accepted(202, f"/api/events/{topic}", _for_the_app(one))
            elif way == "rest":
                self._accepted(201, f"/servicebus/{topic}/messages", dict(one.data), _headers(one))
            else:
                self._accepted(201, f"/admin/servicebus/{topic}", _for_the_host(one))

    def _accepted(self, status: int, path: str, given: Any, headers: Mapping[str, str] | None = None) -> None:
        reply = self.send("POST", path, given, headers)
        assert reply[0] == status, (path, reply)

    def tell_in_any_way(self, topic: str, events: list[Told], dice: Random) -> None:
        """The same, a few at a time, each few in one of the ways."""
        left = [*events]
        while left:
            few = dice.randint(1, 6)
            self.tell(topic, left[:few], dice.choice(WAYS))
            del left[:few]

    def instances(self, query: str = "showInput=true") -> list[Any]:
        """Orchestrations that Durable knows."""
        listed = self.asked(f"{HOOKS}/instances?{query}")
        return [one for one in listed if not one["instanceId"].startswith("@")]

    def purge(self, instance: str) -> None:
        status, told = self.send("DELETE", f"{HOOKS}/instances/{instance}")
        # Gone: an earlier attempt that nobody answered has done it.
        assert status in (200, 404), (status, told)

    def tasks(self) -> list[Any]:
        """Every task there is, as lists show them."""
        return [*self._paged("/api/tasks", "tasks", {"limit": "200"})]

    def letters(self, **filters: str) -> list[Any]:
        """Every dead letter that fits."""
        return [*self._paged("/api/dead-letters", "dead_letters", {"limit": "200", **filters})]

    def _paged(self, path: str, member: str, params: dict[str, str]) -> Iterator[Any]:
        token: str | None = ""
        while token is not None:
            more = {"continuation_token": token} if token else {}
            page = self.asked(f"{path}?{urlencode(params | more)}")
            yield from page[member]
            token = page["continuation_token"]

    def rest(self) -> None:
        """Return once no run goes on and nothing lies on the bus."""
        deadline, before = time.monotonic() + PATIENCE, -1
        while True:
            going, lying = self._going(), self._lying()
            if not going and not lying and before == 0:
                return
            before = len(going) + len(lying)
            assert time.monotonic() < deadline, f"This goes on: {going[:5]}, {lying}"
            time.sleep(0.2)

    def _going(self) -> list[str]:
        return [one["instanceId"] for one in self.instances("runtimeStatus=Pending,Running&showInput=false")]

    def _lying(self) -> list[Any]:
        places = self.asked("/admin/servicebus")["places"]
        return [one for one in places if any(one[figure] for figure in FIGURES)]


def start_of(instance: Any) -> Any:
    """What the run was started with."""
    given = instance["input"]
    return json.loads(given) if isinstance(given, str) else given


def _for_the_app(one: Told) -> dict[str, Any]:
    return {"id": one.id, "type": one.type, "data": dict(one.data), "properties": dict(one.properties)}


def _for_the_host(one: Told) -> dict[str, Any]:
    properties = {"type": one.type, **one.properties}
    return {"messageId": one.id, "subject": one.type, "body": dict(one.data), "properties": properties}


def _headers(one: Told) -> dict[str, str]:
    """As Service Bus has them: the bus's own as JSON, others as headers of their own, texts quoted."""
    properties = {"type": one.type, **one.properties}
    return {
        "BrokerProperties": json.dumps({"MessageId": one.id, "Label": one.type}),
        **{name: json.dumps(value) for name, value in properties.items()},
    }

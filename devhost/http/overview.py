"""What the host holds, in few words: the JSON behind the page at /."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from devhost.engine.hub import EntityFilter, EntityState, InstanceFilter, InstanceStatus, TaskHub
from devhost.functions.catalog import HTTP, Catalog, Function
from devhost.functions.http_exchange import HttpCall
from devhost.http.bus_admin import ROOT, BusAdmin
from devhost.http.links import WEBHOOK_ROOT
from devhost.http.queries import STATUSES, Query

#: A table has no more rows than this.
MOST_ROWS = 200
#: A value longer than this is cut.
LONGEST_VALUE = 200

_ASKED = "showHistory=true&showHistoryOutput=true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How much the host has to do."""

    live: int
    commits: int


class Overview:
    """Tells functions, instances and entities, each bounded in number and length."""

    def __init__(
        self,
        catalog: Catalog,
        hub: TaskHub,
        hub_name: str,
        *,
        url_of: Callable[[Function, str], str | None],
        vitals: Callable[[], Vitals] | None = None,
        bus: BusAdmin | None = None,
    ) -> None:
        self._catalog = catalog
        self._hub = hub
        self._hub_name = hub_name
        self._url_of = url_of
        self._vitals = vitals
        self._bus = bus
        self._newest = _Newest(hub)
        self._now = asyncio.get_running_loop().time
        self._started = self._now()

    async def told(self, call: HttpCall) -> dict[str, Any]:
        """The overview, its instances narrowed to the `status` the call asks for."""
        asked = Query(call).text("status") or ""
        status = asked if asked in STATUSES else ""
        instances, more_instances = await self._newest.of(status)
        entities = await self._hub.entities(EntityFilter(top=MOST_ROWS))
        functions = self._catalog.functions
        uptime = int(self._now() - self._started)
        vitals = None if self._vitals is None else self._vitals()
        return {
            "hub": self._hub_name,
            "uptimeSeconds": uptime,
            "liveInstances": None if vitals is None else vitals.live,
            "commits": None if vitals is None else vitals.commits,
            "pulse": _pulse(uptime, vitals),
            "status": status,
            "statuses": list(STATUSES),
            "functions": {
                "rows": [self._function(function, call.origin) for function in functions[:MOST_ROWS]],
                "hasMore": len(functions) > MOST_ROWS,
            },
            "instances": {"rows": [_instance(one) for one in instances], "hasMore": more_instances},
            "bus": self._places(),
            "entities": {
                "rows": [_entity(one) for one in entities.entities[:MOST_ROWS]],
                "hasMore": entities.continuation is not None,
            },
        }

    def _places(self) -> dict[str, Any]:
        places = [] if self._bus is None else self._bus.figures()["places"]
        return {"rows": [_place(one) for one in places[:MOST_ROWS]], "hasMore": len(places) > MOST_ROWS}

    def _function(self, function: Function, origin: str) -> dict[str, Any]:
        attributes = function.trigger.attributes
        row = {"name": function.name, "trigger": function.trigger.type, "methods": None, "link": None}
        if function.trigger.type != HTTP:
            place = str(attributes.get("schedule") or attributes.get("queueName") or "")
            if attributes.get("topicName"):
                place = f"{attributes['topicName']}/subscriptions/{attributes.get('subscriptionName')}"
            return row | {"where": _cut(function.durable_name or place)}
        url = self._url_of(function, origin)
        methods = [str(method) for method in attributes.get("methods") or ()]
        can_be_visited = url is not None and "{" not in url and (not methods or "GET" in methods)
        return row | {
            "where": _cut(url or "left out: see the log"),
            "methods": ", ".join(methods) or "any method",
            "link": url if can_be_visited else None,
        }


class _Newest:
    """The newest instances of a hub that lists the oldest first.

    Where pages begin is remembered, so only the last ones are read again. An instance may leave a page (it is
    purged, or its status is no longer the one asked for): then the walk begins at the beginning.
    """

    def __init__(self, hub: TaskHub) -> None:
        self._hub = hub
        self._marks: dict[str, tuple[str | None, ...]] = {}

    async def of(self, status: str) -> tuple[list[InstanceStatus], bool]:
        """Those of one status, or all for an empty one, newest first; and whether there are more."""
        start = self._marks.get(status, ())[:-2] or (None,)
        found, marks = await self._walk(status, start)
        if len(found) <= MOST_ROWS and start != (None,):
            found, marks = await self._walk(status, (None,))
        self._marks[status] = marks
        found.reverse()
        return list(found)[:MOST_ROWS], len(found) > MOST_ROWS

    async def _walk(
        self, status: str, marks: tuple[str | None, ...]
    ) -> tuple[deque[InstanceStatus], tuple[str | None, ...]]:
        statuses = frozenset({status} if status else ())
        found: deque[InstanceStatus] = deque(maxlen=MOST_ROWS + 1)
        passed = list(marks)
        while True:
            page = await self._hub.instances(
                InstanceFilter(runtime_statuses=statuses, top=MOST_ROWS, continuation=passed[-1])
            )
            found.extend(page.instances)
            if page.continuation is None:
                return found, tuple(passed)
            passed.append(page.continuation)
            # A long walk must not keep the instances themselves from their work.
            await asyncio.sleep(0)


def _pulse(uptime: int, vitals: Vitals | None) -> str:
    up = f"up for {timedelta(seconds=uptime)}"
    return up if vitals is None else f"{vitals.live} live, {vitals.commits} commits, {up}"


def _instance(status: InstanceStatus) -> dict[str, Any]:
    return {
        "id": status.instance_id,
        "name": status.name,
        "status": status.runtime_status,
        "created": _when(status.created),
        "updated": _when(status.updated),
        "customStatus": _cut(status.custom_status_json or ""),
        "output": _cut(status.output_text or ""),
        "link": f"{WEBHOOK_ROOT}/instances/{quote(status.instance_id, safe='')}?{_ASKED}",
    }


def _entity(entity: EntityState) -> dict[str, Any]:
    # The management API says `$` for the key that is empty.
    key = quote(entity.key, safe="") or "$"
    return {
        "name": entity.name,
        "key": entity.key,
        "lastOperation": "" if entity.last_operation is None else _when(entity.last_operation),
        "state": _cut(entity.state_json or ""),
        "link": f"{WEBHOOK_ROOT}/entities/{quote(entity.name, safe='')}/{key}",
    }


def _place(one: dict[str, Any]) -> dict[str, Any]:
    figures = {name: str(one[name]) for name in ("active", "locked", "scheduled", "dead")}
    rules = _cut(" or ".join(one["rules"]))
    return figures | {"place": one["place"], "rules": rules, "link": f"/{ROOT}/{quote(one['place'])}"}


def _when(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"

"""The management API of entities: read, list, signal, delete."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from devhost.engine.errors import InvalidRequest
from devhost.engine.hub import EntityState, TaskHub
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.http.json_text import compact, parsed, shown
from devhost.http.queries import Query, entity_filter
from devhost.http.replies import ACCEPTED, NOT_FOUND

#: What an entity key stands for when it is empty.
EMPTY_KEY = "$"
_BAD_IN_KEY = frozenset("/\\#?")


@dataclass(frozen=True, slots=True)
class Entities:
    """Answers what comes in under `entities`."""

    hub: TaskHub

    async def answer(self, call: HttpCall, name: str = "", key: str = "") -> HttpReply:
        """The reply to a call whose path has this name and key, empty where it has none."""
        if call.method == "GET":
            return await (self._read(name, key) if key else self._list(call, name))
        if call.method not in {"POST", "DELETE"}:
            return NOT_FOUND
        _check(name, key)
        operation = "delete" if call.method == "DELETE" else Query(call).text("op") or ""
        await self.hub.signal_entity(name.lower(), key, operation, _operation_input(call))
        return ACCEPTED

    async def _read(self, name: str, key: str) -> HttpReply:
        found = await self.hub.entity(name.lower(), "" if key == EMPTY_KEY else key)
        return NOT_FOUND if found is None else json_reply(200, shown(found.state_json))

    async def _list(self, call: HttpCall, name: str) -> HttpReply:
        query = Query(call)
        fetch_state = query.truth("fetchState", otherwise=False)
        page = await self.hub.entities(entity_filter(call, query, name))
        listed = [_described(entity, fetch_state=fetch_state) for entity in page.entities]
        if page.continuation is None:
            return json_reply(200, listed)
        return json_reply(200, listed, ("x-ms-continuation-token", page.continuation))


def _described(entity: EntityState, *, fetch_state: bool) -> dict[str, Any]:
    last = entity.last_operation
    return {
        "entityId": {"name": entity.name, "key": entity.key},
        "lastOperationTime": None if last is None else f"{last.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
        "state": shown(entity.state_json) if fetch_state else None,
    }


def _check(name: str, key: str) -> None:
    if not name:
        raise InvalidRequest("The name of the entity is missing.")
    if any(letter in _BAD_IN_KEY or letter < " " or "\x7f" <= letter <= "\x9f" for letter in key):
        raise InvalidRequest("Entity keys must not contain /, \\, #, ?, or control characters.")


def _operation_input(call: HttpCall) -> str | None:
    if not call.body:
        return None
    if call.media_type == "application/json":
        return compact(parsed(call.body))
    return compact(call.body.decode("utf-8", "replace"))

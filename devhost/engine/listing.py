"""Pages of instances, for those who ask for many."""

import base64
import json

from devhost.engine.errors import InvalidRequest
from devhost.engine.history import instant, stamp
from devhost.engine.hub import EntityFilter, EntityPage, EntityState, InstanceFilter, InstancePage
from devhost.engine.instances import Instance, from_row
from devhost.storage import queries
from devhost.storage.queries import Listing
from devhost.storage.store import Store


def instance_named(store: Store, instance_id: str) -> Instance | None:
    """The instance as the file holds it."""
    row = queries.instance(store, instance_id)
    return None if row is None else from_row(row)


def instances_page(store: Store, wanted: InstanceFilter) -> InstancePage:
    """One page of the instances a filter lets through, oldest first."""
    listing = Listing(
        statuses=tuple(sorted(wanted.runtime_statuses)),
        created_from=None if wanted.created_from is None else stamp(wanted.created_from),
        created_to=None if wanted.created_to is None else stamp(wanted.created_to),
        id_prefix=wanted.id_prefix,
        after=None if wanted.continuation is None else _place(wanted.continuation),
        # One more than asked for tells whether there is another page.
        limit=None if wanted.top is None else wanted.top + 1,
    )
    found = [from_row(row) for row in queries.instances(store, listing)]
    continuation = None
    if wanted.top is not None and len(found) > wanted.top:
        found = found[: wanted.top]
        continuation = _token(found[-1].created, found[-1].id) if found else wanted.continuation
    return InstancePage(instances=tuple(instance.seen() for instance in found), continuation=continuation)


def entities_page(store: Store, wanted: EntityFilter) -> EntityPage:
    """One page of the entities a filter lets through, by id."""
    rows = queries.entities(
        store,
        name=wanted.name.lower(),
        since=None if wanted.last_operation_from is None else stamp(wanted.last_operation_from),
        until=None if wanted.last_operation_to is None else stamp(wanted.last_operation_to),
        after=None if wanted.continuation is None else _place(wanted.continuation)[1],
        limit=None if wanted.top is None else wanted.top + 1,
    )
    found = [_entity(row) for row in rows]
    continuation = None
    if wanted.top is not None and len(found) > wanted.top:
        found = found[: wanted.top]
        continuation = _token("", f"@{found[-1].name}@{found[-1].key}") if found else wanted.continuation
    return EntityPage(entities=tuple(found), continuation=continuation)


def _entity(row: tuple[str, str | None, str | None]) -> EntityState:
    identity, state, updated = row
    name, _, key = identity[1:].partition("@")
    last = None if updated is None else instant(updated)
    return EntityState(name=name, key=key, state_json=state, last_operation=last)


def _token(created: str, identity: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([created, identity]).encode()).decode()


def _place(token: str) -> tuple[str, str]:
    try:
        created, instance_id = json.loads(base64.urlsafe_b64decode(token.encode()))
        # Half a surrogate pair is JSON, but nothing the file could be asked for.
        f"{created}{instance_id}".encode()
    except (ValueError, TypeError) as error:
        raise InvalidRequest(
            f"The continuation token {token[:40]!r} is not one this host gave out: start the listing again."
        ) from error
    return str(created), str(instance_id)

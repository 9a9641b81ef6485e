"""Pages of instances, for those who ask for many."""

import base64
import json

from devhost.engine.errors import InvalidRequest
from devhost.engine.history import stamp
from devhost.engine.hub import InstanceFilter, InstancePage
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
        continuation = _token(found[-1]) if found else wanted.continuation
    return InstancePage(instances=tuple(instance.seen() for instance in found), continuation=continuation)


def _token(last: Instance) -> str:
    return base64.urlsafe_b64encode(json.dumps([last.created, last.id]).encode()).decode()


def _place(token: str) -> tuple[str, str]:
    try:
        created, instance_id = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError) as error:
        raise InvalidRequest(
            f"The continuation token {token[:40]!r} is not one this host gave out: start the listing again."
        ) from error
    return str(created), str(instance_id)

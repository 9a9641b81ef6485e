"""Why deliveries of a message came to nothing: the bus, which gives the message up, cannot know."""

import logging
from datetime import datetime
from hashlib import sha256

import msgspec

from dirigent.domain.events import Property
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category
from dirigent.ports.records import Records, Row, Values
from dirigent.records.unreadable import Unreadable, of_rows

DELIVERIES = "deliveries"
#: Of a sentence and of an id, so that neither fills a row.
LONGEST_SENTENCE, LONGEST_ID = 2_000, 500

log = logging.getLogger(__name__)


class Parcel(Message, frozen=True, kw_only=True):
    """A message as it came: what a dead letter is made of."""

    body: str
    #: The body is no text, and this is its base64.
    is_base64: bool = False
    content_type: str = ""
    properties: dict[str, Property] = msgspec.field(default_factory=dict)
    delivery_count: int = 0


class Cause(Message, frozen=True, kw_only=True):
    """Why a delivery came to nothing."""

    category: Category
    #: In one word.
    reason: str
    #: In a sentence, for people.
    description: str
    #: Which delivery of the message it was, from 1.
    delivery_count: int
    noted_at: datetime


class Deliveries:
    """Notes, finds and forgets the cause of a message's last delivery that failed."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def note(self, subscription: str, account: str, message: str, cause: Cause) -> None:
        """Write the cause down, over what was noted of the delivery before."""
        values: Values = {
            "message": _whole(message)[:LONGEST_ID],
            "category": str(cause.category),
            "reason": cause.reason,
            "description": _whole(cause.description)[:LONGEST_SENTENCE],
            "delivery_count": cause.delivery_count,
            "noted_at": cause.noted_at,
        }
        await self._records.merge(DELIVERIES, subscription, _key(account, message), values)

    async def find(self, subscription: str, account: str, message: str) -> Cause | None:
        """What was noted, None where nothing was or it cannot be read any more."""
        row = await self._records.get(DELIVERIES, subscription, _key(account, message))
        try:
            return None if row is None else _cause_of(row)
        except Unreadable as error:
            # It explains, and decides nothing: the message is buried without.
            log.warning("What was noted of a delivery is left out: %s", error)
            return None

    async def forget(self, subscription: str, account: str, message: str) -> None:
        """Nobody asks for it any more."""
        await self._records.delete(DELIVERIES, subscription, _key(account, message))


def _whole(text: str) -> str:
    # Half of a character can be kept by no store.
    return text.encode("utf-8", "replace").decode()


def _key(account: str, message: str) -> str:
    # Ids are their senders' choice: two accounts may choose the same.
    return sha256(f"{account}\n{message}".encode("utf-8", "replace")).hexdigest()


@of_rows("delivery")
def _cause_of(row: Row) -> Cause:
    noted_at = row.values["noted_at"]
    if not isinstance(noted_at, datetime):
        raise TypeError(f"The delivery {row.key!r} has no instant.")
    return Cause(
        category=Category(str(row.values["category"])),
        reason=str(row.values["reason"]),
        description=str(row.values["description"]),
        delivery_count=int(str(row.values["delivery_count"])),
        noted_at=noted_at,
    )

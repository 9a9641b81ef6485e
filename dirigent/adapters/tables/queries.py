"""Which rows to look for, in the words of Azure Tables, and where the next page begins."""

import base64
import binascii
from hashlib import sha256

import msgspec

from dirigent.adapters.tables.entities import kept_text
from dirigent.domain.messages import Message
from dirigent.ports.records import TokenRefused, Values

#: Characters of a text that the service is asked to compare: a filter is part of an address, which ends.
LONGEST_COMPARED = 200


class Place(Message, frozen=True, kw_only=True):
    """Where the service says that the next page begins."""

    partition: str | None
    key: str | None


class Query(Message, frozen=True, kw_only=True):
    """What somebody looks for."""

    table: str
    partition: str | None
    first: str | None
    last: str | None
    where: dict[str, str]

    def filter(self) -> str:
        """The condition, empty where every row fits."""
        # Azure compares texts by their UTF-16 units: an emoji comes before U+E000 to U+FFFF, which Python
        # sorts first. Without a partition it goes through the whole table, whatever else is asked for.
        bounds = (("PartitionKey eq", self.partition), ("RowKey ge", self.first), ("RowKey le", self.last))
        conditions = [f"{name} {literal(text)}" for name, text in bounds if text is not None]
        conditions += [_equality(name, text) for name, text in sorted(self.where.items())]
        return " and ".join(filter(None, conditions))

    def fits(self, values: Values) -> bool:
        """Whether the values are those that were asked for."""
        # The service rules most others out, but compares no long texts; the emulator, a number with a text.
        return all(values.get(name) == text for name, text in self.where.items())

    def token(self, place: Place) -> str:
        """What to ask the next page with."""
        parts = [self._seal(place), place.partition, place.key]
        return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode()

    def place(self, token: str | None) -> Place | None:
        """Where the page begins; `TokenRefused` where the token is not of this query."""
        if token is None:
            return None
        try:
            text = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
            seal, partition, key = msgspec.json.decode(text, type=tuple[str, str | None, str | None])
        except (UnicodeError, binascii.Error, msgspec.DecodeError) as error:
            raise TokenRefused(token) from error
        place = Place(partition=partition, key=key)
        if seal != self._seal(place):
            raise TokenRefused(token)
        return place

    def _seal(self, place: Place) -> str:
        asked = [self.table, self.partition, self.first, self.last, sorted(self.where.items())]
        return sha256(msgspec.json.encode([asked, place.partition, place.key])).hexdigest()[:16]


def literal(value: str | bytes) -> str:
    """The value as a filter says it."""
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return "'" + value.replace("'", "''") + "'"


def _equality(name: str, text: str) -> str:
    kept = kept_text(text)
    if len(kept) <= LONGEST_COMPARED:
        return f"{name} eq {literal(kept)}"
    # No text is smaller than its own beginning.
    return f"{name} ge {literal(kept[:LONGEST_COMPARED])}" if isinstance(kept, str) else ""

"""Rows as Azure Tables keeps them: entities of properties, each of a type of its own."""

import logging
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dirigent.ports.records import Row, Value, Values

#: By what an insert, or the last merge, is told from all others; no value may be called so.
ORIGIN, MARK = "DirigentOrigin", "DirigentMark"

_HIDDEN = frozenset({"PartitionKey", "RowKey", "Timestamp", ORIGIN, MARK})
#: Characters that XML, which the service once spoke, has no place for.
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: Anything else is no row's etag, above all `*`, which would be everybody's.
_ETAG = re.compile(r'W/"[\x21\x23-\x7e]{1,200}"')
_INTEGER, _BINARY = "Edm.Int64", "Edm.Binary"

Entity = dict[str, Any]

log = logging.getLogger(__name__)


def entity(partition: str, key: str, values: Values, **marks: str) -> Entity:
    """What to send for a row of these values."""
    kept = {name: _packed(value) for name, value in values.items()}
    return {"PartitionKey": partition, "RowKey": key, **kept, **marks}


def kept_text(text: str) -> str | bytes:
    """The text as it is kept and compared: as bytes where its characters may not survive as a text."""
    # In UTF-16, 32,000 characters are no more bytes than a property has room for.
    return text.encode("utf-16-le") if _ODD.search(text) else text


def is_etag(text: str) -> bool:
    """Whether a row may have this etag."""
    return _ETAG.fullmatch(text) is not None


def row(found: Mapping[str, Any], etag: str) -> Row:
    """The row that was found; without values where somebody spoilt it."""
    partition, key = str(found["PartitionKey"]), str(found["RowKey"])
    try:
        values = {name: _unpacked(value) for name, value in found.items() if name not in _HIDDEN}
    except (TypeError, ValueError) as error:
        log.warning("The row %r of %r is spoilt.", key, partition, exc_info=error)
        values = {}
    return Row(partition=partition, key=key, values=values, etag=etag)


def _packed(value: Value) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        # The SDK's own choice has 32 bits.
        return value, _INTEGER
    if isinstance(value, str):
        kept = kept_text(value)
        return kept if isinstance(kept, str) else (kept, _BINARY)
    return value


def _unpacked(value: object) -> Value:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, tuple) and value[1] == _INTEGER:
        return int(value[0])
    if isinstance(value, bytes):
        return value.decode("utf-16-le")
    if isinstance(value, datetime):
        # Of a class of the SDK's, which says nothing more.
        return datetime.combine(value.date(), value.timetz())
    # No integer is kept without its type: a number that looks like one is a fraction that lost its point.
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    raise TypeError(f"A value of {type(value).__name__} is not Dirigent's.")

"""What Service Bus takes; every bus refuses the rest before anything is sent."""

import math
import re

from dirigent.domain.events import BusMessage, Property
from dirigent.ports.bus import LARGEST_MESSAGE, BusRefused

LONGEST_ID = 128
#: Bytes of one property, and of all that a message says beside its body.
LARGEST_PROPERTY, LARGEST_HEADER = 32_767, 65_535
#: Seconds that a message may live; beyond them the bus has no form for a time.
_SHORTEST, _LONGEST = 0.001, 10_675_199 * 86_400.0
#: Whole numbers beyond these have no form on the bus.
_LEAST, _MOST = -(2**63), 2**63 - 1
#: Bytes that the bus's own form adds, at most: to a message, and to each property.
_FRAME, _FRAME_OF_PROPERTY = 128, 8
#: Queues and topics, perhaps in folders.
_TOPIC = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_LONGEST_TOPIC = 260


def size_of(message: BusMessage) -> int:
    """Bytes of the message as the bus counts it, rather too many than too few."""
    return len(message.body) + _header(message)


def check(topic: str, message: BusMessage) -> None:
    """`BusRefused` where no bus would take the message."""
    if len(topic) > _LONGEST_TOPIC or not _TOPIC.fullmatch(topic):
        raise BusRefused("unknown_topic", f"No topic can be called {topic!r:.200}.")
    name = f"The message {message.id!r:.200}"
    if not 0 < len(message.id) <= LONGEST_ID:
        raise BusRefused(
            "refused", f"{name} has an id of {len(message.id)} characters, not 1 to {LONGEST_ID}."
        )
    if message.time_to_live is not None and not _SHORTEST <= message.time_to_live <= _LONGEST:
        raise BusRefused(
            "refused", f"{name} is to live {message.time_to_live:g} s, which is no time the bus knows."
        )
    _check_texts(name, message)
    for key, value in message.properties.items():
        _check_property(name, key, value)
    if (size := _header(message)) > LARGEST_HEADER:
        told = f"{name} has properties of {size} bytes"
        raise _too_large(told, LARGEST_HEADER, "put what is large into its data")
    if (size := size_of(message)) > LARGEST_MESSAGE:
        told = f"{name} has {size} bytes with its properties"
        raise _too_large(told, LARGEST_MESSAGE, "tell where the data lies rather than the data")


def text_of(value: Property) -> str:
    """A property's value, as it is written down."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_texts(name: str, message: BusMessage) -> None:
    values = [value for value in message.properties.values() if isinstance(value, str)]
    said = (message.id, message.subject, message.correlation_id, message.content_type)
    try:
        "".join([*said, *message.properties, *values]).encode()
    except UnicodeEncodeError:
        raise BusRefused("refused", f"{name} says half a character, which has no form on the bus.") from None


def _check_property(name: str, key: str, value: Property) -> None:
    if not key:
        raise BusRefused("refused", f"{name} has a property without a name.")
    if len(text_of(value).encode()) > LARGEST_PROPERTY:
        told = f"{name} has a property {key!r:.200} that is larger"
        raise _too_large(told, LARGEST_PROPERTY, "put what is large into its data")
    is_odd = isinstance(value, float) and not math.isfinite(value)
    if is_odd or (isinstance(value, int) and not _LEAST <= value <= _MOST):
        raise BusRefused("refused", f"{name} has a property {key!r:.200} that is no number the bus knows.")


def _header(message: BusMessage) -> int:
    said = (message.id, message.subject, message.correlation_id, message.content_type)
    properties = sum(
        len(key.encode()) + len(text_of(value).encode()) + _FRAME_OF_PROPERTY
        for key, value in message.properties.items()
    )
    return _FRAME + sum(len(text.encode()) for text in said) + properties


def _too_large(told: str, most: int, remedy: str) -> BusRefused:
    return BusRefused("too_large", f"{told}, and the bus takes {most}: {remedy}.")

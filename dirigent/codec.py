"""Messages to JSON and back; the only file that knows the wire."""

from threading import Lock
from typing import Any, TypeVar

import msgspec

from dirigent.domain.messages import Message

Kind = TypeVar("Kind")

_lock = Lock()
_learnt: set[Any] = set()


class Undecodable(ValueError):
    """What came over the wire is not what was expected; the text names the field."""


def encode(message: Message | tuple[Message, ...]) -> Any:
    """The message as JSON values: dicts, lists, texts, numbers."""
    return msgspec.to_builtins(message)


def decode(kind: type[Kind], values: Any) -> Kind:
    """The message of that kind; `kind` may be a union."""
    _learn(kind)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise Undecodable(str(error)) from error


def to_json(value: Any) -> bytes:
    """JSON text of a message or of JSON values, with the keys in their order."""
    return msgspec.json.encode(value)


def from_json(kind: type[Kind], text: bytes | str) -> Kind:
    """What the JSON text holds, as the kind; `dict` and `object` are kinds too."""
    _learn(kind)
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error
    except RecursionError as error:
        raise Undecodable("JSON is nested too deeply") from error


def _learn(kind: Any) -> None:
    # msgspec lays a struct out when it is first met. A thread that finds it half laid out follows a null
    # pointer and takes the process with it; gates and runs are decoded by many threads at once.
    if kind in _learnt:
        return
    with _lock:
        msgspec.json.Decoder(kind)
        _learnt.add(kind)

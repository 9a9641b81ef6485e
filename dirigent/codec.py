"""Messages to JSON and back; the only file that knows the wire."""

from typing import Any, TypeVar

import msgspec

from dirigent.domain.messages import Message

Kind = TypeVar("Kind")


class Undecodable(ValueError):
    """What came over the wire is not what was expected; the text names the field."""


def encode(message: Message | tuple[Message, ...]) -> Any:
    """The message as JSON values: dicts, lists, texts, numbers."""
    return msgspec.to_builtins(message)


def decode(kind: type[Kind], values: Any) -> Kind:
    """The message of that kind; `kind` may be a union."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise Undecodable(str(error)) from error


def to_json(value: Any) -> bytes:
    """JSON text of a message or of JSON values, with the keys in their order."""
    return msgspec.json.encode(value)


def from_json(kind: type[Kind], text: bytes | str) -> Kind:
    """What the JSON text holds, as the kind; `dict` and `object` are kinds too."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error
    except RecursionError as error:
        raise Undecodable("JSON is nested too deeply") from error

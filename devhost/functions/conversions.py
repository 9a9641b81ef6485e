"""Values to and from the SDK's converters, chosen as Azure's worker chooses them."""

from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

GENERIC = "generic"
#: The SDK does not annotate it.
_registry: Callable[[], Any] = func.get_binding_registry
_NO_METADATA: Mapping[str, Datum] = {}


def _converter(binding_type: str) -> Any:
    return None if binding_type == GENERIC else _registry().get(binding_type)


def has_implicit_output(binding_type: str) -> bool:
    """Whether a function may return a value for this binding without a `$return`."""
    converter = _converter(binding_type)
    if converter is None:
        return True
    # Converters that only write have no such method.
    return bool(getattr(converter, "has_implicit_output", lambda: False)())


def accepts_input(binding_type: str, annotation: Any) -> bool:
    converter = _converter(binding_type)
    if converter is None:
        return issubclass(annotation, str | bytes)
    return bool(converter.check_input_type_annotation(annotation))


def accepts_output(binding_type: str, annotation: Any) -> bool:
    converter = _converter(binding_type)
    if converter is None:
        return issubclass(annotation, str | bytes | bytearray)
    return bool(converter.check_output_type_annotation(annotation))


def decode(binding_type: str, datum: Datum, metadata: Mapping[str, Datum] = _NO_METADATA) -> Any:
    """The argument a function receives."""
    converter = _converter(binding_type)
    if converter is not None:
        return converter.decode(datum, trigger_metadata=metadata)
    if datum.type not in {"string", "bytes", "json", None}:
        raise ValueError(f'unexpected type of data received for the "generic" binding : {datum.type!r}')
    return datum.value


def encode(binding_type: str, value: Any) -> Datum:
    """What goes out for a returned value or an out parameter."""
    converter = _converter(binding_type)
    if converter is None:
        return _encode_generic(value)
    try:
        encoded: Datum = converter.encode(value, expected_type=None)
    except NotImplementedError:
        kind = type(value).__name__
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{converter}" for Python type "{kind}"'
        ) from None
    return encoded


def _encode_generic(value: Any) -> Datum:
    if value is None:
        return Datum(None, None)
    if isinstance(value, str):
        return Datum(value, "string")
    if isinstance(value, bytes | bytearray):
        return Datum(bytes(value), "bytes")
    kind = type(value).__name__
    raise TypeError(
        f'unable to encode outgoing TypedData: unsupported type "{GENERIC}" for Python type "{kind}"'
    )

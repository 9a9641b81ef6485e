"""The body of a request, read as what it should be."""

import re
from typing import TypeVar

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.modelserver.errors import ApiError

Kind = TypeVar("Kind", bound=Message)

_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>\w+)`")


def read(kind: type[Kind], body: bytes) -> Kind:
    """The body as that kind; an `ApiError` that names the parameter when it is none."""
    try:
        return codec.from_json(kind, body)
    except codec.Undecodable as error:
        raise _refused(str(error)) from error


def _refused(problem: str) -> ApiError:
    place, missing = _PLACE.search(problem), _MISSING.search(problem)
    is_of_a_field = place is not None or missing is not None
    if not is_of_a_field:
        return ApiError(400, f"We could not parse the JSON body of your request: {problem}.")
    path = place["place"] if place else ""
    if missing is not None:
        name = f"{path}.{missing['name']}" if path else missing["name"]
        return ApiError(
            400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )
    what = _PLACE.sub("", problem)
    return ApiError(400, f"Invalid value for '{path}': {what}.", param=path or None, code="invalid_value")

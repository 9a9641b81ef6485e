"""A JSON schema, read as a tree of what is to be filled in."""

import json
import math
from typing import Any

from dirigent.domain.messages import Message
from dirigent.domain.steps import FieldType
from dirigent.modelserver.budgets import Budget, Overspent
from dirigent.modelserver.errors import ApiError

#: What cannot be promised of a scripted answer.
_BEYOND = (
    "allOf",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "minProperties",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "uniqueItems",
)
_LEAVES: dict[str, FieldType] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_DEEPEST = 32

#: Formats, and a text of each that no data can spoil.
_FORMATS = {
    "date": "2030-01-01",
    "date-time": "2030-01-01T12:00:00Z",
    "duration": "P1D",
    "email": "scripted@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "uri": "https://example.com/scripted",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class Fixed(Message, frozen=True, kw_only=True):
    """One value and no other."""

    value: Any


class Leaf(Message, frozen=True, kw_only=True):
    """A value that the model finds."""

    #: The properties and lists it stands in, and its own name.
    path: tuple[str, ...]
    type: FieldType
    description: str = ""
    one_of: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    #: Of a text its length, of a list how many texts it has.
    shortest: int = 0
    longest: int | None = None


class Listing(Message, frozen=True, kw_only=True):
    """The same over and over."""

    item: "Node"
    shortest: int = 0


class Branch(Message, frozen=True, kw_only=True):
    """An object of named parts."""

    parts: dict[str, "Node"]


Node = Fixed | Leaf | Listing | Branch


class _Endless(Exception):
    """The schema stands within itself here."""


def read(schema: dict[str, Any], param: str, budget: Budget | None = None) -> Branch:
    """The schema of an object; an `ApiError` about that parameter where it asks for too much."""
    try:
        node = _Reader(schema, param, budget or Budget()).node(schema, (), ())
    except Overspent as error:
        raise _invalid(param, (), str(error)) from error
    except (OverflowError, ValueError) as error:
        raise _invalid(param, (), "it holds a number that is too large") from error
    except _Endless as error:
        raise _invalid(param, (), "it stands within itself without an end") from error
    except RecursionError as error:
        raise _invalid(param, (), "it is nested too deeply") from error
    if not isinstance(node, Branch):
        raise _invalid(param, (), "it must be a JSON Schema of 'type: \"object\"'")
    return node


def _invalid(param: str, path: tuple[str, ...], problem: str) -> ApiError:
    place = f" at '{'.'.join(path)}'" if path else ""
    return ApiError(400, f"Invalid schema for '{param}'{place}: {problem}.", param=param)


class _Reader:
    def __init__(self, root: dict[str, Any], param: str, budget: Budget) -> None:
        self._root, self._param, self._budget = root, param, budget

    def node(self, schema: Any, path: tuple[str, ...], within: tuple[str, ...]) -> Node:
        """The tree under a schema; `within` are the definitions it stands in."""
        if not isinstance(schema, dict) or len(path) > _DEEPEST:
            raise _invalid(self._param, path, "here a schema must stand, at most 32 deep")
        self._budget.spend(1, len(_described(schema)))
        if "$ref" in schema:
            return self._definition(schema["$ref"], path, within)
        if beyond := [word for word in _BEYOND if word in schema]:
            raise _invalid(self._param, path, f"the scripted model does not know '{beyond[0]}'")
        if "anyOf" in schema:
            return self._first_of(schema["anyOf"], path, within)
        if "const" in schema:
            return self._fixed(schema["const"])
        if "enum" in schema:
            return self._one_of(schema, path)
        return self._typed(schema, path, within)

    def _typed(self, schema: dict[str, Any], path: tuple[str, ...], within: tuple[str, ...]) -> Node:
        kind = schema.get("type", "object" if "properties" in schema or not path else "string")
        if isinstance(kind, list):
            kinds = [one for one in kind if one != "null"] or ["null"]
            kind = kinds[0]
        if kind == "null":
            return Fixed(value=None)
        if kind == "object":
            return self._branch(schema, path, within)
        if kind == "array":
            return self._listing(schema, path, within)
        if not isinstance(kind, str) or kind not in _LEAVES:
            raise _invalid(self._param, path, f"{kind!r} is no type")
        return self._leaf(schema, path, _LEAVES[kind])

    def _definition(self, ref: Any, path: tuple[str, ...], within: tuple[str, ...]) -> Node:
        if ref in within:
            raise _Endless
        self._budget.spend(0, len(str(ref)))
        found: Any = self._root
        for name in str(ref).removeprefix("#").strip("/").split("/") if ref != "#" else ():
            found = found.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not str(ref).startswith("#") or found is None:
            raise _invalid(self._param, path, f"it has no definition {ref!r}")
        return self.node(found, path, (*within, str(ref)))

    def _first_of(self, options: Any, path: tuple[str, ...], within: tuple[str, ...]) -> Node:
        if not isinstance(options, list) or not options:
            raise _invalid(self._param, path, "'anyOf' needs a list of schemas")
        self._budget.spend(len(options))
        # Nothing is the last resort, and where a schema stands within itself the end of it.
        for option in sorted(options, key=lambda option: option == {"type": "null"}):
            try:
                return self.node(option, path, within)
            except _Endless:
                continue
        raise _Endless

    def _one_of(self, schema: dict[str, Any], path: tuple[str, ...]) -> Node:
        values = schema["enum"]
        if not isinstance(values, list) or not values:
            raise _invalid(self._param, path, "'enum' needs a list of values")
        texts = tuple(value for value in values if isinstance(value, str))
        if not texts:
            return self._fixed(values[0])
        self._budget.spend(len(values), sum(map(len, texts)) + sum(map(len, path)))
        return Leaf(path=path, type="string", description=_described(schema), one_of=texts)

    def _fixed(self, value: Any) -> Fixed:
        self._budget.spend(0, len(json.dumps(value)))
        return Fixed(value=value)

    def _branch(self, schema: dict[str, Any], path: tuple[str, ...], within: tuple[str, ...]) -> Node:
        properties, needed = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(needed, list):
            raise _invalid(self._param, path, "'properties' needs an object, and 'required' a list")
        self._budget.spend(len(properties) + len(needed), sum(map(len, properties)))
        if lacking := [name for name in needed if not isinstance(name, str) or name not in properties]:
            raise _invalid(self._param, path, f"'required' names {lacking[0]!r}, which is no property")
        parts: dict[str, Node] = {}
        for name, part in properties.items():
            try:
                parts[name] = self.node(part, (*path, name), within)
            except _Endless:
                if name in needed:
                    raise
        return Branch(parts=parts)

    def _listing(self, schema: dict[str, Any], path: tuple[str, ...], within: tuple[str, ...]) -> Node:
        shortest, longest = _whole(schema, "minItems") or 0, _whole(schema, "maxItems")
        self._demand_room(path, shortest, longest)
        if longest == 0:
            return Fixed(value=[])
        items = schema.get("items", {"type": "string"})
        if _takes_texts(items):
            told = _described(schema)
            self._budget.spend(max(shortest, 0), sum(map(len, path)))
            return Leaf(path=path, type="list", description=told, shortest=shortest, longest=longest)
        try:
            with self._budget.repeated(shortest):
                return Listing(item=self.node(items, path, within), shortest=shortest)
        except _Endless:
            if shortest:
                raise
            return Fixed(value=[])

    def _leaf(self, schema: dict[str, Any], path: tuple[str, ...], kind: FieldType) -> Node:
        form = schema.get("format")
        if kind == "string" and form is not None:
            if not isinstance(form, str) or form not in _FORMATS:
                raise _invalid(self._param, path, f"the scripted model does not know the format {form!r}")
            return Fixed(value=_FORMATS[form])
        least, most = _bound(schema, "minimum", kind), _bound(schema, "maximum", kind)
        shortest, longest = _whole(schema, "minLength") or 0, _whole(schema, "maxLength")
        self._demand_room(path, least, most)
        self._demand_room(path, shortest, longest)
        self._budget.spend(0, max(shortest, 0) + sum(map(len, path)))
        told = _described(schema)
        if not told and least is not None and most is not None:
            told = f"{least:g} to {most:g}"
        return Leaf(
            path=path,
            type=kind,
            description=told,
            least=least,
            most=most,
            shortest=shortest,
            longest=longest,
        )

    def _demand_room(self, path: tuple[str, ...], least: float | None, most: float | None) -> None:
        if least is not None and most is not None and least > most:
            raise _invalid(self._param, path, f"nothing lies between {least:g} and {most:g}")


def _takes_texts(schema: Any) -> bool:
    """Whether any text will do, perhaps beside other things."""
    options = schema.get("anyOf", [schema]) if isinstance(schema, dict) else None
    return isinstance(options, list) and ({"type": "string"} in options or {} in options)


def _described(schema: dict[str, Any]) -> str:
    told = schema.get("description")
    return told if isinstance(told, str) else ""


def _whole(schema: dict[str, Any], name: str) -> int | None:
    value = schema.get(name)
    return value if isinstance(value, int) else None


def _bound(schema: dict[str, Any], name: str, kind: FieldType) -> float | None:
    """The least or the most that may itself be reached."""
    closed, open_ = schema.get(name), schema.get(f"exclusive{name.capitalize()}")
    upwards = name == "minimum"
    whole = math.ceil if upwards else math.floor
    value = None
    if isinstance(open_, int | float):
        step = 1 if kind == "integer" and float(open_).is_integer() else 0 if kind == "integer" else 1e-6
        value = open_ + (step if upwards else -step)
    elif isinstance(closed, int | float):
        value = closed
    return whole(value) if value is not None and kind == "integer" else value

"""A JSON schema, read as a tree of what is to be filled in."""

from typing import Any

import pytest

from dirigent.modelserver.budgets import Budget
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.schemas import Branch, Fixed, Leaf, Listing, Node, read


def part(schema: Any, **definitions: Any) -> Node:
    """What the schema of a property becomes."""
    root = {"type": "object", "properties": {"it": schema}, "required": ["it"], "$defs": definitions}
    return read(root, "response_format").parts["it"]


def refused(schema: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        part(schema)
    return caught.value


@pytest.mark.parametrize(
    ("schema", "leaf"),
    [
        ({"type": "string", "description": "Why."}, Leaf(path=("it",), type="string", description="Why.")),
        ({"type": "integer"}, Leaf(path=("it",), type="integer")),
        ({"type": "number"}, Leaf(path=("it",), type="number")),
        ({"type": "boolean"}, Leaf(path=("it",), type="boolean")),
        ({"enum": ["a", "b"]}, Leaf(path=("it",), type="string", one_of=("a", "b"))),
        ({"type": ["string", "null"], "enum": ["a", None]}, Leaf(path=("it",), type="string", one_of=("a",))),
        ({"type": ["null", "integer"]}, Leaf(path=("it",), type="integer")),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, Leaf(path=("it",), type="integer")),
        ({"type": "array", "items": {"type": "string"}}, Leaf(path=("it",), type="list")),
        (
            {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}, "maxItems": 2},
            Leaf(path=("it",), type="list", longest=2),
        ),
        (
            {"type": "string", "minLength": 2, "maxLength": 9},
            Leaf(path=("it",), type="string", shortest=2, longest=9),
        ),
        (
            {"type": "number", "minimum": 0, "maximum": 10},
            Leaf(path=("it",), type="number", description="0 to 10", least=0, most=10),
        ),
        (
            {"type": "integer", "exclusiveMinimum": 0, "maximum": 9.5, "description": "So."},
            Leaf(path=("it",), type="integer", description="So.", least=1, most=9),
        ),
    ],
)
def test_reads_what_the_model_can_find(schema: Any, leaf: Leaf) -> None:
    assert part(schema) == leaf


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 5}, 5),
        ({"enum": [2, 3]}, 2),
        ({"type": "null"}, None),
        ({"type": "string", "format": "date"}, "2030-01-01"),
        ({"type": "array", "items": {"type": "number"}, "maxItems": 0}, []),
    ],
)
def test_what_has_one_value_is_not_asked_for(schema: Any, value: object) -> None:
    assert part(schema) == Fixed(value=value)


def test_reads_lists_and_objects_within_each_other() -> None:
    item = {"type": "object", "properties": {"size": {"type": "integer"}}}

    node = part({"type": "array", "minItems": 2, "items": item})

    leaf = Leaf(path=("it", "size"), type="integer")
    assert node == Listing(item=Branch(parts={"size": leaf}), shortest=2)


def test_follows_definitions_and_ends_where_they_stand_within_themselves() -> None:
    tree = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "parent": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
            "branches": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
            "twin": {"$ref": "#/$defs/tree"},
        },
        "required": ["name", "parent", "branches"],
    }

    node = part({"$ref": "#/$defs/tree"}, tree=tree)

    name = Leaf(path=("it", "name"), type="string")
    assert node == Branch(parts={"name": name, "parent": Fixed(value=None), "branches": Fixed(value=[])})


def test_an_object_of_nothing_is_an_object() -> None:
    assert read({}, "tools[0].function.parameters") == Branch(parts={})


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "string", "pattern": "^a$"}, "'pattern'"),
        ({"oneOf": []}, "'oneOf'"),
        ({"type": "string", "format": "iban"}, "'iban'"),
        ({"type": "text"}, "'text' is no type"),
        ({"$ref": "#/$defs/none"}, "no definition"),
        ({"$ref": "https://example.org/a"}, "no definition"),
        ({"$ref": "#"}, "within itself"),
        ({"anyOf": []}, "'anyOf'"),
        ({"enum": []}, "'enum'"),
        ({"type": "object", "required": ["a"]}, "'a', which is no property"),
        ({"type": "object", "properties": []}, "'properties'"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "nothing lies between"),
        (5, "a schema must stand"),
    ],
)
def test_refuses_what_it_cannot_promise(schema: Any, problem: str) -> None:
    error = refused(schema)

    assert (error.status, error.param) == (400, "response_format")
    assert problem in error.message


def test_names_the_place() -> None:
    assert "at 'it.size'" in refused({"type": "object", "properties": {"size": {"not": {}}}}).message


def test_refuses_what_is_no_object_or_too_deep() -> None:
    deep: dict[str, Any] = {"type": "string"}
    folded: dict[str, Any] = {"type": "object"}
    for _ in range(900):
        deep = {"type": "object", "properties": {"a": deep}}
        folded = {"anyOf": [folded]}

    for schema in ({"type": "array"}, deep, folded):
        with pytest.raises(ApiError):
            read(schema, "response_format")


def doubling() -> dict[str, Any]:
    """Each definition uses the next one twice."""
    folds: dict[str, Any] = {"d28": {"type": "string"}}
    for place in range(28):
        twice = {"$ref": f"#/$defs/d{place + 1}"}
        folds[f"d{place}"] = {"type": "object", "properties": {"x": twice, "y": twice}}
    return {"type": "object", "properties": {"it": {"$ref": "#/$defs/d0"}}, "$defs": folds}


def holding(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"it": schema}}


def listed(least: int, items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "items": items}


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (doubling(), "5,000 schemas"),
        (holding({"enum": [str(number) for number in range(50_000)]}), "5,000 schemas"),
        (holding({"anyOf": [{"type": "null"}] * 50_000}), "5,000 schemas"),
        (holding(listed(10**9, {"type": "string"})), "5,000 schemas"),
        (holding(listed(10**9, {"type": "integer"})), "5,000 schemas"),
        (holding(listed(3_000, listed(3_000, {"type": "integer"}))), "5,000 schemas"),
        (holding({"type": "string", "minLength": 2 * 10**9}), "120,000 characters"),
        (holding(listed(100, {"type": "string", "minLength": 2_000})), "120,000 characters"),
        (holding(listed(100, {"const": "a" * 2_000})), "120,000 characters"),
        (holding({"enum": ["a" * 200_000]}), "120,000 characters"),
        (holding({"type": "string", "description": "a" * 200_000}), "120,000 characters"),
        (holding({"type": "integer", "minimum": 10**400, "maximum": 10**401}), "a number that is too large"),
        (holding({"type": "number", "exclusiveMinimum": 10**400}), "a number that is too large"),
        (holding({"const": 10**5_000}), "a number that is too large"),
    ],
)
def test_refuses_what_asks_for_more_than_a_machine_holds(schema: dict[str, Any], problem: str) -> None:
    with pytest.raises(ApiError, match=problem) as caught:
        read(schema, "response_format")

    assert (caught.value.status, caught.value.param) == (400, "response_format")


def test_schemas_of_one_request_share_what_they_may_ask_for() -> None:
    budget = Budget()
    schema = holding({"enum": [str(number) for number in range(3_000)]})
    read(schema, "tools[0]", budget)

    with pytest.raises(ApiError) as caught:
        read(schema, "tools[1]", budget)

    assert caught.value.param == "tools[1]"

from types import MappingProxyType

import pytest

from devhost.functions.catalog import HTTP, Binding, Function
from devhost.http.routes import RouteRefused, RouteTable, route_table


def function(name: str, route: str | None = None, *methods: str) -> Function:
    attributes = MappingProxyType({"route": route, "methods": list(methods) or None})
    trigger = Binding(type=HTTP, name="req", attributes=attributes)
    return Function(
        name=name,
        trigger=trigger,
        bindings=(trigger,),
        call=print,
        is_async=False,
        directory=".",
        wants_context=False,
    )


def goes_to(table: RouteTable, method: str, path: str) -> str | None:
    match = table.match(method, path)
    return None if match is None else match.function.name


def test_the_route_defaults_to_the_name_under_the_prefix() -> None:
    table = route_table([function("Hello"), function("Empty", "  ")])

    assert goes_to(table, "GET", "/api/hello") == "Hello"
    assert goes_to(table, "GET", "/api/empty") == "Empty"
    assert goes_to(table, "GET", "/hello") is None


@pytest.mark.parametrize(
    ("prefix", "route", "path"),
    [
        ("", "x/{id}", "/x/1"),
        ("", "/x/{id}", "/x/1"),
        ("v1/svc", "x/{id}", "/V1/svc/x/1"),
        ("", "{*all}", "/x/y"),
    ],
)
def test_the_prefix_may_be_anything_or_nothing(prefix: str, route: str, path: str) -> None:
    assert goes_to(route_table([function("f", route)], prefix=prefix), "GET", path) == "f"


def test_a_method_the_route_does_not_take_is_not_found() -> None:
    table = route_table([function("f", "x", "get", "POST")])

    assert goes_to(table, "get", "/api/x") == "f"
    assert [goes_to(table, m, "/api/x") for m in ("DELETE", "HEAD", "OPTIONS")] == [None] * 3
    assert table.methods_at("/api/x") == ("GET", "POST")
    assert table.methods_at("/api/y") == ()


def test_one_route_may_have_a_function_for_each_method() -> None:
    table = route_table([function("a", "x/{id}", "GET"), function("b", "x/{id}", "PUT")])

    assert not table.dropped
    assert not table.warnings
    assert [goes_to(table, m, "/api/x/1") for m in ("GET", "PUT")] == ["a", "b"]


def test_of_two_functions_with_one_route_the_later_name_is_dropped() -> None:
    table = route_table(
        [function("b", "/X/{id}/", "POST"), function("A", "x/{ID}", "GET", "POST")], prefix=""
    )

    assert [route.function.name for route in table.routes] == ["A"]
    [(name, reason)] = table.dropped
    assert name == "b"
    assert "conflicts with the route defined by function 'A'" in reason
    assert "routes of their own" in reason


@pytest.mark.parametrize("route", ["admin", "Administration/x", "runtime/x"])
def test_routes_of_the_host_are_dropped(route: str) -> None:
    [(name, reason)] = route_table([function("f", route)]).dropped

    assert name == "f"
    assert "built in routes" in reason


def test_tries_routes_in_the_order_of_names_as_azure_does_and_warns_of_the_hidden() -> None:
    hidden = [function("b_new", "items/new"), function("A_one", "items/{id}")]

    table = route_table(hidden)

    assert goes_to(table, "GET", "/api/items/new") == "A_one"
    [warning] = table.warnings
    assert warning.startswith("/api/items/new goes to 'A_one' (items/{id}) and never to 'b_new' (items/new)")
    assert "Rename one of the functions" in warning


def test_is_silent_where_nothing_is_hidden() -> None:
    table = route_table(
        [
            function("a", "items/new"),
            function("b", "items/{id:int}", "GET"),
            function("c", "items/{name}", "GET"),
            function("d", "items/{id}", "PUT"),
            function("e", "{*rest}", "GET"),
            function("f", "never/{x:regex(^$)}"),
        ]
    )

    assert table.warnings == ()


def test_a_malformed_route_is_refused_with_function_route_and_remedy() -> None:
    with pytest.raises(RouteRefused) as caught:
        route_table([function("orders", "orders/{id:integer}")])

    assert (caught.value.function, caught.value.route) == ("orders", "orders/{id:integer}")
    assert "'orders/{id:integer}' of the function 'orders'" in str(caught.value)
    assert "it is none of alpha, bool" in str(caught.value)


def test_a_leading_slash_is_refused_under_a_prefix() -> None:
    with pytest.raises(RouteRefused, match="leave the extra slash out"):
        route_table([function("f", "/hello")])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/order/7", "orders"),
        ("/orders/7", "orders"),
        ("/api/orders", "orders"),
        ("/API/Tally", "tallies"),
        ("/quite/another/thing", None),
    ],
)
def test_the_nearest_route_is_the_one_that_was_meant(path: str, name: str | None) -> None:
    table = route_table([function("orders", "orders/{id:int}", "GET"), function("tallies", "tallies")])

    near = table.nearest(path)

    assert (near.function.name if near else None) == name

"""Functions are found as Azure finds them."""

from devhost.functions.catalog import ACTIVITY, CLIENT, ENTITY, HTTP, RETURN, Binding, Catalog, Function


def function(name: str, kind: str, durable_name: str | None = None, *more: Binding) -> Function:
    trigger = Binding(type=kind, name="x")
    return Function(
        name=name,
        trigger=trigger,
        bindings=(trigger, *more),
        call=print,
        is_async=False,
        directory="/",
        wants_context=False,
        durable_name=durable_name,
    )


def test_finds_functions_in_any_case_but_only_of_the_kind() -> None:
    add = function("add", ACTIVITY, "Add")
    catalog = Catalog([add, function("count", ENTITY, "Counter")])

    assert catalog.activity("ADD") is add
    assert catalog.by_name("Add") is add
    assert catalog.orchestrator("add") is None
    assert catalog.entity("counter") is catalog.by_name("count")
    assert catalog.durable_names(ENTITY) == ("Counter",)


def test_keeps_the_first_of_two_that_are_registered_alike() -> None:
    first, second = function("a", ACTIVITY, "same"), function("b", ACTIVITY, "Same")

    assert Catalog([first, second]).activity("same") is first


def test_lists_http_functions() -> None:
    web = function("web", HTTP)

    assert Catalog([web, function("add", ACTIVITY, "add")]).http_functions() == (web,)


def test_tells_clients_and_out_parameters_from_the_rest() -> None:
    client = Binding(type=CLIENT, name="client")
    out, back = Binding(type="queue", name="out", is_out=True), Binding(type="http", name=RETURN, is_out=True)

    web = function("web", HTTP, None, client, out, back)

    assert (web.clients, web.outputs) == ((client,), (out,))


def test_knows_durable_functions_by_their_python_name_too() -> None:
    catalog = Catalog([function("add", ACTIVITY, "Add")])

    assert catalog.python_named(ACTIVITY, "print") == "Add"
    assert catalog.python_named(ACTIVITY, "Add") is None
    assert catalog.python_named(ENTITY, "print") is None

"""Registering handlers."""

from typing import Any

import azure.durable_functions as df
import azure.functions as func

from triggers.routes import add_route


async def look(req: func.HttpRequest) -> func.HttpResponse:
    """Look."""
    return func.HttpResponse("looked")


async def steer(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Steer."""
    return func.HttpResponse("steered")


def test_registers_a_handler_under_its_name() -> None:
    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "a/{b}", look, level=func.AuthLevel.ANONYMOUS)
    add_route(blueprint, "POST", "a", steer, client=True)

    app = df.DFApp()
    app.register_functions(blueprint)
    found = {each.get_function_name(): each for each in app.get_functions()}
    triggers = {name: each.get_trigger() for name, each in found.items()}
    bindings = [binding.type for binding in found["steer"].get_bindings()]
    assert {name: (t.route, t.methods[0].value, t.auth_level.name) for name, t in triggers.items()} == {
        "look": ("a/{b}", "GET", "ANONYMOUS"),
        "steer": ("a", "POST", "FUNCTION"),
    }
    assert "durableClient" in bindings

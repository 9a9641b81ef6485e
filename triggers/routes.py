"""How handlers become functions."""

from collections.abc import Callable, Coroutine
from typing import Any

import azure.durable_functions as df
import azure.functions as func

Handler = Callable[..., Coroutine[Any, Any, func.HttpResponse]]


def add_route(
    blueprint: df.Blueprint,
    method: str,
    route: str,
    handler: Handler,
    *,
    client: bool = False,
    level: func.AuthLevel | None = None,
) -> None:
    """Serve the route by the handler, under the handler's name, with a durable `client` if it takes one."""
    builder: Any = handler
    if client:
        builder = blueprint.durable_client_input(client_name="client")(builder)
    blueprint.route(route=route, methods=[method], auth_level=level)(builder)

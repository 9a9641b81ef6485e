"""Every call comes in here: the app's functions, the management API, the host's own pages."""

import logging

from devhost.engine.hub import InstanceFilter, TaskHub
from devhost.functions.calls import Surroundings
from devhost.functions.catalog import HTTP, Catalog, Function
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.http_trigger import HttpTrigger
from devhost.functions.running import Runner
from devhost.http.admin import Admin
from devhost.http.home_page import home_page
from devhost.http.links import RPC_ROOT, WEBHOOK_ROOT
from devhost.http.management import NOT_FOUND, Management, refusal
from devhost.http.paths import BadPath, decoded, segments
from devhost.http.routes import RouteTable, route_table

logger = logging.getLogger(__name__)

_ADMIN = ("admin",)
_ROOTS = tuple(tuple(root.strip("/").split("/")) for root in (WEBHOOK_ROOT, RPC_ROOT))
#: More instances than this are not counted for the home page.
_COUNTED = 1000


class FrontDoor:
    """Answers calls; needs a running loop, and no socket."""

    def __init__(
        self,
        catalog: Catalog,
        hub: TaskHub,
        runner: Runner,
        surroundings: Surroundings,
        clients: ClientBinding,
        *,
        route_prefix: str = "api",
    ) -> None:
        self._catalog = catalog
        self._hub = hub
        self._clients = clients
        self.routes: RouteTable = route_table(catalog.http_functions(), prefix=route_prefix)
        self._functions = HttpTrigger(runner, surroundings)
        self._management = Management(hub, clients)
        self._admin = Admin(catalog, runner, surroundings, url_of=self.url_of)

    async def answer(self, call: HttpCall) -> HttpReply:
        """The reply to a call; 500 only for what has been logged with its reason."""
        try:
            reply = await self._route(call)
        except BadPath as error:
            reply = refusal(error.status, error.reason)
        # The last line before the wire: a fault of the host must not take the connection with it.
        except Exception as error:
            logger.exception("The host failed to answer %s %s", call.method, call.path)
            reply = refusal(500, "Something went wrong while processing your request", error)
        if call.method == "HEAD":
            return HttpReply(status=reply.status, headers=reply.headers)
        return reply

    async def close(self) -> None:
        """Stop waiting for what was set off and not waited for."""
        await self._admin.close()

    def url_of(self, function: Function, origin: str) -> str | None:
        """Where an HTTP function answers, its parameters in braces; None when it has no route."""
        for route in self.routes.routes:
            if route.function is function:
                return f"{origin}/{route.template.text.lstrip('/')}"
        return None

    async def _route(self, call: HttpCall) -> HttpReply:
        pieces = segments(call.path)
        heads = tuple(decoded(piece).lower() for piece in pieces[:3])
        for root in _ROOTS:
            if heads[: len(root)] == root:
                return await self._management.answer(call, _plain(pieces[len(root) :]))
        if heads[:1] == _ADMIN:
            return await self._admin.answer(call, _plain(pieces[1:]))
        match = self.routes.match(call.method, call.path)
        if match is not None:
            return await self._functions.answer(match.function, call, match.values)
        if pieces == ("",):
            return await self._home(call)
        self._hint_at_methods(call)
        return NOT_FOUND

    def _hint_at_methods(self, call: HttpCall) -> None:
        known = self.routes.methods_at(call.path)
        if known:
            logger.info(
                "%s %s is answered with 404, as on Azure: the route takes %s only.",
                call.method,
                call.path,
                ", ".join(known),
            )

    async def _home(self, call: HttpCall) -> HttpReply:
        page = await self._hub.instances(InstanceFilter(top=_COUNTED))
        count = f"{len(page.instances)}{'+' if page.continuation is not None else ''}"
        functions = [(function, self._where(function, call.origin)) for function in self._catalog.functions]
        return home_page(
            functions,
            hub=self._clients.hub_name,
            instances=f"{count} {'instance' if count == '1' else 'instances'}",
        )

    def _where(self, function: Function, origin: str) -> str:
        if function.trigger.type != HTTP:
            return function.durable_name or ""
        url = self.url_of(function, origin)
        if url is None:
            return "left out: see the log"
        methods = function.trigger.attributes.get("methods") or ()
        return f"[{','.join(str(method) for method in methods) or 'all'}] {url}"


def _plain(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """The pieces decoded, without empty ones at either end."""
    bare = list(pieces)
    while bare and not bare[-1]:
        bare.pop()
    while bare and not bare[0]:
        bare.pop(0)
    return tuple(decoded(piece, slashes=True) for piece in bare)

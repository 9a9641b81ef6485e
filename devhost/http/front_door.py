"""Every call comes in here: the app's functions, the management API, the host's own pages."""

import logging
from collections.abc import Callable
from functools import partial

from devhost.engine.hub import TaskHub
from devhost.functions.calls import Surroundings
from devhost.functions.catalog import Catalog, Function
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply, Webhook, json_reply
from devhost.functions.http_trigger import HttpTrigger
from devhost.functions.running import Runner
from devhost.http import bus_admin, service_bus
from devhost.http.admin import Admin
from devhost.http.bus_doors import BusDoors
from devhost.http.home_page import OVERVIEW, home_page
from devhost.http.links import RPC_ROOT, WEBHOOK_ROOT
from devhost.http.management import Management
from devhost.http.overview import Overview, Vitals
from devhost.http.paths import BadPath, decoded, segments
from devhost.http.replies import NOT_FOUND, refusal
from devhost.http.routes import RouteTable, route_table
from devhost.storage.errors import StateRefused

logger = logging.getLogger(__name__)

#: Of so many unknown paths the log tells; one that a client makes up anew each time must not fill the memory.
_TOLD_OF = 1000


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
        vitals: Callable[[], Vitals] | None = None,
        bus: BusDoors | None = None,
    ) -> None:
        self.routes: RouteTable = route_table(catalog.http_functions(), prefix=route_prefix)
        self._functions = HttpTrigger(runner, surroundings)
        self._management = Management(hub, clients)
        self._admin = Admin(catalog, runner, surroundings, url_of=self.url_of)
        self._bus = bus
        self._overview = Overview(
            catalog,
            hub,
            clients.hub_name,
            url_of=self.url_of,
            vitals=vitals,
            bus=None if bus is None else bus.admin,
        )
        self._unknown: set[tuple[str, str]] = set()
        #: Paths that go before the app's routes, as decoded pieces in lower case.
        self._opened: dict[tuple[str, ...], Webhook] = {}
        self.open_path(WEBHOOK_ROOT, self._management.answer)
        self.open_path(RPC_ROOT, partial(self._management.answer, is_rpc=True))
        self.open_path(OVERVIEW, self._tell)
        if bus is not None:
            self.open_path(service_bus.ROOT, bus.service.answer)
            # Before what it lies under: the first that fits answers.
            self.open_path(bus_admin.ROOT, bus.admin.answer)
        self.open_path("admin", self._admin.answer)

    @property
    def waiting(self) -> int:
        """How many calls only wait for something to happen: they keep nobody from calling the host idle."""
        return self._management.waiting + (0 if self._bus is None else self._bus.service.waiting)

    async def answer(self, call: HttpCall) -> HttpReply:
        """The reply to a call; 500 only for what has been logged with its reason."""
        try:
            reply = await self._route(call)
        except BadPath as error:
            reply = refusal(error.status, error.reason)
        except StateRefused as error:
            # The host ends on it, and says so.
            reply = refusal(500, str(error), error)
        # The last line before the wire: a fault of the host must not take the connection with it.
        except Exception as error:
            logger.exception("The host failed to answer %s %s", call.method, call.path)
            reply = refusal(500, "Something went wrong while processing your request", error)
        if call.method == "HEAD":
            return HttpReply(status=reply.status, headers=reply.headers)
        return reply

    def open_path(self, root: str, webhook: Webhook) -> None:
        """Let calls below a path such as "hooks/bus" go to a webhook, before the app's routes."""
        pieces = tuple(root.lower().strip("/").split("/"))
        if pieces in self._opened:
            raise ValueError(f"The path {root!r} is open already: choose another.")
        self._opened[pieces] = webhook

    def break_off(self) -> None:
        """Answer the calls that wait; to be called before the server stops."""
        self._management.break_off()
        if self._bus is not None:
            self._bus.service.break_off()

    async def close(self) -> None:
        """Stop waiting for what was set off, and let no call wait on."""
        self.break_off()
        await self._admin.close()

    def url_of(self, function: Function, origin: str) -> str | None:
        """Where an HTTP function answers, its parameters in braces; None when it has no route."""
        for route in self.routes.routes:
            if route.function is function:
                return f"{origin}/{route.template.text.lstrip('/')}"
        return None

    async def _route(self, call: HttpCall) -> HttpReply:
        pieces = segments(call.path)
        for opened, webhook in self._opened.items():
            if tuple(decoded(piece).lower() for piece in pieces[: len(opened)]) == opened:
                return await webhook(call, _plain(pieces[len(opened) :]))
        match = self.routes.match(call.method, call.path)
        if match is not None:
            return await self._functions.answer(match.function, call, match.values)
        if pieces == ("",):
            return home_page(await self._overview.told(call))
        self._hint_at_routes(call)
        return NOT_FOUND

    async def _tell(self, call: HttpCall, rest: tuple[str, ...]) -> HttpReply:
        if rest or call.method != "GET":
            return NOT_FOUND
        return json_reply(200, await self._overview.told(call), ("Cache-Control", "no-store"))

    def _hint_at_routes(self, call: HttpCall) -> None:
        known = self.routes.methods_at(call.path)
        if known:
            logger.info(
                "%s %s is answered with 404, as on Azure: the route takes %s only.",
                call.method,
                call.path,
                ", ".join(known),
            )
        elif (call.method, call.path) not in self._unknown and len(self._unknown) < _TOLD_OF:
            self._unknown.add((call.method, call.path))
            logger.info("No route takes %s %.200s%s.", call.method, call.path, self._hint(call.path))

    def _hint(self, path: str) -> str:
        if not self.routes.routes:
            return ": the app has no HTTP routes"
        prefix = self.routes.prefix
        hint = f"; the app's routes begin with /{prefix}/" if prefix else ""
        near = self.routes.nearest(path)
        if near is not None:
            methods = ",".join(near.methods) or "any method"
            hint += f"; the nearest is /{near.template.text.lstrip('/')} ({methods})"
        return hint


def _plain(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """The pieces decoded, without empty ones at either end."""
    bare = list(pieces)
    while bare and not bare[-1]:
        bare.pop()
    while bare and not bare[0]:
        bare.pop(0)
    return tuple(decoded(piece, slashes=True) for piece in bare)

"""The route that shows what is left of limits."""

import azure.durable_functions as df
import azure.functions as func

from dirigent.domain.account_gate import Standing, standing
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.passages import Level, micros
from dirigent.domain.spelling import suggestion
from dirigent.ports import Parts
from dirigent.ports.clock import Clock
from dirigent.settings import Settings
from triggers.gatehouse import DurableGates, Gates
from triggers.identity import Caller, caller
from triggers.limit_view import limit_view
from triggers.problems import Refused, answered
from triggers.replies import UNKEPT, reply
from triggers.routes import add_route

LEVELS = (Level.ACCOUNT, Level.USER, Level.AGENT)
LONGEST_USER = 500


def limits(parts: Parts, catalogue: Catalogue, settings: Settings) -> df.Blueprint:
    """The route that shows how much an account, a user or an agent may still do."""
    desk = _Desk(parts.clock, catalogue)

    async def show_limits(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        async def shown() -> func.HttpResponse:
            asks = caller(req, settings)
            level, key = req.route_params["level"], req.route_params["key"]
            return reply(await desk.view(asks, level, key, DurableGates(client)), headers=UNKEPT)

        return await answered(shown())

    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "limits/{level}/{key}", show_limits, client=True)
    return blueprint


class _Desk:
    """Takes questions about limits."""

    def __init__(self, clock: Clock, catalogue: Catalogue) -> None:
        self._clock, self._catalogue = clock, catalogue

    async def view(self, asks: Caller, level: str, key: str, gates: Gates) -> dict[str, object]:
        """How somebody stands now."""
        if level == Level.AGENT:
            found = await self._agent(key, gates)
        elif level in (Level.ACCOUNT, Level.USER):
            found = await self._account(asks, level, key, gates)
        else:
            hint = suggestion(level, map(str, LEVELS), kind="the levels")
            raise Refused(404, f"There are no limits of {level[:100]!r}: {hint}")
        return limit_view(found, self._now())

    async def _account(self, asks: Caller, level: str, key: str, gates: Gates) -> Standing:
        if level == Level.ACCOUNT and key != asks.account:
            raise Refused(403, "The limits of another account are not yours to see.")
        if not (0 < len(key) <= LONGEST_USER and key.isprintable()) and level == Level.USER:
            raise Refused(400, f"The user is not 1 to {LONGEST_USER} printable characters.")
        gate = await gates.account(asks.account)
        user = key if level == Level.USER else None
        # The last is the one that was asked for; a user's own windows say nothing of the account's.
        return gate.standings(asks.account, self._catalogue.account(asks.account), self._now(), user)[-1]

    async def _agent(self, key: str, gates: Gates) -> Standing:
        agent = self._catalogue.agents.get(key)
        if agent is None:
            hint = suggestion(key, self._catalogue.agents, kind="the agents")
            raise Refused(404, f"There is no agent {key[:100]!r}: {hint}")
        # Its calls are counted where its own model lies, wherever a fallback sends them.
        gate = await gates.deployment(self._catalogue.models[agent.model].deployment)
        now = max(self._now(), gate.seen)
        windows = gate.calls_of(agent.name, now)
        return standing(Level.AGENT, agent.name, self._catalogue.limits(agent.name), windows, now)

    def _now(self) -> int:
        return micros(self._clock.now())

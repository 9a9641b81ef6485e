"""Routes that show runs."""

import re
from urllib.parse import urlencode

import azure.durable_functions as df
import azure.functions as func

from dirigent.ports import Parts
from dirigent.ports.records import TokenRefused
from dirigent.records.runs import Runs
from dirigent.records.texts import Texts
from dirigent.settings import Settings
from triggers.identity import caller
from triggers.instances import DurableInstances
from triggers.listing import KNOWN, wanted_runs
from triggers.problems import Refused, answered
from triggers.reconciling import Found, Reconciling
from triggers.replies import address, reply, tagged
from triggers.routes import add_route
from triggers.task_view import task_line, task_view
from triggers.trace_view import trace_view

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def tasks(parts: Parts, settings: Settings) -> df.Blueprint:
    """The routes that show runs as tasks."""
    desk = _Desk(parts, settings)

    async def show_task(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.show(req, client))

    async def trace_task(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.trace(req, client))

    async def list_tasks(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.list(req))

    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "task/{id}", show_task, client=True)
    add_route(blueprint, "GET", "task/{id}/trace", trace_task, client=True)
    add_route(blueprint, "GET", "tasks", list_tasks)
    return blueprint


class _Desk:
    """Takes questions about runs and replies."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._settings = settings
        self._runs = Runs(parts.records, parts.artifacts)
        self._texts = Texts(parts.artifacts)
        self._reconciling = Reconciling(parts)

    async def show(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """One run, as a task."""
        found = await self._found(request, client)
        steps = await self._runs.steps(found.record.run)
        return tagged(request, await task_view(found.record, steps, self._texts, waits=found.waits))

    async def trace(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """What the steps of one run took."""
        found = await self._found(request, client)
        steps = await self._runs.steps(found.record.run)
        return tagged(request, trace_view(found.record, steps, waits=found.waits))

    async def list(self, request: func.HttpRequest) -> func.HttpResponse:
        """Runs that fit the filters, newest first."""
        wanted = wanted_runs(request.params, caller(request, self._settings))
        try:
            page = await self._runs.page(wanted)
        except TokenRefused as error:
            raise Refused(
                400,
                "The parameter `continuation_token` is none that was given out for these filters: "
                "take it from the page before, or leave it out to begin anew.",
            ) from error
        values = {"tasks": [task_line(record) for record in page.runs], "continuation_token": page.token}
        return reply(values, headers={} if page.token is None else {"Link": _next(request, page.token)})

    async def _found(self, request: func.HttpRequest, client: df.DurableOrchestrationClient) -> Found:
        run = request.route_params["id"]
        account = caller(request, self._settings).account
        found = None
        if _ID.fullmatch(run):
            found = await self._reconciling.find(account, run, DurableInstances(client))
        if found is None:
            raise Refused(
                404, f"There is no task {run[:100]!r}: it never was, or its time of keeping is over."
            )
        return found


def _next(request: func.HttpRequest, token: str) -> str:
    # Keys that came in the query are not written into an answer.
    params = {name: value for name, value in request.params.items() if name in KNOWN}
    query = urlencode(params | {"continuation_token": token})
    return f'<{address(request, "tasks", route="tasks")}?{query}>; rel="next"'

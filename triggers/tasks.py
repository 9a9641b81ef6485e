"""Routes that show runs, and end them."""

import re
from urllib.parse import urlencode

import azure.durable_functions as df
import azure.functions as func

from dirigent.domain.catalogue import Workflow
from dirigent.domain.inputs import Problem
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.runs import ENDED, Status
from dirigent.domain.waves import Wait
from dirigent.ports import Parts
from dirigent.ports.records import TokenRefused
from dirigent.records.definitions import Definitions
from dirigent.records.runs import Runs
from dirigent.records.texts import Texts
from dirigent.records.unreadable import Unreadable
from dirigent.settings import Settings
from triggers.bodies import read
from triggers.children import Children
from triggers.course import unheard
from triggers.ending import Ending
from triggers.identity import caller
from triggers.instances import DurableInstances, Instances
from triggers.listing import KNOWN, wanted_runs
from triggers.problems import Refused, answered
from triggers.reconciling import CANCELLED_BY, Found, Reconciling
from triggers.replies import address, reply, tagged
from triggers.routes import add_route
from triggers.task_view import result_of, task_line, task_view
from triggers.trace_view import trace_view
from triggers.voters import Voters

CANCEL = "task/{id}/cancel"
#: Hosts carry the reason in a URL.
LONGEST_REASON = 500

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def tasks(parts: Parts, settings: Settings) -> df.Blueprint:
    """The routes that show runs as tasks, and the one that cancels them."""
    desk = _Desk(parts, settings)

    async def show_task(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.show(req, client))

    async def trace_task(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.trace(req, client))

    async def cancel_task(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.cancel(req, client))

    async def list_tasks(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.list(req))

    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "task/{id}", show_task, client=True)
    add_route(blueprint, "GET", "task/{id}/trace", trace_task, client=True)
    add_route(blueprint, "POST", CANCEL, cancel_task, client=True)
    add_route(blueprint, "GET", "tasks", list_tasks)
    return blueprint


class _Desk:
    """Takes questions about runs, and wishes to end them, and replies."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._settings = settings
        self._runs = Runs(parts.records, parts.artifacts)
        self._texts = Texts(parts.artifacts)
        self._definitions = Definitions(parts.artifacts)
        self._reconciling = Reconciling(parts)
        self._children, self._voters = Children(parts), Voters(parts.clock)
        self._ending = Ending(self._reconciling)

    async def show(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """One run, as a task."""
        found = await self._found(request, client)
        record = found.record
        steps, workflow = await self._runs.steps(record.run), await self._workflow(record)
        view = await task_view(
            record,
            steps,
            self._texts,
            workflow=workflow,
            waits=await self._waits(found, workflow, steps, DurableInstances(client)),
            given_up=found.missing,
            runs=frozenset() if workflow is None else await self._children.begun(record, workflow, steps),
            simulated=await self._children.are_simulated(steps),
        )
        return tagged(request, view)

    async def trace(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """What the steps of one run took."""
        found = await self._found(request, client)
        record, instances = found.record, DurableInstances(client)
        steps, workflow = await self._runs.steps(record.run), await self._workflow(record)
        view = trace_view(
            record,
            steps,
            workflow=workflow,
            children=() if workflow is None else await self._children.of(record, workflow, instances),
            unheard=await self._unheard(record, workflow, steps),
            waits=await self._waits(found, workflow, steps, instances),
            given_up=found.missing,
            simulated=await self._children.are_simulated(steps),
        )
        return tagged(request, view)

    async def cancel(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """End one run that goes on, with all below it."""
        asks = caller(request, self._settings)
        reason = _reason(read(request, limit=self._settings.body_limit))
        record = (await self._found(request, client)).record
        who = f"the account {asks.account!r}" if asks.user is None else f"the user {asks.user!r}"
        told, instances = f"{CANCELLED_BY}{who}{reason and f': {reason}'}", DurableInstances(client)
        if record.status not in ENDED:
            record = await self._ending.end(record, told, instances)
        elif record.status is not Status.CANCELLED or not await self._ending.end_rest(
            record, told, instances
        ):
            raise Refused(409, f"The task {record.run!r} has ended: it is {record.status}.")
        where = address(request, f"task/{record.run}", route=CANCEL)
        values = {
            "task_id": record.run,
            "status": record.status if record.status in ENDED else "cancelling",
            "message": f"The task was told to end; see how it ended at {where}.",
        }
        return reply(values, status=202, headers={"Location": where, "Retry-After": "1"})

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

    async def _workflow(self, record: RunRecord) -> Workflow | None:
        """The workflow that the run was started with; None where it is lost, for the steps can be told."""
        try:
            return (await self._definitions.find(record.definition)).workflow
        except Unreadable:
            return None

    async def _waits(
        self, found: Found, workflow: Workflow | None, steps: tuple[StepRecord, ...], instances: Instances
    ) -> tuple[Wait, ...]:
        """What the run waits for, its voters included."""
        return found.waits + await self._voters.waits(found, workflow, steps, instances)

    async def _unheard(
        self, record: RunRecord, workflow: Workflow | None, steps: tuple[StepRecord, ...]
    ) -> frozenset[str]:
        if workflow is None or workflow.election is None or record.result is None:
            return frozenset()
        return unheard(record, workflow, steps, await result_of(record, record.result, self._texts))

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


def _reason(body: object) -> str:
    """What the caller gives as the reason, empty without one."""
    if body is None:
        return ""
    if not isinstance(body, dict) or not body.keys() <= {"reason"}:
        raise Refused(400, 'The body is not of the form {"reason": "…"}; it may be left out.')
    reason = "" if body.get("reason") is None else body["reason"]
    if not (isinstance(reason, str) and len(reason) <= LONGEST_REASON):
        problem = Problem(
            field="reason", message=f"The reason is not a text of up to {LONGEST_REASON} characters."
        )
        raise Refused(400, problem.message, fields=(problem,))
    return reason.strip()


def _next(request: func.HttpRequest, token: str) -> str:
    # Keys that came in the query are not written into an answer.
    params = {name: value for name, value in request.params.items() if name in KNOWN}
    query = urlencode(params | {"continuation_token": token})
    return f'<{address(request, "tasks", route="tasks")}?{query}>; rel="next"'

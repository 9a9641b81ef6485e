"""Routes that start runs."""

import logging

import azure.durable_functions as df
import azure.functions as func
from msgspec.structs import replace

from dirigent.domain.catalogue import Catalogue, Pattern, Workflow
from dirigent.domain.inputs import InputRefused
from dirigent.domain.selections import checked, left_out
from dirigent.domain.spelling import suggestion
from dirigent.ports import Parts
from dirigent.settings import Settings
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import Tracing, asked, carried, joined
from triggers.bodies import read
from triggers.gatehouse import DurableGates
from triggers.identity import caller
from triggers.instances import DurableInstances
from triggers.problems import Refused, answered, ill_fitting
from triggers.replies import address, has_plain_origin, reply
from triggers.routes import add_route
from triggers.starting import Started, Starting, Wanted

log = logging.getLogger(__name__)

#: The tutorial's routes and the workflows they start.
TUTORIAL = {"create-content": "content-creation", "research-parallel": "multi-source-research"}
#: Patterns in the words of the HTTP API.
WORDS: dict[Pattern, str] = {
    "sequential": "sequential",
    "fan_out": "parallel",
    "hierarchy": "hierarchy",
    "quorum": "quorum",
}
ANY = "workflows/{name}"
#: Seconds until a look at the task is worth while.
RETRY_AFTER = 2
LONGEST_KEY = 255


def starts(
    parts: Parts, catalogue: Catalogue, settings: Settings, *, tracing: Tracing | None = None
) -> df.Blueprint:
    """The routes that start runs of the catalogue's workflows."""
    desk = _Desk(parts, catalogue, settings, tracing or Tracing())

    async def start_workflow(
        req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        return await answered(desk.start(req, client, req.route_params["name"], route=ANY))

    async def create_content(
        req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        return await answered(desk.start_tutorial(req, client, route="create-content"))

    async def research_parallel(
        req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        return await answered(desk.start_tutorial(req, client, route="research-parallel"))

    blueprint = df.Blueprint()
    add_route(blueprint, "POST", ANY, start_workflow, client=True)
    add_route(blueprint, "POST", "create-content", create_content, client=True)
    add_route(blueprint, "POST", "research-parallel", research_parallel, client=True)
    return blueprint


class _Desk:
    """Takes requests for runs: checks them, has them started, replies."""

    def __init__(self, parts: Parts, catalogue: Catalogue, settings: Settings, tracing: Tracing) -> None:
        self._catalogue, self._settings, self._tracing = catalogue, settings, tracing
        self._starting = Starting(parts, catalogue, lease=settings.claim_lease)

    async def start(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient, name: str, *, route: str
    ) -> func.HttpResponse:
        """Start a run of the named workflow with the body as its input."""
        try:
            return await self._started(request, client, name, route)
        except InputRefused as error:
            raise ill_fitting(error) from error

    async def start_tutorial(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient, *, route: str
    ) -> func.HttpResponse:
        """The same for a route of the tutorial, which knows one error and tells it in its own form."""
        name = TUTORIAL[route]
        try:
            return await self._started(request, client, name, route)
        except InputRefused as error:
            declared = [field.missing for field in self._catalogue.workflows[name].input if field.missing]
            if error.sentence in declared:
                return reply({"error": error.sentence}, status=400)
            raise ill_fitting(error) from error

    async def _started(
        self, request: func.HttpRequest, client: df.DurableOrchestrationClient, name: str, route: str
    ) -> func.HttpResponse:
        # First: strangers are not told what there is.
        asks = caller(request, self._settings)
        workflow = find_workflow(self._catalogue, name)
        body = read(request, limit=self._settings.body_limit)
        wanted = Wanted(
            caller=asks,
            workflow=workflow,
            key=_key(request),
            values=checked(workflow, body),
            is_filled_in=not (isinstance(body, dict) and workflow.select in body),
        )
        with joined(asked(request.headers.get("traceparent"))):
            started = await self._traced(wanted, client)
        return self._accepted(request, client, wanted, started, route)

    async def _traced(self, wanted: Wanted, client: df.DurableOrchestrationClient) -> Started:
        workflow = wanted.workflow.name
        with self._tracing.span(f"start {workflow}", {"dirigent.workflow": workflow}) as span:
            # Here and not before: what the run does belongs below this span, where there is one.
            wanted = replace(wanted, traceparent=carried())
            try:
                started = await self._starting.start(wanted, DurableInstances(client), DurableGates(client))
            except Refused as refused:
                span.fail(str(refused.status))
                raise
            span.tell({"dirigent.task_id": started.run, "dirigent.repeated": started.is_replay})
            if not started.is_replay:
                line(
                    log,
                    logging.INFO,
                    "A run was started",
                    task_id=started.run,
                    run=started.run,
                    workflow=workflow,
                )
        return started

    def _accepted(
        self,
        request: func.HttpRequest,
        client: df.DurableOrchestrationClient,
        wanted: Wanted,
        started: Started,
        route: str,
    ) -> func.HttpResponse:
        where = address(request, f"task/{started.run}", route=route)
        values: dict[str, object] = {
            "task_id": started.run,
            "status": "started",
            "workflow": WORDS[wanted.workflow.pattern],
            **_sent_out(wanted, is_any=route == ANY),
            "message": f"The workflow {wanted.workflow.name!r} was started; follow it at {where}.",
        }
        if self._settings.management_urls:
            # Without a request they name the host as it knows itself.
            known = request if has_plain_origin(request) else None
            values |= client.get_client_response_links(known, started.run)
        headers = {"Location": where, "Retry-After": str(RETRY_AFTER)}
        if started.is_replay:
            headers["Idempotent-Replayed"] = "true"
        return reply(values, status=202, headers=headers)


def _sent_out(wanted: Wanted, *, is_any: bool) -> dict[str, object]:
    """The steps there will be, and how many agents work side by side; of these the tutorial counts heads."""
    workflow, absent = wanted.workflow, left_out(wanted.workflow, wanted.values)
    steps: dict[str, object] = {"steps": [step.name for step in workflow.steps if step.name not in absent]}
    if workflow.election is not None:
        heads = len(workflow.election.voters)
    elif workflow.team is not None:
        # As many as may have completed in the end: whoever leads a team is a member of the one around it.
        heads = sum(name not in absent for team in workflow.team.teams() for name in team.names)
    else:
        return steps
    dispatched: dict[str, object] = {"agents_dispatched": heads}
    return dispatched | steps if is_any else dispatched


def find_workflow(catalogue: Catalogue, name: str) -> Workflow:
    """The workflow of that name."""
    if (found := catalogue.workflows.get(name)) is not None:
        return found
    hint = suggestion(name, catalogue.workflows, kind="the workflows")
    raise Refused(404, f"There is no workflow {name[:100]!r}: {hint}")


def _key(request: func.HttpRequest) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None or (0 < len(key) <= LONGEST_KEY and all("!" <= sign <= "~" for sign in key)):
        return key
    raise Refused(
        400, f"The Idempotency-Key is not 1 to {LONGEST_KEY} visible ASCII characters; a UUID will do."
    )

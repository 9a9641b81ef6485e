"""Human interaction: an approval that must come before a deadline."""

import json
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"],
        instance_id=req.params.get("instance_id"),
        client_input=json.loads(body) if body else None,
        version=req.params.get("version"),
    )
    return client.create_check_status_response(req, instance_id)


@app.orchestration_trigger(context_name="context")
def approval(context: df.DurableOrchestrationContext):
    order = context.get_input()
    due = context.current_utc_datetime + timedelta(seconds=order["timeout_seconds"])
    deadline = context.create_timer(due)
    decision = context.wait_for_external_event("Decision")
    context.set_custom_status("waiting")
    winner = yield context.task_any([decision, deadline])
    if winner == deadline:
        return (yield context.call_activity("escalate", order["what"]))
    deadline.cancel()
    return (yield context.call_activity("process", {"what": order["what"], "decision": decision.result}))


@app.orchestration_trigger(context_name="context")
def forgetful_approval(context: df.DurableOrchestrationContext):
    order = context.get_input()
    due = context.current_utc_datetime + timedelta(seconds=order["timeout_seconds"])
    deadline = context.create_timer(due)
    decision = context.wait_for_external_event("Decision")
    winner = yield context.task_any([decision, deadline])
    context.set_custom_status("decided")
    # The timer is left running here on purpose.
    return "decided" if winner == decision else "too late"


@app.orchestration_trigger(context_name="context")
def two_signatures(context: df.DurableOrchestrationContext):
    signatures = yield context.task_all(
        [
            context.wait_for_external_event("Buyer"),
            context.wait_for_external_event("Seller"),
        ]
    )
    return signatures


@app.activity_trigger(input_name="what")
def escalate(what: str) -> str:
    return f"{what} escalated"


@app.activity_trigger(input_name="case")
def process(case: dict) -> str:
    decision = case["decision"]
    verdict = "approved" if decision["approved"] else "refused"
    return f"{case['what']} {verdict} by {decision['by']}"

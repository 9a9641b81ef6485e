"""What an orchestrator tells of itself: status, version, time, ids, replaying."""

import json
from collections import defaultdict

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


lines: defaultdict = defaultdict(list)


@app.orchestration_trigger(context_name="context")
def progress(context: df.DurableOrchestrationContext):
    for step in range(1, 4):
        context.set_custom_status({"step": step, "of": 3})
        yield context.wait_for_external_event("Next")
    return "arrived"


@app.orchestration_trigger(context_name="context")
def tell_version(context: df.DurableOrchestrationContext):
    order = context.get_input() or {}
    told = [context.version]
    for version in order.get("children", []):
        child = yield context.call_sub_orchestrator("tell_version", version=version)
        told.extend(child)
    return told


@app.orchestration_trigger(context_name="context")
def same_again(context: df.DurableOrchestrationContext):
    notes = []
    for _ in range(3):
        noted = [context.current_utc_datetime.isoformat(), context.new_uuid(), str(context.new_guid())]
        written = yield context.call_activity("write_down", noted)
        notes.append({"noted": noted, "written": written})
    return notes


@app.orchestration_trigger(context_name="context")
def diary(context: df.DurableOrchestrationContext):
    for entry in ["rose", "ate", "slept"]:
        if not context.is_replaying:
            lines[context.instance_id].append(entry)
        yield context.call_activity("write_down", entry)
    return "closed"


@app.route(route="diary/{id}", methods=["GET"])
def read_diary(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(lines[req.route_params["id"]]), mimetype="application/json")


@app.orchestration_trigger(context_name="context")
def who_am_i(context: df.DurableOrchestrationContext):
    return {"id": context.instance_id, "parent": context.parent_instance_id}


@app.activity_trigger(input_name="text")
def write_down(text):
    return text

"""What the desk does with running orders: look, list, hold, stop, tidy up; parcels and points."""

from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func

from events import payload
from models import PRICES
from replies import reply

bp = df.Blueprint()


def summary(status) -> dict:
    state = status.runtime_status
    return {"id": status.instance_id, "name": status.name, "status": state.value if state else None}


@bp.route(route="%DESK_SECTION%/about", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def about(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return reply(
        {
            "function": context.function_name,
            "invocation": context.invocation_id,
            "greeting": f"hello {req.params.get('name', 'customer')}",
            "prices": PRICES,
        }
    )


@bp.route(route="%DESK_SECTION%/instances", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def list_all(req: func.HttpRequest, client) -> func.HttpResponse:
    found = await client.get_status_all()
    wanted = req.params.get("name")
    return reply([summary(status) for status in found if wanted in (None, status.name)])


@bp.route(route="%DESK_SECTION%/instances/{status:alpha}", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def list_by_status(req: func.HttpRequest, client) -> func.HttpResponse:
    """Instances of the last day in one status, whose id starts with ?prefix= when that is given."""
    try:
        state = df.OrchestrationRuntimeStatus(req.route_params["status"])
    except ValueError as error:
        return reply({"error": str(error)}, 400)
    yesterday = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    found = await client.get_status_by(
        created_time_from=yesterday,
        created_time_to=yesterday + timedelta(days=2),
        runtime_status=[state],
        instance_id_prefix=req.params.get("prefix"),
    )
    return reply([summary(status) for status in found])


@bp.route(route="orders/{instance_id}/links", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def order_links(req: func.HttpRequest, client) -> func.HttpResponse:
    return reply(client.create_http_management_payload(req.route_params["instance_id"]))


@bp.route(route="orders/{instance_id}/do/{action:alpha}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def manage_order(req: func.HttpRequest, client) -> func.HttpResponse:
    """suspend, resume or terminate, with ?reason=."""
    actions = {"suspend": client.suspend, "resume": client.resume, "terminate": client.terminate}
    action, instance_id = req.route_params["action"], req.route_params["instance_id"]
    if action not in actions:
        return reply({"error": f"cannot {action} an order"}, 400)
    await actions[action](instance_id, req.params.get("reason", "asked at the desk"))
    return reply({"id": instance_id, "asked": action}, 202)


@bp.route(route="orders/{instance_id}", methods=["DELETE"])
@bp.durable_client_input(client_name="client")
async def forget_order(req: func.HttpRequest, client) -> func.HttpResponse:
    purged = await client.purge_instance_history(req.route_params["instance_id"])
    return reply({"deleted": purged.instances_deleted})


@bp.route(route="parcels/{watch_id}/{scans:int:min(1)}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def watch_parcel(req: func.HttpRequest, client) -> func.HttpResponse:
    instance_id = await client.start_new(
        "parcel_watch",
        instance_id=req.route_params["watch_id"],
        client_input={"scans": int(req.route_params["scans"])},
    )
    return client.create_check_status_response(req, instance_id)


@bp.route(route="parcels/{watch_id}/scan/{depot:alpha:length(2,20)}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def scan_parcel(req: func.HttpRequest, client) -> func.HttpResponse:
    await client.raise_event(req.route_params["watch_id"], "scan", {"depot": req.route_params["depot"]})
    return reply({"depot": req.route_params["depot"]}, 202)


@bp.orchestration_trigger(context_name="context")
def parcel_watch(context: df.DurableOrchestrationContext):
    """Follow a parcel from depot to depot, for as long as that takes."""
    scans, seen = context.get_input()["scans"], []
    context.set_custom_status({"seen": seen})
    while len(seen) < scans:
        scan = yield context.wait_for_external_event("scan")
        seen = [*seen, payload(scan)["depot"]]
        context.set_custom_status({"seen": seen})
    return {"route": seen}


@bp.route(route="points/{cents:long:min(0)}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def award(req: func.HttpRequest, client) -> func.HttpResponse:
    """Award points under the rules of ?version=, or of the present default version."""
    instance_id = await client.start_new(
        "award_points",
        client_input=int(req.route_params["cents"]),
        version=req.params.get("version"),
    )
    return client.create_check_status_response(req, instance_id)


@bp.orchestration_trigger(context_name="context", orchestration="award_points")
def award_points_by_version(context: df.DurableOrchestrationContext):
    """One point for a whole coin before version 2.0, two from then on."""
    coins, each = context.get_input() // 100, 2
    if context.version == "1.0":
        each = 1
    points = yield context.call_activity("book_points", {"coins": coins, "each": each})
    return {"version": context.version, "points": points}

"""The plain HTTP functions."""

import json

import azure.functions as func

pages = func.Blueprint()


@pages.route(route="pages/{title}", methods=["GET"])
def show_page(req: func.HttpRequest) -> func.HttpResponse:
    title = req.route_params["title"]
    if title == "missing":
        return func.HttpResponse("no such page", status_code=404)
    return func.HttpResponse(f"<h1>{title}</h1>", mimetype="text/html")


@pages.route(route="mirror", methods=["POST"])
async def mirror(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "query": dict(req.params),
        "colour": req.headers.get("x-colour"),
        "body": req.get_json(),
    }
    return func.HttpResponse(
        json.dumps(seen), status_code=201, headers={"X-Mirror": "flat"}, mimetype="application/json"
    )

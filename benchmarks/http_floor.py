"""A server that does nothing, alone and behind the SDK's client: the least that an HTTP start can cost."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import azure.durable_functions as df
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.Response]]

ID = "0" * 32


async def empty(request: web.Request) -> web.Response:
    """Answer at once."""
    await request.read()
    return web.Response(status=202, text=ID)


async def empty_rpc(request: web.Request) -> web.Response:
    """Answer at once what the SDK expects of a host."""
    await request.read()
    return web.json_response({"id": ID}, status=202)


def through_sdk(url: str) -> Handler:
    """A handler that starts an orchestration with the SDK's client, as an app's function does."""
    urls = {"id": "INSTANCEID", "statusQueryGetUri": f"{url}/INSTANCEID"}
    client_json = json.dumps(
        {"taskHubName": "Floor", "creationUrls": {}, "managementUrls": urls, "rpcBaseUrl": f"{url}/rpc/"}
    )

    async def start(request: web.Request) -> web.Response:
        await request.read()
        client = df.DurableOrchestrationClient(client_json)
        return web.Response(status=202, text=await client.start_new("at_once"))

    return start


async def serve() -> None:
    """Listen on a free port until the process is ended."""
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    later: dict[str, Handler] = {}

    async def start(request: web.Request) -> web.Response:
        return await later["start"](request)

    app.router.add_post("/empty", empty)
    app.router.add_post("/rpc/{rest:.*}", empty_rpc)
    app.router.add_post("/start", start)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    later["start"] = through_sdk(url)
    print(f"Listening on {url}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())

"""A model that is no trouble: a server that gives every chat completion the same answer at once."""

import asyncio
import json

from aiohttp import web

ANSWER = "A line."
_BODY = json.dumps(
    {
        "id": "chatcmpl-canned",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "canned",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": ANSWER, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }
).encode()


async def complete(request: web.Request) -> web.Response:
    """Answer at once."""
    await request.read()
    return web.Response(body=_BODY, content_type="application/json", headers={"x-request-id": "canned"})


async def serve() -> None:
    """Listen on a free port until the process is ended."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"Listening on http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())

"""The routes, and who may come in."""

import hmac
from collections.abc import Awaitable, Callable
from uuid import uuid4

from aiohttp import web

from dirigent import codec
from dirigent.adapters.scripted_model import Script, ScriptedModel
from dirigent.modelserver import errors
from dirigent.modelserver.chat import Chat
from dirigent.modelserver.counts import Counter
from dirigent.modelserver.desks import Desk
from dirigent.modelserver.models import Models
from dirigent.modelserver.replies import JSON, Reply
from dirigent.ports.clock import Clock
from dirigent.ports.model import ModelFailed

Answer = Callable[[web.Request, bytes], Awaitable[Reply]]

LARGEST_BODY = 2 * 1024 * 1024
#: OpenAI's paths, and the same as Azure has them.
PREFIXES = ("/v1", "/openai/v1")


class Door:
    """Answers requests from one script, on one clock; what is asked for is counted."""

    def __init__(self, script: Script, clock: Clock, key: str | None) -> None:
        self._model, self._clock = ScriptedModel(clock, script), clock
        self._models = Models(script.models)
        self._desk = Desk()
        self._expected = None if key is None else key.encode()
        self.counter = Counter()

    def application(self) -> web.Application:
        """The routes, for a web server."""
        # Who serves again does so on another loop.
        self._desk = Desk()
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_in_form])
        for prefix in PREFIXES:
            app.router.add_post(f"{prefix}/chat/completions", self._handler(self._chat))
            app.router.add_post(f"{prefix}/embeddings", self._handler(self._embeddings))
            app.router.add_get(f"{prefix}/models", self._handler(self._list))
            app.router.add_get(f"{prefix}/models/{{name:.+}}", self._handler(self._show))
        app.router.add_get("/counts", self._handler(self._counts))
        app.router.add_route("*", "/{rest:.*}", self._handler(self._unknown))
        return app

    async def _chat(self, request: web.Request, body: bytes) -> Reply:
        chat = Chat(body, request.headers)
        with self.counter.call(chat.request.agent, chat.request.deployment) as call:
            return await chat.reply(self._model, self._clock, self._desk, call)

    async def _embeddings(self, request: web.Request, body: bytes) -> Reply:
        # Until somebody asks for vectors nobody pays for what makes them.
        from dirigent.modelserver.embeddings import Embedding  # noqa: PLC0415

        asked = Embedding(body, request.headers)
        with self.counter.call(asked.request.agent, asked.request.deployment) as call:
            return await asked.reply(self._model, self._desk, call)

    async def _list(self, request: web.Request, body: bytes) -> Reply:
        return Reply(body=(self._models.listed(),))

    async def _show(self, request: web.Request, body: bytes) -> Reply:
        return Reply(body=(self._models.shown(request.match_info["name"]),))

    async def _counts(self, request: web.Request, body: bytes) -> Reply:
        return Reply(body=(codec.to_json(self.counter.counts()),))

    async def _unknown(self, request: web.Request, body: bytes) -> Reply:
        raise errors.unknown_url(request.method, request.path)

    def _handler(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            headers = {"x-request-id": f"req_{uuid4().hex}"}
            try:
                self._let_in(request)
                reply = await answer(request, await _body(request))
            except (errors.ApiError, ModelFailed) as failed:
                error = failed if isinstance(failed, errors.ApiError) else errors.own(failed.failure)
                headers.update(error.headers)
                return web.Response(
                    status=error.status, headers=headers, body=error.body(), content_type=JSON
                )
            headers["Content-Type"] = reply.content_type
            if reply.is_cut:
                return await _cut(request, reply, headers)
            if len(reply.body) > 1:
                return await _streamed(request, reply, headers)
            # Headers and body leave together: a second packet would wait for the first to be acknowledged.
            return web.Response(headers=headers, body=reply.body[0])

        return handle

    def _let_in(self, request: web.Request) -> None:
        if self._expected is None:
            return
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        told = request.headers.get("api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
        if not told:
            raise errors.no_key()
        if not hmac.compare_digest(told.encode("utf-8", "surrogateescape"), self._expected):
            raise errors.wrong_key()


@web.middleware
async def _in_form(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The web server has sentences of its own for addresses that are none."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        error = errors.unknown_url(request.method, request.path)
        headers = {"x-request-id": f"req_{uuid4().hex}"}
        return web.Response(status=error.status, headers=headers, body=error.body(), content_type=JSON)


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        message = f"The body is larger than {LARGEST_BODY:,} bytes."
        raise errors.ApiError(413, message, code="request_too_large") from error
    except web.RequestPayloadError as error:
        raise errors.ApiError(400, "The body does not end as the headers say.") from error


async def _streamed(request: web.Request, reply: Reply, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={**headers, "Cache-Control": "no-cache"})
    await response.prepare(request)
    for piece in reply.body:
        await response.write(piece)
    await response.write_eof()
    return response


async def _cut(request: web.Request, reply: Reply, headers: dict[str, str]) -> web.StreamResponse:
    """Send headers and half of the body, if there is one, then close the connection."""
    response = web.StreamResponse(headers=headers)
    whole = b"".join(reply.body)
    if len(reply.body) == 1:
        response.content_length = len(whole)
    if whole:
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.close()
    return response

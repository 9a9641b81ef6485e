"""A model whose calls are told to whoever watches."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from dirigent.domain.run_ids import task_of
from dirigent.ports.model import Model, ModelFailed, Reply, Request
from dirigent.settings.endpoints import Endpoint
from dirigent.telemetry.model_calls import CHAT, PROVIDER, ModelCalls
from dirigent.telemetry.tracing import LONGEST_NAME, Attributes

#: Who answers where there is no service at all, and where it is none that was declared.
SCRIPTED, UNKNOWN = "scripted", "unknown"
_PORTS = {"http": 80, "https": 443}


def whereabouts(endpoint: Endpoint | None) -> dict[str, str | int]:
    """Whom a call goes to, in the words of OpenTelemetry."""
    if endpoint is None:
        return {PROVIDER: SCRIPTED}
    url = urlsplit(endpoint.url)
    told: dict[str, str | int] = {PROVIDER: endpoint.provider}
    if url.hostname:
        told["server.address"] = url.hostname
    if (port := url.port or _PORTS.get(url.scheme)) is not None:
        told["server.port"] = port
    return told


class TracedModel:
    """Asks another, and tells of each call; what was said only with `content`."""

    def __init__(
        self,
        model: Model,
        *,
        endpoints: Mapping[str | None, Endpoint],
        content: bool,
        calls: ModelCalls | None = None,
    ) -> None:
        self._model, self._content = model, content
        self._calls = calls or ModelCalls()
        self._whereabouts = {name: whereabouts(endpoint) for name, endpoint in endpoints.items()}
        self._elsewhere = {PROVIDER: UNKNOWN if endpoints else SCRIPTED}

    async def complete(self, request: Request) -> Reply:
        """The other's answer; a call of it that never suspends does not here, either."""
        with self._calls.made(CHAT, request.deployment, self._asked(request)) as call:
            if self._content and call.span.is_kept:
                call.span.tell(_said_to(request))
            try:
                reply = await self._model.complete(request)
            except ModelFailed as error:
                call.span.fail_with(error.failure, content=self._content)
                if error.usage is not None:
                    # What was withheld was paid for.
                    call.consumed(error.usage)
                raise
            call.answered(reply.model, reply.usage)
            call.span.tell(_ended(reply))
            if self._content and call.span.is_kept:
                call.span.tell(_said_by(reply))
            return reply

    def close(self) -> None:
        """The other lets go."""
        self._model.close()

    def _asked(self, request: Request) -> Attributes:
        asked: dict[str, str | int | float] = {
            **self._whereabouts.get(request.endpoint, self._elsewhere),
            "gen_ai.agent.name": request.agent,
            "gen_ai.request.max_tokens": request.token_limit,
        }
        if request.run:
            asked |= {"dirigent.task_id": task_of(request.run), "dirigent.run": request.run}
            asked["dirigent.step"] = request.step
        if request.dialect.temperature:
            asked["gen_ai.request.temperature"] = request.temperature
        if request.answers:
            asked["gen_ai.output.type"] = "json"
        return asked


def _ended(reply: Reply) -> Attributes:
    told: dict[str, str | tuple[str, ...]] = {}
    if reply.finish is not None:
        told["gen_ai.response.finish_reasons"] = (reply.finish[:LONGEST_NAME],)
    if reply.response_id is not None:
        told["gen_ai.response.id"] = reply.response_id[:LONGEST_NAME]
    if reply.request_id is not None:
        told["dirigent.request_id"] = reply.request_id[:LONGEST_NAME]
    return told


def _said_to(request: Request) -> Attributes:
    message = {"role": "user", "parts": [_text(request.prompt)]}
    return {
        "gen_ai.system_instructions": json.dumps([_text(request.instructions)]),
        "gen_ai.input.messages": json.dumps([message]),
    }


def _said_by(reply: Reply) -> Attributes:
    message = {"role": "assistant", "parts": [_text(reply.text)]}
    return {"gen_ai.output.messages": json.dumps([message])}


def _text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}

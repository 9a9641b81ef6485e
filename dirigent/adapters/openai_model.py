"""A language model behind OpenAI's protocol: OpenAI's own, Azure's, or whatever speaks it."""

from collections.abc import Mapping

from dirigent.adapters.openai.calls import Call
from dirigent.adapters.openai.client import OpenAIClient
from dirigent.adapters.openai.replies import reply_of
from dirigent.adapters.openai.requests import chat_body, headers
from dirigent.adapters.openai.tokens import EntraTokens
from dirigent.ports.model import Reply, Request
from dirigent.settings.endpoints import Endpoint

#: Bytes of an answer in words; reading it takes everybody's time.
MOST = 4_000_000


class OpenAIModel:
    """Asks once, within the request's time; whoever is not answered asks again by durable timers."""

    def __init__(
        self,
        endpoints: Mapping[str | None, Endpoint],
        *,
        attribution: bool = True,
        tokens: EntraTokens | None = None,
    ) -> None:
        self._client = OpenAIClient("openai-model", endpoints, tokens)
        self._attribution = attribution

    async def complete(self, request: Request) -> Reply:
        """The answer; `ModelFailed` when there is none."""
        call = Call(
            path="/chat/completions",
            body=chat_body(request),
            headers=headers(request if self._attribution else None),
            deployment=request.deployment,
            endpoint=request.endpoint,
            seconds=request.seconds,
            most=MOST,
        )
        return await self._client.post(call, reply_of)

    def close(self) -> None:
        """Let go of all connections; the next request connects anew."""
        self._client.close()

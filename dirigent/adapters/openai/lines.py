"""Connections with services that speak OpenAI's protocol; it imports their packages, which takes long."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx2
import openai

from dirigent.adapters.openai import failures
from dirigent.adapters.openai.bodies import TooLarge
from dirigent.adapters.openai.calls import Answer, Call
from dirigent.adapters.openai.exchanges import exchange_of
from dirigent.adapters.openai.failures import Callee
from dirigent.adapters.openai.requests import encoded
from dirigent.adapters.openai.services import service
from dirigent.adapters.openai.tokens import EntraTokens, NoToken
from dirigent.adapters.openai.troubles import ODDITIES, trouble
from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint


class OpenAILines:
    """A client for each endpoint, made when it is first asked; one event loop's."""

    def __init__(self, endpoints: Mapping[str | None, Endpoint], tokens: EntraTokens) -> None:
        self._endpoints, self._tokens = endpoints, tokens
        self._clients: dict[str | None, openai.AsyncOpenAI] = {}

    async def post(self, call: Call) -> Answer:
        """What they answered with success; `ModelFailed` for everything else."""
        if (endpoint := self._endpoints.get(call.endpoint)) is None:
            raise ModelFailed(failures.no_endpoint(call.deployment, call.endpoint), is_theirs=False)
        callee = Callee(deployment=call.deployment, name=call.endpoint, endpoint=endpoint)
        until = asyncio.get_running_loop().time() + call.seconds
        headers = {**call.headers, **await self._authorized(callee, until)}
        client, body = self._client(callee), _encoded(callee, call)
        try:
            async with asyncio.timeout_at(until):
                response = await client.post(
                    call.path, cast_to=httpx2.Response, content=body, options={"headers": headers}
                )
        except TimeoutError as error:
            raise ModelFailed(failures.late(callee, call.seconds)) from error
        except openai.APIStatusError as error:
            raise ModelFailed(_refused(callee, error.response)) from error
        except openai.APIConnectionError as error:
            raise trouble(callee, error.__cause__ or error, exchange_of(error.request)) from error
        except ODDITIES as error:
            raise trouble(callee, error) from error
        if len(response.content) > call.most:
            raise trouble(callee, TooLarge())
        return Answer(callee=callee, headers=response.headers, body=response.content)

    async def close(self) -> None:
        """Hang up, wherever there is a connection."""
        clients, self._clients = self._clients, {}
        goodbyes = [*(client.close() for client in clients.values()), self._tokens.close()]
        await asyncio.gather(*goodbyes, return_exceptions=True)

    async def _authorized(self, callee: Callee, until: float) -> dict[str, str | openai.Omit]:
        if callee.endpoint.key == "":
            return {"Authorization": openai.omit}
        return {"Authorization": f"Bearer {await self._key(callee, until)}"}

    async def _key(self, callee: Callee, until: float) -> str:
        if (key := callee.endpoint.key) is not None:
            if not (key.isascii() and key.isprintable()):
                raise ModelFailed(failures.odd_key(callee), is_theirs=False)
            return key
        try:
            async with asyncio.timeout_at(until):
                return await self._tokens.token(callee.endpoint.url)
        except NoToken as error:
            raise ModelFailed(failures.no_token(callee, str(error)), is_theirs=False) from error
        except TimeoutError as error:
            late = failures.no_token(callee, "none came in time", category=Category.TIMEOUT)
            raise ModelFailed(late, is_theirs=False) from error

    def _client(self, callee: Callee) -> openai.AsyncOpenAI:
        if callee.name not in self._clients:
            self._clients[callee.name] = service(callee)
        return self._clients[callee.name]


def _encoded(callee: Callee, call: Call) -> bytes:
    try:
        return encoded(call.body)
    except ValueError as error:
        raise ModelFailed(failures.unsent(callee), is_theirs=False) from error


def _refused(callee: Callee, response: httpx2.Response) -> Failure:
    return failures.refused(
        callee, response.status_code, response.headers, response.content, datetime.now(UTC)
    )

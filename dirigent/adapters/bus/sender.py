"""One namespace of Service Bus; imports its client, and works on the event loop it is made on."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from azure.core import AsyncPipelineClient
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, SansIOHTTPPolicy, UserAgentPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest

from dirigent import VERSION
from dirigent.adapters.bus.envelopes import Envelope, envelope, envelopes
from dirigent.adapters.bus.signatures import scope_of, signature
from dirigent.adapters.bus.verdicts import Answer, Refusal, verdict
from dirigent.adapters.services.attempts import Attempt, AttemptsFailed, Trouble, Troubled, tried
from dirigent.adapters.services.patience import Patience
from dirigent.adapters.services.sessions import session
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused, BusUnavailable
from dirigent.settings.addresses import host_of, is_loopback, place_of
from dirigent.settings.namespace import Namespace

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

#: What the identity needs that runs the app.
ROLE = "Azure Service Bus Data Sender"
#: Bytes of an answer that are read: what it says stands at its beginning.
ENOUGH = 8_192

SignIn = Callable[[str | None], "AsyncTokenCredential"]

log = logging.getLogger(__name__)


class Sender:
    """Lays messages on topics, however often the asking has to be repeated."""

    def __init__(self, namespace: Namespace, patience: Patience, sign_in: SignIn) -> None:
        self._url, self._patience = namespace.url, patience
        # Nobody but the local host asks for neither.
        self._is_local = namespace.key is None and not namespace.signs_in
        self.place = place_of(namespace.url)
        transport = AioHttpTransport(connection_timeout=patience.connect, read_timeout=patience.silence)
        transport.session = session(namespace.url)
        self._credential = sign_in(namespace.client_id) if namespace.signs_in else None
        self._options: dict[str, Any] = {}
        policies: list[Any] = [UserAgentPolicy(base_user_agent=f"dirigent/{VERSION}")]
        if self._credential is not None:
            host = host_of(namespace.url)
            policies.append(AsyncBearerTokenCredentialPolicy(self._credential, scope_of(host)))
            self._options["enforce_https"] = not is_loopback(host)
        elif namespace.key is not None:
            policies.append(_Signed(namespace.key_name or "", namespace.key))
        # No policy follows redirects: what is sent is for this host alone.
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            namespace.url, transport=transport, policies=policies
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.close()
        if self._credential is not None:
            await self._credential.close()

    async def send(self, topic: str, messages: Sequence[BusMessage]) -> None:
        """Lay the messages on the topic, in their order."""
        end = asyncio.get_running_loop().time() + self._patience.limit
        for each in envelopes(messages):
            await self._lay(topic, each, end)

    async def _lay(self, topic: str, content: Envelope, end: float) -> None:
        # A request has at least some time: those before it may have been large.
        least = min(self._patience.connect, self._patience.limit)
        left = max(end - asyncio.get_running_loop().time(), least)
        try:
            await tried(partial(self._try, topic, content), replace(self._patience, limit=left))
        except AttemptsFailed as failed:
            raise self._failure(topic, failed.trouble) from failed
        except BusRefused as refused:
            # How the bus counts sizes is its own affair: fewer may fit.
            if refused.reason != "too_large" or len(content.messages) == 1:
                raise
            middle = len(content.messages) // 2
            for half in (content.messages[:middle], content.messages[middle:]):
                await self._lay(topic, envelope(half), end)

    async def _try(self, topic: str, content: Envelope, attempt: Attempt) -> None:
        attempt.carries(len(content.body))
        answer = await self._asked(topic, content)
        found = verdict(answer, datetime.now(UTC))
        if found is None:
            return
        if answer.detail:
            log.warning("Service Bus at %s answered %d: %s", self.place, answer.status, answer.detail)
        if isinstance(found, Trouble):
            raise Troubled(found)
        raise self._refused(topic, content, found, answer.status)

    async def _asked(self, topic: str, content: Envelope) -> Answer:
        url = f"{self._url}/{topic}/messages"
        # What comes back is read as it comes.
        headers = content.headers | {"Accept-Encoding": "identity"}
        request = HttpRequest("POST", url, headers=headers, content=content.body)
        response = await self._client.send_request(request, stream=True, **self._options)
        try:
            text = await _beginning(response)
        finally:
            await response.close()
        said = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=said, text=text)

    def _failure(self, topic: str, trouble: Trouble) -> BusRefused | BusUnavailable:
        if trouble.is_refusal:
            log.warning("Service Bus at %s: %s.", self.place, trouble.reason)
            return BusRefused("unauthorized", _unauthorized(topic))
        return BusUnavailable(
            f"Service Bus at {self.place} did not take the messages for the topic {topic!r}: "
            f"{trouble.reason}; see the namespace's state and the way to it, and send them again."
        )

    def _refused(self, topic: str, content: Envelope, refusal: Refusal, status: int) -> BusRefused:
        count = len(content.messages)
        what = f"the message {content.messages[0].id!r}" if count == 1 else f"{count} messages"
        sentences = {
            "unauthorized": _unauthorized(topic),
            "unknown_topic": _no_topic(topic, is_local=self._is_local),
            "too_large": f"The bus finds {what} too large: tell where the data lies rather than the data.",
        }
        usual = f"The bus did not take {what} for the topic {topic!r} ({status}); the app's log says more."
        return BusRefused(refusal.reason, sentences.get(refusal.reason, usual))


class _Signed(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Signs each request anew, for the topic it goes to."""

    def __init__(self, key_name: str, key: str) -> None:
        self._key_name, self._key = key_name, key

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        resource = request.http_request.url.removesuffix("/messages")
        request.http_request.headers["Authorization"] = signature(
            resource, key_name=self._key_name, key=self._key, now=time.time()
        )


async def _beginning(response: AsyncHttpResponse) -> str:
    read = b""
    async for part in response.iter_raw():
        read += part
        if len(read) > ENOUGH:
            break
    return read[:ENOUGH].decode(errors="replace")


def _no_topic(topic: str, *, is_local: bool) -> str:
    if is_local:
        return (
            f"The bus of the local host has no topic {topic!r}, for nobody subscribes to it: add a "
            "subscription to the catalogue, or name the topic in servicebus.json, and start the host again."
        )
    return f"The bus has no topic {topic!r}: create it, or correct its name."


def _unauthorized(topic: str) -> str:
    return (
        f"The bus lets this app send nothing to the topic {topic!r}: give the identity that runs the app "
        f"the role {ROLE}, or see that the key of its connection string is current and may send; and see "
        "that the namespace's network rules let the app in."
    )

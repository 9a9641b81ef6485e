"""Vectors of an embedding model behind OpenAI's protocol."""

import asyncio
from collections.abc import Iterator, Mapping

from dirigent.adapters.openai.calls import Answer, Call
from dirigent.adapters.openai.client import OpenAIClient
from dirigent.adapters.openai.failures import unreadable
from dirigent.adapters.openai.replies import model_of, read_object, usage_of
from dirigent.adapters.openai.requests import embedding_body, headers
from dirigent.adapters.openai.tokens import EntraTokens
from dirigent.adapters.openai.vectors import Shapeless, vectors_of
from dirigent.domain.outcomes import Usage
from dirigent.ports.embedder import Embeddings
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

#: Texts and their characters in one request: providers limit both, and an answer must not be too large.
MOST_TEXTS = 64
MOST_CHARACTERS = 200_000
#: Bytes of an answer: vectors are longer than words.
MOST = 8_000_000


class OpenAIEmbedder:
    """Asks for each batch once; whoever is not answered asks again by durable timers."""

    def __init__(
        self,
        endpoints: Mapping[str | None, Endpoint],
        *,
        deployment: str,
        endpoint: str | None = None,
        tokens: EntraTokens | None = None,
    ) -> None:
        self._client = OpenAIClient("openai-embedder", endpoints, tokens)
        self._deployment, self._endpoint = deployment, endpoint

    async def embed(self, texts: tuple[str, ...], *, seconds: float = 30.0) -> Embeddings:
        """A vector for each text, all within that time; `ModelFailed` when there are none."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        found = Embeddings(vectors=(), model=self._deployment)
        for batch in batches(texts):
            found = _joined(found, await self._embedded(batch, until - loop.time()))
        return found

    def close(self) -> None:
        """Let go of all connections; the next request connects anew."""
        self._client.close()

    async def _embedded(self, texts: tuple[str, ...], seconds: float) -> Embeddings:
        call = Call(
            path="/embeddings",
            body=embedding_body(self._deployment, texts),
            headers=headers(),
            deployment=self._deployment,
            endpoint=self._endpoint,
            seconds=seconds,
            most=MOST,
        )
        return await self._client.post(call, lambda answer: _read(answer, len(texts)))


def batches(texts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The texts in their order, in as few requests as will do; a long one may go alone."""
    batch: list[str] = []
    for text in texts:
        is_full = len(batch) == MOST_TEXTS or sum(map(len, batch)) + len(text) > MOST_CHARACTERS
        if batch and is_full:
            yield tuple(batch)
            batch = []
        batch.append(text)
    if batch:
        yield tuple(batch)


def _read(answer: Answer, count: int) -> Embeddings:
    found = read_object(answer)
    try:
        vectors = vectors_of(found, count)
    except Shapeless as error:
        raise ModelFailed(unreadable(answer.callee, f"sent what are no vectors ({error})")) from error
    return Embeddings(vectors=vectors, model=model_of(found, answer.callee), usage=usage_of(found))


def _joined(so_far: Embeddings, more: Embeddings) -> Embeddings:
    usage: Usage = so_far.usage.plus(more.usage)
    return Embeddings(vectors=so_far.vectors + more.vectors, model=more.model, usage=usage)

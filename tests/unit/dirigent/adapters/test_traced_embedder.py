"""An embedder whose calls are told."""

import asyncio
import json

import pytest
from opentelemetry.trace import SpanKind
from watcher import Watcher

from dirigent.adapters.traced_embedder import TracedEmbedder
from dirigent.domain.outcomes import Category, Failure, Usage
from dirigent.ports.embedder import Embeddings
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

FOUND = Embeddings(vectors=((1.0,),), model="small-1", usage=Usage(input_tokens=5))
ENDPOINT = Endpoint(url="https://host/v1", provider="azure.ai.openai")


class Embedder:
    """Knows one vector; without a text it fails."""

    is_closed = False

    async def embed(self, texts: tuple[str, ...], *, seconds: float = 30.0) -> Embeddings:
        if not texts:
            raise ModelFailed(Failure(category=Category.TIMEOUT, message="late"))
        return FOUND

    def close(self) -> None:
        self.is_closed = True


def test_tells_of_a_call_and_nothing_of_the_texts() -> None:
    watcher = Watcher()
    embedder = TracedEmbedder(Embedder(), model="small", endpoint=ENDPOINT, calls=watcher.calls)
    found = asyncio.run(embedder.embed(("a secret",)))

    [span] = watcher.spans
    assert found == FOUND
    assert (span.name, span.kind) == ("embeddings small", SpanKind.CLIENT)
    assert span.attributes == {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "small",
        "gen_ai.response.model": "small-1",
        "gen_ai.usage.input_tokens": 5,
        "server.address": "host",
        "server.port": 443,
    }
    assert "secret" not in json.dumps(span.to_json())


def test_tells_of_a_failure() -> None:
    watcher = Watcher()
    embedder = TracedEmbedder(Embedder(), model="small", endpoint=None, calls=watcher.calls)
    with pytest.raises(ModelFailed):
        asyncio.run(embedder.embed(()))

    assert (watcher.spans[0].attributes or {})["error.type"] == "TIMEOUT"


def test_lets_go_with_the_other() -> None:
    other = Embedder()
    TracedEmbedder(other, model="small", endpoint=None).close()

    assert other.is_closed

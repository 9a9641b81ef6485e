"""An embedder whose calls are told to whoever watches."""

from dirigent.adapters.traced_model import whereabouts
from dirigent.ports.embedder import Embedder, Embeddings
from dirigent.settings.endpoints import Endpoint
from dirigent.telemetry.model_calls import EMBEDDINGS, ModelCalls


class TracedEmbedder:
    """Asks another, and tells of each call, but never of the texts."""

    def __init__(
        self, embedder: Embedder, *, model: str, endpoint: Endpoint | None, calls: ModelCalls | None = None
    ) -> None:
        self._embedder, self._model = embedder, model
        self._calls = calls or ModelCalls()
        self._whereabouts = whereabouts(endpoint)

    async def embed(self, texts: tuple[str, ...], *, seconds: float = 30.0) -> Embeddings:
        """The other's vectors."""
        with self._calls.made(EMBEDDINGS, self._model, self._whereabouts) as call:
            found = await self._embedder.embed(texts, seconds=seconds)
            call.answered(found.model, found.usage)
            return found

    def close(self) -> None:
        """The other lets go."""
        self._embedder.close()

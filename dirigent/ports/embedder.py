"""Texts as vectors, near one another where their meanings are."""

from typing import Protocol

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Usage


class Embeddings(Message, frozen=True, kw_only=True):
    """A vector for each text, in their order; each of length 1."""

    vectors: tuple[tuple[float, ...], ...]
    #: The model as it names itself; vectors of different models do not compare.
    model: str
    usage: Usage = Usage()


class Embedder(Protocol):
    """Turns texts into vectors; retries nothing, for durable timers do."""

    async def embed(self, texts: tuple[str, ...], *, seconds: float = 30.0) -> Embeddings:
        """A vector for each text; `ModelFailed` when there are none. Whoever asks cancels in time."""

    def close(self) -> None:
        """Let go of what it is connected with; the next request connects anew."""

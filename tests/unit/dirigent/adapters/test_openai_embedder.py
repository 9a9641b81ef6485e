import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.openai_embedder import MOST_CHARACTERS, MOST_TEXTS, OpenAIEmbedder, batches
from dirigent.ports.embedder import Embeddings
from dirigent.ports.model import ModelFailed


@given(lengths=st.lists(st.integers(0, MOST_CHARACTERS + 9) | st.integers(0, 9), max_size=200))
def test_batches_hold_every_text_in_its_order_and_are_not_too_large(lengths: list[int]) -> None:
    texts = tuple("x" * length for length in lengths)

    found = list(batches(texts))

    assert sum(found, ()) == texts
    assert all(0 < len(batch) <= MOST_TEXTS for batch in found)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= MOST_CHARACTERS for batch in found)


def test_no_text_asks_nobody() -> None:
    embedder = OpenAIEmbedder({}, deployment="v")

    assert asyncio.run(embedder.embed(())) == Embeddings(vectors=(), model="v")


def test_an_endpoint_that_nobody_described_is_asked_nothing() -> None:
    embedder = OpenAIEmbedder({}, deployment="v", endpoint="near")

    with pytest.raises(ModelFailed, match="DIRIGENT_ENDPOINT_NEAR_URL"):
        asyncio.run(embedder.embed(("Tea.",)))
    embedder.close()

"""What every adapter of the embedder port promises."""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from dirigent.adapters.ngram_embedder import NgramEmbedder
from dirigent.adapters.openai_embedder import MOST_TEXTS, OpenAIEmbedder
from dirigent.modelserver import ModelServer
from dirigent.ports.embedder import Embedder, Embeddings
from dirigent.settings.endpoints import Endpoint

KEY = "sk-made-up-for-this"


def _ngram(leave: ExitStack) -> Embedder:
    return NgramEmbedder()


def _openai(leave: ExitStack) -> Embedder:
    server = leave.enter_context(ModelServer(key=KEY))
    embedder = OpenAIEmbedder({None: Endpoint(url=server.url, key=KEY)}, deployment="vectors")
    leave.callback(embedder.close)
    return embedder


OFFERS: dict[str, Callable[[ExitStack], Embedder]] = {"ngram": _ngram, "openai": _openai}


@pytest.fixture(params=sorted(OFFERS))
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    """Each adapter in turn."""
    with ExitStack() as leave:
        yield OFFERS[request.param](leave)


def embed(embedder: Embedder, *texts: str) -> Embeddings:
    return asyncio.run(embedder.embed(texts))


def nearness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_every_text_has_a_vector_of_length_one(embedder: Embedder) -> None:
    found = embed(embedder, "Tea is a drink.", "", "   ", "茶", "\ud800 half of a sign", "a " * 1_000)

    assert len(found.vectors) == 6
    assert {len(vector) for vector in found.vectors} == {len(found.vectors[0])}
    assert [math.hypot(*vector) for vector in found.vectors] == pytest.approx([1.0] * 6)
    assert found.model


def test_no_text_has_no_vector(embedder: Embedder) -> None:
    assert embed(embedder).vectors == ()


def test_the_same_text_has_the_same_vector(embedder: Embedder) -> None:
    first, again = embed(embedder, "Tea is a drink."), embed(embedder, "Coffee.", "Tea is a drink.")

    assert first.vectors[0] == pytest.approx(again.vectors[1])
    assert first.model == again.model


def test_many_texts_keep_their_order(embedder: Embedder) -> None:
    texts = [f"subject number {number} of many" for number in range(2 * MOST_TEXTS + 1)]

    together = embed(embedder, *texts)

    assert len(together.vectors) == len(texts)
    for place in (0, MOST_TEXTS - 1, MOST_TEXTS, len(texts) - 1):
        assert together.vectors[place] == pytest.approx(embed(embedder, texts[place]).vectors[0])


def test_texts_that_say_alike_are_nearer_than_others(embedder: Embedder) -> None:
    asked, near, far = embed(
        embedder,
        "Write a database query that counts orders.",
        "An agent that writes queries for a database.",
        "A poet who sings of the sea at night.",
    ).vectors

    assert nearness(asked, near) > nearness(asked, far) + 0.1


def test_embeds_again_after_it_was_closed(embedder: Embedder) -> None:
    before = embed(embedder, "Tea.")
    embedder.close()

    assert embed(embedder, "Tea.").vectors[0] == pytest.approx(before.vectors[0])

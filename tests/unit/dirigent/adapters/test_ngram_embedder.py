import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.ngram_embedder import DIMENSIONS, NgramEmbedder


def vectors(*texts: str) -> tuple[tuple[float, ...], ...]:
    return asyncio.run(NgramEmbedder().embed(texts)).vectors


def nearness(one: str, other: str) -> float:
    left, right = vectors(one, other)
    return sum(a * b for a, b in zip(left, right, strict=True))


@given(text=st.text())
def test_every_text_has_a_vector_of_length_one(text: str) -> None:
    (vector,) = vectors(text)

    assert len(vector) == DIMENSIONS
    assert math.hypot(*vector) == pytest.approx(1.0)


def test_says_what_it_is() -> None:
    assert asyncio.run(NgramEmbedder().embed(())).model == f"ngram:{DIMENSIONS}"


def test_is_the_same_on_every_machine_and_in_every_process() -> None:
    (vector,) = vectors("Tea")

    found = {place: round(number, 4) for place, number in enumerate(vector) if number}
    assert found == {448: -0.6667, 1751: 0.3333, 1970: 0.3333, 2807: 0.3333, 2866: 0.3333, 3714: 0.3333}


@pytest.mark.parametrize(
    ("one", "other"), [("Tea, OLD tea!", "tea old TEA"), ("ﬁne", "fine"), ("Straße", "STRASSE")]
)
def test_signs_and_capitals_make_no_difference(one: str, other: str) -> None:
    assert nearness(one, other) == pytest.approx(1.0)


def test_shared_words_bring_texts_near_and_pieces_of_words_a_little() -> None:
    asked = "write a database query"

    same, alike, strange = (
        nearness(asked, text) for text in ("query of a database", "querying databases", "sing of the sea")
    )

    assert same > alike > strange
    assert strange < 0.1


def test_texts_that_share_nothing_are_strangers() -> None:
    assert abs(nearness("apple orchard", "quick zebu")) < 0.1

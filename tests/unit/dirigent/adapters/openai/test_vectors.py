import base64
import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.openai.vectors import Shapeless, normal, vectors_of

NUMBERS = st.floats(-1e6, 1e6, width=32).filter(lambda number: number == 0 or abs(number) > 1e-6)


def packed(*numbers: float) -> str:
    return base64.b64encode(array("f", numbers).tobytes()).decode()


def test_puts_vectors_in_the_order_of_their_texts() -> None:
    data = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3.0, 4.0]}]

    assert vectors_of({"data": data}, 2) == ((0.6, 0.8), (0.0, 1.0))


def test_without_numbers_they_stand_in_their_order() -> None:
    assert vectors_of({"data": [{"embedding": [1]}, {"embedding": [-1]}]}, 2) == ((1.0,), (-1.0,))


@given(numbers=st.lists(NUMBERS, min_size=1, max_size=20).filter(any))
def test_reads_both_ways_of_writing_alike(numbers: list[float]) -> None:
    (listed,) = vectors_of({"data": [{"index": 0, "embedding": numbers}]}, 1)
    (unpacked,) = vectors_of({"data": [{"index": 0, "embedding": packed(*numbers)}]}, 1)

    assert listed == pytest.approx(unpacked)
    assert math.hypot(*listed) == pytest.approx(1.0)


ODD = [
    {},
    {"data": None},
    {"data": []},
    {"data": [{"embedding": [1.0]}] * 3},
    {"data": [{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]},
    {"data": [{"index": "0", "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]},
    {"data": [7, 8]},
    {"data": [{"embedding": []}] * 2},
    {"data": [{"embedding": [0.0]}] * 2},
    {"data": [{"embedding": [math.nan]}] * 2},
    {"data": [{"embedding": [math.inf]}] * 2},
    {"data": [{"embedding": [10**400]}] * 2},
    {"data": [{"embedding": [True]}] * 2},
    {"data": [{"embedding": ["1"]}] * 2},
    {"data": [{"embedding": "no base64!"}] * 2},
    {"data": [{"embedding": "AAA="}] * 2},
    {"data": [{"embedding": {"0": 1.0}}] * 2},
]


@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
def test_says_what_are_no_vectors(answer: dict[str, object]) -> None:
    with pytest.raises(Shapeless):
        vectors_of(answer, 2)


def test_a_vector_without_a_direction_has_no_length_of_one() -> None:
    with pytest.raises(Shapeless):
        normal([0.0, 0.0])

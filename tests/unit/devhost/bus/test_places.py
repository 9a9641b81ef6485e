"""Messages of a place come in the order of their numbers, and those that left it do not come."""

from hypothesis import given
from hypothesis import strategies as st

from devhost.bus.copies import Copy
from devhost.bus.messages import Sent
from devhost.bus.places import Place
from devhost.bus.topology import Terms
from devhost.testing.virtual_clock import START


def filled(*numbers: int) -> Place:
    place = Place("q", "queue", Terms())
    for number in numbers:
        place.copies[number] = Copy(
            sequence_number=number,
            place="q",
            content=number,
            message=Sent(body=b""),
            enqueued=START,
            expires=None,
        )
        place.offer(place.copies[number])
    return place


@given(st.lists(st.integers(0, 50), unique=True), st.sets(st.integers(0, 50)))
def test_gives_what_is_there_in_order(numbers: list[int], gone: set[int]) -> None:
    place = filled(*numbers)
    for number in gone & set(numbers):
        del place.copies[number]
    given = []
    while place.has_ready():
        copy = place.next_ready()
        given.append(copy.sequence_number if copy is not None else -1)

    assert given == sorted(set(numbers) - gone)
    assert place.next_ready() is None


def test_shows_a_page_from_a_number_on() -> None:
    place = filled(5, 1, 3, 9)

    assert [copy.sequence_number for copy in place.from_number(2, 2)] == [3, 5]


def test_a_place_without_dead_letters_has_none() -> None:
    place = filled(1)

    assert (place.figures().active, place.figures().dead) == (1, 0)

"""An id is taken once in a while, counted from its first message."""

from datetime import datetime, timedelta

from devhost.bus.duplicates import Duplicates
from devhost.testing.virtual_clock import START


class Book:
    """What was kept and forgotten."""

    def __init__(self, *remembered: tuple[str, datetime]) -> None:
        self.kept: list[tuple[str, datetime]] = []
        self.forgotten: list[str] = []
        self.duplicates = Duplicates(
            timedelta(seconds=10),
            remembered,
            keep=lambda *row: self.kept.append(row),
            forget=self.forgotten.append,
        )

    def takes(self, message_id: str, second: int) -> bool:
        return self.duplicates.takes(message_id, START + timedelta(seconds=second))


def test_an_id_is_new_again_when_its_window_is_over() -> None:
    book = Book()

    assert [book.takes("a", second) for second in (0, 5, 9, 10, 15, 20)] == [
        *(True, False, False, True, False, True),
    ]
    assert book.forgotten == ["a", "a"]


def test_what_is_remembered_counts_and_only_new_ids_are_kept() -> None:
    book = Book(("a", START))
    taken = [book.takes("a", 5), book.takes("b", 5), book.takes("b", 6)]

    assert taken == [False, True, False]
    assert book.kept == [("b", START + timedelta(seconds=5))]


def test_forgets_what_is_over_whatever_comes() -> None:
    book = Book(("a", START), ("b", START + timedelta(seconds=5)))
    book.takes("c", 12)

    assert book.forgotten == ["a"]

"""What a process remembers."""

from dirigent.domain.runs import Held
from dirigent.records.memory import Memory


def test_finds_what_it_was_told_to_keep() -> None:
    memory: Memory[str] = Memory(10_000)

    memory.keep(("run", "step"), "kept", Held(text="a"))

    assert memory.find(("run", "step")) == "kept"
    assert memory.find(("run", "other")) is None


def test_forgets_the_oldest_when_it_is_full() -> None:
    memory: Memory[int] = Memory(10_000)

    for number in range(4):
        memory.keep(number, number, Held(text="x" * 2_000))

    assert [memory.find(number) for number in range(4)] == [None, 1, 2, 3]


def test_what_is_larger_than_its_room_is_not_kept() -> None:
    memory: Memory[str] = Memory(10_000)

    memory.keep("large", "kept", Held(text="x" * 20_000))
    memory.keep("small", "kept", Held(text="x"))

    assert memory.find("large") is None
    assert memory.find("small") == "kept"


def test_a_text_kept_elsewhere_weighs_little() -> None:
    memory: Memory[int] = Memory(10_000)

    for number in range(5):
        memory.keep(number, number, Held(artifact="runs/1/steps/write.txt"))

    assert memory.find(0) == 0

"""What the bus refuses, it refuses with a sentence that helps."""

from devhost.bus.ports import LockLost, TooLarge, UnknownPlace


def test_an_unknown_place_is_named_with_those_that_are_known() -> None:
    error = UnknownPlace("ordres", ["orders", "events"])

    assert (error.name, error.known) == ("ordres", ("orders", "events"))
    assert "'ordres'" in str(error)


def test_a_lost_lock_tells_of_which_message_and_what_to_do() -> None:
    error = LockLost("orders", 7)

    assert (error.place, error.sequence_number) == ("orders", 7)
    assert "Message 7 of 'orders'" in str(error)
    assert "Receive it again" in str(error)


def test_what_is_too_large_is_told_with_both_sizes() -> None:
    error = TooLarge(300_000, 262_144)

    assert (error.size, error.most) == (300_000, 262_144)
    assert "262144" in str(error)
    assert "300000" in str(error)

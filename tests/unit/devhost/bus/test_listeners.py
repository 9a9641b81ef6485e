"""Listeners are told after the commit, once, and not when they have left."""

from bus_bench import BusBench

from devhost.bus.listeners import Listeners


def test_is_told_once_however_often_it_was_called(bench: BusBench) -> None:
    heard: list[str] = []
    listeners = Listeners(bench.commits)
    listeners.add("a", lambda: heard.append("a"))
    listeners.add("b", lambda: heard.append("b"))
    listeners.call("b")
    listeners.call("a")
    listeners.call("b")
    before = list(heard)
    bench.commit()

    assert (before, heard) == ([], ["b", "a"])


def test_who_leaves_meanwhile_is_not_told(bench: BusBench) -> None:
    heard: list[str] = []
    listeners = Listeners(bench.commits)

    def hear() -> None:
        heard.append("first")
        leave()
        listeners.call("a")

    listeners.add("a", hear)
    leave = listeners.add("a", lambda: heard.append("second"))
    listeners.call("a")
    bench.commit()
    leave()
    bench.commit()

    assert heard == ["first", "first"]


def test_a_call_that_nobody_hears_asks_for_no_commit(bench: BusBench) -> None:
    Listeners(bench.commits).call("a")

    assert not bench.commits.pending

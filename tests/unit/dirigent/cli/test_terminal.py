"""Results go one way, and what is said of them the other."""

from typing import Any

from dirigent.cli.terminal import WIPE, Terminal


def test_keeps_results_apart_from_remarks(screen: Any) -> None:
    terminal = screen.terminal()

    terminal.say("working")
    terminal.give("result")
    terminal.draw("nothing to see")

    assert (screen.told, screen.given) == ("working\n", "result\n")


def test_draws_over_what_was_drawn(screen: Any) -> None:
    screen.terminal(is_live=True).draw("one")

    assert screen.told == f"{WIPE}one"


def test_a_test_run_is_no_place_to_redraw_lines() -> None:
    assert not Terminal.of_this_process().is_live


def test_shows_nothing_that_would_steer_it(screen: Any) -> None:
    terminal = screen.terminal(is_live=True)
    hostile = "\x1b]0;title\x07\x1b[2J\x9b31m\r"

    for show in (terminal.say, terminal.draw, terminal.give):
        show(f"{hostile}end")

    assert screen.told == f"]0;title[2J31mend\n{WIPE}]0;title[2J31mend"
    assert screen.given == "]0;title[2J31mend\n"

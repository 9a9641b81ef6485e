"""What is told of guards."""

from typing import Any

import pytest

from dirigent.cli import guards

RULES = {"failures": 5, "cool_down": 60.0, "trials": 2, "success_threshold": 1}
CLOSED: dict[str, Any] = {
    "name": "fast",
    "models": ["main"],
    "agents": ["writer", "editor"],
    "state": "closed",
    "failures": 2,
    "successes": 0,
    "trials": 0,
    "changed_at": None,
    "cooled_at": None,
    "paused_until": None,
    "rules": RULES,
}
OPEN = CLOSED | {"name": "slow", "state": "open", "failures": 0, "agents": []}
OPEN |= {"changed_at": "2030-01-01T00:00:00.250Z", "cooled_at": "2030-01-01T00:01:00.750Z"}
DEGRADED = {"by": "model", "name": "backup", "category": "TRANSIENT", "because": "the circuit\nis open"}


def passage(refused: int = 0, state: str | None = "closed") -> dict[str, Any]:
    refusal = {"sentence": "the circuit of the deployment 'fast' is open"}
    waited = 1.5 * refused
    base = {"level": "deployment", "key": "fast", "state": state, "refused": refused, "waited": waited}
    return base | {"refusals": [refusal] * refused}


def test_circuits_are_a_table() -> None:
    shown = guards.circuits_page({"circuits": [CLOSED, OPEN]})

    assert shown.splitlines() == [
        "circuit  state   failures  left alone until      agents",
        "fast     closed  2 of 5    -                     writer, editor",
        "slow     open    -         2030-01-01T00:01:00Z  -",
    ]
    assert guards.circuits_page({"circuits": []}) == "No circuits."


def test_one_circuit_is_shown_with_its_rules() -> None:
    assert guards.circuit_page(OPEN).splitlines() == [
        "circuit           slow",
        "state             open",
        "failures          -",
        "left alone until  2030-01-01T00:01:00Z",
        "changed           2030-01-01T00:00:00Z",
        "models            main",
        "agents            -",
        "opens after       5 failures in a row, for 60 s",
        "closes after      1 success, with 2 trials at a time",
    ]


def test_a_half_open_circuit_tells_how_its_trials_stand() -> None:
    shown = guards.circuit_page(CLOSED | {"state": "half_open", "trials": 1})

    assert "\ntrials        1 of 2 under way\nsuccesses     0 of 1\n" in shown
    assert "trials" not in guards.circuit_page(CLOSED).partition("closes after")[0]


def test_a_pause_that_outlasts_the_cool_down_is_what_is_told() -> None:
    pause = "2030-01-01T00:05:00Z"

    assert f"left alone until  {pause}" in guards.circuit_page(OPEN | {"paused_until": pause})
    assert f"left alone until  {pause}" in guards.circuit_page(CLOSED | {"paused_until": pause})


def limits(*, allowed: bool, retry_after: float | None = None) -> dict[str, Any]:
    base = {"level": "account", "key": "default", "allowed": allowed, "retry_after": retry_after}
    windows = {"limits": {"burst": 10, "day": None}, "left": {"burst": 7, "day": None}}
    return base | windows | {"refused_by": None if allowed else "burst"}


def test_limits_tell_what_is_left_of_each_window() -> None:
    assert guards.limits_page(limits(allowed=True)).splitlines() == [
        "The account 'default' may go ahead.",
        "",
        "window  left      limit",
        "burst      7         10",
        "day        -  unlimited",
    ]


@pytest.mark.parametrize(
    ("retry_after", "told"),
    [(4.737, "Come back in 5 s."), (None, "It is in vain to come back: the limit is 0.")],
)
def test_who_is_refused_hears_by_which_window_and_when_to_come_back(
    retry_after: float | None, told: str
) -> None:
    shown = guards.limits_page(limits(allowed=False, retry_after=retry_after))

    assert shown.startswith(f"The account 'default' is refused: the window `burst` is full. {told}\n")


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({}, "model 'backup'"),
        ({"by": "agent", "name": "junior"}, "agent 'junior'"),
        ({"by": "value"}, "a fixed value"),
    ],
)
def test_a_degraded_step_names_who_stood_in_and_why(changes: dict[str, Any], who: str) -> None:
    told = guards.answered_instead(DEGRADED | changes)

    assert told == f"{who} answered (TRANSIENT: the circuit is open)"


def test_a_degraded_result_has_a_line_for_each_step() -> None:
    result = {"a": "b", "degraded": [DEGRADED | {"step": "write"}, {"step": "edit", **DEGRADED}]}

    assert guards.degraded_section(result) == [
        "Degraded",
        "  write: model 'backup' answered (TRANSIENT: the circuit is open)",
        "  edit: model 'backup' answered (TRANSIENT: the circuit is open)",
    ]
    assert guards.degraded_section({"a": "b"}) == []


def test_guards_that_only_let_through_are_not_told() -> None:
    trace = {"guards": {"admission": passage(state=None)}, "steps": [{"name": "a", "guards": passage()}]}

    assert guards.guards_section(trace) == []
    assert guards.guards_section({"steps": [{"name": "a"}]}) == []


def test_guards_tell_who_was_refused_how_often_and_for_how_long() -> None:
    steps = [
        {"name": "write", "guards": passage(1, state="half_open")},
        {"name": "edit", "guards": passage(1, state=None), "degraded": DEGRADED},
    ]
    error = {"step": "print", "guards": passage(3, state=None)}
    trace = {"guards": {"admission": passage(2, state=None)}, "steps": steps, "error": error}
    why = "the circuit of the deployment 'fast' is open"

    assert guards.guards_section(trace) == [
        "Guards",
        f"  start  refused 2 times, waited 3.00 s ({why})",
        f"  write  refused 1 time, waited 1.50 s ({why}); circuit 'fast' half_open",
        f"  edit   refused 1 time, waited 1.50 s ({why}); degraded: {guards.answered_instead(DEGRADED)}",
        f"  print  refused 3 times, waited 4.50 s ({why})",
    ]


def refused_by(*sentences: str, times: int) -> list[str]:
    """What is told of a run that was refused so often at the start, for these reasons last."""
    admission = passage(times, state=None) | {"refusals": [{"sentence": each} for each in sentences]}
    return guards.guards_section({"guards": {"admission": admission}, "steps": []})[1:]


def test_every_cause_of_the_waiting_is_told_once() -> None:
    assert refused_by("full", "paused", "full", times=3) == [
        "  start  refused 3 times, waited 4.50 s (2 times full; 1 time paused)"
    ]
    assert refused_by("full", "full", times=2) == ["  start  refused 2 times, waited 3.00 s (full)"]
    assert refused_by("a", "a", "b", "a", "b", times=9) == [
        "  start  refused 9 times, waited 13.50 s (the last 5: 3 times a; 2 times b)"
    ]


def test_what_made_somebody_else_answer_is_not_told_twice() -> None:
    refused = passage(1, state=None) | {"refusals": [{"sentence": "the circuit is open"}]}
    step = {"name": "edit", "guards": refused, "degraded": DEGRADED}

    instead = "degraded: model 'backup' answered (TRANSIENT: the circuit is open)"
    assert guards.guards_section({"steps": [step]})[1:] == [
        f"  edit  refused 1 time, waited 1.50 s; {instead}"
    ]

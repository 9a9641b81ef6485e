"""What is told of steps side by side."""

from typing import Any

import pytest

from dirigent.cli import teamwork

MISSING = {"branch": "deep/news", "agent": "reader", "category": "TIMEOUT", "because": "no answer\nin 30 s."}


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({}, []),
        ({"branch": "invoice"}, ["branch invoice"]),
        ({"branch": None}, ["branch otherwise"]),
        ({"child": "t2"}, ["task t2"]),
        ({"turnout": {"completed_agents": 3}}, []),
        ({"turnout": {"missing": [MISSING, {"branch": "web"}]}}, ["without deep/news, web"]),
        ({"late": True}, ["late: it was not waited for"]),
        (
            {"child": "t2", "degraded": {"by": "workflow", "category": "TIMEOUT", "because": "late"}},
            ["task t2", "degraded: a fallback within it answered (TIMEOUT: late)"],
        ),
    ],
)
def test_marks_what_is_out_of_the_ordinary(step: dict[str, Any], told: list[str]) -> None:
    assert teamwork.marks(step) == told


def test_leaves_out_who_stood_in_where_that_is_told_already() -> None:
    step = {"degraded": {"by": "value", "category": "TIMEOUT", "because": "late"}}

    assert teamwork.marks(step, is_degraded_told=True) == []


@pytest.mark.parametrize(
    "task", [{"result": {"missing": [MISSING]}}, {"result": None, "error": {"missing": [MISSING]}}]
)
def test_tells_who_is_missing_whatever_came_of_the_task(task: dict[str, Any]) -> None:
    assert teamwork.missing_section(teamwork.missing_of(task)) == [
        "Missing",
        "  deep/news  TIMEOUT: no answer in 30 s",
    ]


@pytest.mark.parametrize("missing", [None, [], ["web"], [{"branch": "web"}]])
def test_takes_no_field_that_is_only_called_so_for_the_missing(missing: Any) -> None:
    assert teamwork.missing_of({"result": {"missing": missing}}) == []
    assert teamwork.missing_section([]) == []


def test_tells_how_steps_stand_that_were_not_done() -> None:
    ahead = [
        {"name": "web", "state": "given_up", "category": "TIMEOUT", "because": "late."},
        {"name": "process", "state": "under_way", "branch": "hard", "child": "t2"},
        {"name": "sum", "state": "to_come"},
    ]

    assert teamwork.steps_open({"ahead": ahead}) == [
        ("web", "given up: TIMEOUT: late"),
        ("process", "under way  branch hard  task t2"),
        ("sum", "to come"),
    ]


def test_tells_what_was_cut_and_which_run_failed() -> None:
    cut = [{"step": "news", "name": "news"}, {"step": "deep", "name": "deep", "child": "t2"}]

    assert teamwork.steps_open({"cut": cut}) == [("news", "cut off"), ("deep", "cut off  task t2")]
    assert teamwork.steps_open({"error": {"step": "deep", "child": "t2"}}) == [("deep", "failed  task t2")]
    assert teamwork.steps_open({"error": {"step": "deep"}}) == []


def test_notes_what_a_step_of_a_trace_was_not_used_for() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "web", "late": True, "category": "TIMEOUT", "because": "late"},
        {"name": "news", "state": "missing", "category": "TIMEOUT", "because": "late"},
        {"name": "gpt", "state": "unheard"},
        {"name": "sum"},
    ]

    assert [teamwork.note(row) for row in rows] == ["late", "missing", "unheard", ""]
    assert [row["branch"] for row in teamwork.absent_rows({"steps": rows})] == ["web", "news"]


def test_tells_the_runs_within_a_run() -> None:
    child = {"id": "t2", "step": "deep", "workflow": "vote", "status": "completed"}

    assert teamwork.children_section({"children": [child]}) == [
        "Runs within",
        "  deep  vote  completed  task t2",
    ]
    assert teamwork.children_section({}) == []

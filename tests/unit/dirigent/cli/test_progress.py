"""Progress as it is drawn, line by line."""

import io
from typing import Any

import pytest

from dirigent.cli.progress import Progress, seconds_between
from dirigent.cli.terminal import WIPE

STEPS = {"research": "research", "write": "writing"}


def task(done: int, status: str = "in_progress") -> dict[str, Any]:
    ends = ["2030-01-01T00:00:01.500Z", "2030-01-01T00:00:04Z"]
    steps = [{"name": n, "completed_at": end} for n, end in zip(STEPS.values(), ends, strict=True)]
    found = {"status": status, "created_at": "2030-01-01T00:00:00Z", "steps": steps[:done]}
    return found if status != "in_progress" else found | {"ahead": ahead(*list(STEPS.items())[done:])}


def ahead(*steps: tuple[str, str], under_way: int = 1) -> list[dict[str, str]]:
    """Steps and their names, of which so many are under way."""
    return [
        {"step": step, "name": name, "state": "under_way" if place < under_way else "to_come"}
        for place, (step, name) in enumerate(steps)
    ]


def side_by_side(*ended: tuple[str, int], status: str = "in_progress", **more: Any) -> dict[str, Any]:
    """A task whose branches began together, with those that have ended and after how many seconds."""
    steps = [
        {"name": name, "started_at": "2030-01-01T00:00:00Z", "completed_at": f"2030-01-01T00:00:{second:02}Z"}
        for name, second in ended
    ]
    return {"status": status, "created_at": "2030-01-01T00:00:00Z", "steps": steps, **more}


def test_tells_each_step_once_with_what_it_took(screen: Any) -> None:
    progress = Progress(screen.terminal())

    for seen in (task(0), task(1), None, task(1), task(2, "completed")):
        progress.show(seen)

    assert screen.told == "  ✓ research     1.5 s\n  ✓ writing      2.5 s\n"


def test_draws_the_step_under_way_where_lines_can_be_redrawn(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))

    progress.show(task(1))
    screen.pause(0.5)
    progress.show(None)

    drawn = screen.told.split(WIPE)
    assert drawn[-1] == f"  ⠹ {'█' * 10}{'░' * 10} 1/2  writing  0.5 s"
    assert "  ✓ research     1.5 s\n" in drawn


def test_tells_at_once_who_was_given_up_and_not_again_at_the_end(screen: Any) -> None:
    progress = Progress(screen.terminal())
    why = {"category": "TIMEOUT", "because": "no answer."}
    lost = {"step": "web", "name": "web", "state": "given_up"} | why
    missing = [{"branch": "team/web"} | why, {"branch": "team/news"} | why]

    for seen in (side_by_side(ahead=[lost]), side_by_side(ahead=[lost])):
        progress.show(seen)
    before = screen.told
    progress.show(side_by_side(status="completed", result={"missing": missing}))

    assert before == "  ✗ web  missing: TIMEOUT: no answer\n"
    assert screen.told == f"{before}  ✗ team/news  missing: TIMEOUT: no answer\n"


def test_counts_whom_it_lost_as_settled(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))
    lost = {"step": "web", "name": "web", "state": "given_up", "category": "TIMEOUT", "because": "late"}

    progress.show(side_by_side(ahead=[lost, *ahead(("sum", "sum"))]))

    assert "1/2  sum" in screen.told.split(WIPE)[-1]


def test_leaves_a_clean_line_at_the_end(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))

    progress.show(task(2, "failed"))

    assert screen.told.endswith(f"\n{WIPE}")


def test_knows_what_to_draw_without_the_names_of_steps(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))

    progress.show(task(1) | {"ahead": []})

    assert screen.told.endswith("working  0.0 s")


def test_says_that_a_run_whose_steps_are_done_is_finishing(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))

    progress.show(task(1))
    progress.show(task(2))

    assert screen.told.endswith("finishing  0.0 s")


def test_tells_branches_as_they_end_and_counts_the_whole_plan(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))
    branches = [(name, name) for name in ("web", "news", "deep")]
    last = ("summary", "summary")

    progress.show(side_by_side(ahead=ahead(*branches, last, under_way=3)))
    first = screen.told
    progress.show(side_by_side(("news", 2), ahead=ahead(branches[0], branches[2], last, under_way=2)))
    progress.show(side_by_side(("web", 5), ("news", 2), ahead=ahead(branches[2], last)))

    assert first.endswith("0/4  web and 2 more  0.0 s")
    assert [line for line in screen.told.split(WIPE) if line.endswith("\n")] == [
        "  ✓ news        2.0 s\n",
        "  ✓ web         5.0 s\n",
    ]
    assert screen.told.endswith("2/4  deep  0.0 s")


def test_tells_a_run_that_was_not_watched_in_the_order_of_its_ends(screen: Any) -> None:
    Progress(screen.terminal()).show(side_by_side(("web", 5), ("news", 2), status="completed"))

    assert screen.told == "  ✓ news     2.0 s\n  ✓ web      5.0 s\n"


def test_tells_who_is_missing_at_the_end_and_why(screen: Any) -> None:
    missing = {"branch": "news", "category": "TIMEOUT", "because": "no answer\nin 30 s."}

    for ended in (
        {"status": "completed", "result": {"missing": [missing]}},
        {"status": "failed", "error": {"missing": [missing]}},
    ):
        Progress(screen.terminal()).show(side_by_side(("web", 5)) | ended)

    assert screen.told == "  ✓ web     5.0 s\n  ✗ news  missing: TIMEOUT: no answer in 30 s\n" * 2


def test_a_step_that_came_late_is_marked_and_not_counted(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))
    seen = side_by_side(("web", 5), ("news", 6), ahead=ahead(("summary", "summary")))
    seen["steps"][1]["late"] = True

    progress.show(seen)

    assert "6.0 s  late: it was not waited for\n" in screen.told
    assert screen.told.endswith("1/2  summary  0.0 s")


def test_a_run_that_waits_to_begin_has_nothing_under_way(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))

    progress.show(task(0) | {"ahead": ahead(*STEPS.items(), under_way=0)})

    assert screen.told.endswith("0/2  start  0.0 s")


def test_a_terminal_of_ascii_gets_ascii(screen: Any) -> None:
    screen.err = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    progress = Progress(screen.terminal(is_live=True))

    progress.show(task(1))

    screen.err.flush()
    assert b"  ok research     1.5 s" in screen.err.buffer.getvalue()
    assert b"##########---------- 1/2" in screen.err.buffer.getvalue()


@pytest.mark.parametrize("done", [0, 1, 2])
def test_draws_nothing_on_paper(screen: Any, done: int) -> None:
    Progress(screen.terminal()).show(task(done))

    assert "\r" not in screen.told


def test_clocks_that_disagree_make_no_time_negative() -> None:
    assert seconds_between("2030-01-01T00:00:01Z", "2030-01-01T00:00:00Z") == 0.0
    assert seconds_between("2030-01-01T00:00:00Z", "2030-01-01T00:00:01.500Z") == 1.5


def waiting(attempts: int, next_try: str) -> dict[str, Any]:
    because = "agent 'writer': the model\nanswered 429."
    wait = {"step": "write", "attempts": attempts, "next_try": next_try, "category": "RATE_LIMIT"}
    return {**task(1), "waits": [{**wait, "because": because}]}


def test_tells_each_attempt_that_failed_once_with_its_reason(screen: Any) -> None:
    progress = Progress(screen.terminal())
    first, second = waiting(1, "2030-01-01T00:00:11.200Z"), waiting(2, "2030-01-01T00:00:00Z")

    for seen in (task(1), first, None, first, task(1), second, task(2, "completed")):
        progress.show(seen)

    told = "  … writing   RATE_LIMIT: agent 'writer': the model answered 429; tried"
    assert screen.told.splitlines()[1:3] == [f"{told} 1 time, again in 12 s", f"{told} 2 times, again now"]


def test_counts_down_to_the_next_attempt_where_lines_can_be_redrawn(screen: Any) -> None:
    progress = Progress(screen.terminal(is_live=True))

    progress.show(waiting(1, "2030-01-01T00:00:12Z"))
    screen.pause(2.0)
    progress.show(None)
    counted = screen.told
    progress.show(task(1))

    assert counted.endswith("1/2  writing  2.0 s; tried 1 time, again in 10 s")
    assert screen.told.endswith("1/2  writing  2.0 s")


def test_a_step_of_a_workflow_that_changed_is_told_by_its_own_name(screen: Any) -> None:
    Progress(screen.terminal()).show(waiting(1, "2030-01-01T00:00:12Z") | {"ahead": []})

    assert "  … write     RATE_LIMIT: " in screen.told


def test_a_start_that_is_held_up_is_told_without_tries(screen: Any) -> None:
    progress = Progress(screen.terminal())
    because, next_try = "the account 'a' has had all its starts", "2030-01-01T00:00:03Z"
    wait = {"step": None, "attempts": 0, "next_try": next_try, "category": "RATE_LIMIT", "because": because}
    held = {**task(0), "waits": [wait]}

    for seen in (held, held, {**held, "waits": [wait | {"because": "its user, too"}]}):
        progress.show(seen)

    assert screen.told.splitlines() == [
        f"  … start     RATE_LIMIT: {because}; again in 3 s",
        "  … start     RATE_LIMIT: its user, too; again in 3 s",
    ]


def test_a_degraded_step_is_marked(screen: Any) -> None:
    seen = task(1)
    seen["steps"][0]["degraded"] = {"by": "agent", "name": "b", "category": "TIMEOUT", "because": "late"}

    Progress(screen.terminal()).show(seen)

    assert screen.told.endswith("1.5 s  degraded: agent 'b' answered (TIMEOUT: late)\n")

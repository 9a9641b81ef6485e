"""What is shown, while it lasts, of runs whose steps do not follow one another."""

from pathlib import Path
from typing import Any

from pattern_catalogue import ABOUT, compose
from pattern_host import PatternHost, pattern_host

from dirigent.domain.run_ids import child_id

TALK = {
    "pattern": "fan_out",
    "prompt": ABOUT,
    "deadline": 90,
    "branches": [{"name": name, "agent": name} for name in ("ada", "bob", "cyd")],
    "combine": {"name": "sum-up", "agent": "dan", "prompt": "Sum up: {{branches}}", "output": "summary"},
    "result": {"summary": "summary"},
}
VOTE = {
    "pattern": "quorum",
    "prompt": ABOUT,
    "deadline": 90,
    "answers": {"verdict": {"one_of": ["yes", "no"]}},
    "vote": "verdict",
    "voters": [{"name": name, "agent": name} for name in ("ada", "bob", "cyd")],
    "result": {"decision": "decision", "ballots": "ballots"},
}
AROUND = {
    "steps": [{"name": "talk", "workflow": "talk", "with": {"topic": "{{topic}}"}, "output": "talk"}],
    "result": {"summary": "talk.summary"},
}
REFUSED = {"agent": "ada", "fault": {"status": 401}}
BUSY = {"agent": "bob", "times": 1, "fault": {"status": 429, "retry_after": 30}}
SLOW = {"agent": "cyd", "fault": {"slow": 20}}
BODY = {"topic": "tides"}


def catalogue(folder: Path) -> Path:
    return compose(folder, {"talk": TALK, "vote": VOTE, "around": AROUND})


def ahead(app: PatternHost, run: str) -> dict[str, str]:
    return {step["step"]: step["state"] for step in app.task(run).get("ahead", [])}


def trace(app: PatternHost, run: str) -> Any:
    return app.host.request("GET", f"/api/task/{run}/trace").json()


def test_a_branch_that_is_given_up_is_told_at_once_and_traced_in_the_end(tmp_path: Path) -> None:
    with pattern_host(tmp_path, faults=[REFUSED, SLOW], catalogue=catalogue(tmp_path)) as app:
        run = app.begin("talk", BODY)
        before, early = ahead(app, run), trace(app, run)
        task = app.ended(run)
        late = trace(app, run)

    assert before == {"ada": "given_up", "cyd": "under_way", "sum-up": "to_come"}
    assert [(row["name"], row.get("state")) for row in early["steps"]] == [("ada", "missing"), ("bob", None)]
    assert task["result"]["completed_agents"] == 2
    assert late["pipeline"] == "[ada ✗, bob, cyd] → sum-up"
    assert (late["steps"][0]["state"], late["steps"][0]["category"]) == ("missing", "AUTHENTICATION")


def test_a_voter_that_waits_for_its_next_try_is_told(tmp_path: Path) -> None:
    answers = [{"agent": name, "answer": {"verdict": "yes"}} for name in ("ada", "bob", "cyd")]
    with pattern_host(
        tmp_path, faults=[REFUSED, BUSY, SLOW], answers=answers, catalogue=catalogue(tmp_path)
    ) as app:
        run = app.begin("vote", BODY)
        shown, before = app.task(run), ahead(app, run)
        late = trace(app, app.ended(run)["id"])

    assert [(wait["step"], wait["category"]) for wait in shown["waits"]] == [("bob", "RATE_LIMIT")]
    assert before == {"ada": "given_up", "bob": "under_way", "cyd": "under_way", "tally": "to_come"}
    assert [row["name"] for row in late["steps"]] == ["ada", "bob", "cyd", "tally"]


def test_a_run_that_failed_within_another_or_was_cut_with_it_is_named(tmp_path: Path) -> None:
    broken = {"agent": "dan", "fault": {"status": 401}}
    with pattern_host(tmp_path, faults=[SLOW, broken], catalogue=catalogue(tmp_path)) as app:
        failing, cut = app.begin("around", BODY), app.begin("around", BODY)
        app.post(f"/api/task/{cut}/cancel")
        failed, cancelled = app.ended(failing), app.task(cut)

    assert (failed["error"]["step"], failed["error"]["child"]) == ("talk", child_id(failing, "talk"))
    assert cancelled["cut"] == [{"step": "talk", "name": "talk", "child": child_id(cut, "talk")}]

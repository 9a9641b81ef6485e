"""Pages for people."""

from typing import Any

from dirigent.cli import pages

TASK: dict[str, Any] = {
    "id": "t1",
    "type": "tides",
    "workflow": "tides",
    "status": "completed",
    "created_at": "2030-01-01T00:00:00.000250Z",
    "completed_at": "2030-01-01T00:00:02.500Z",
    "steps": [{"name": "research", "completed_at": "2030-01-01T00:00:01Z", "result": {"research": "r"}}],
    "result": {"topic": "ebb", "words": 3, "article": "One\ntwo\n"},
}


def test_short_values_stand_beside_their_names_and_texts_beneath() -> None:
    assert pages.result_page({"topic": "ebb", "words": 3, "tags": ["a"], "article": "One\ntwo\n"}) == (
        'topic  ebb\nwords  3\ntags   ["a"]\n\narticle:\n\nOne\ntwo'
    )


def test_a_task_shows_its_steps_and_its_result() -> None:
    shown = pages.task_page(TASK | {"simulated": True})

    assert shown.startswith("task      t1\nworkflow  tides\nstatus    completed\n")
    assert "Steps\n  research  2030-01-01T00:00:01Z\n" in shown
    assert shown.endswith(f"article:\n\nOne\ntwo\n\n{pages.SIMULATED}")


def test_a_task_that_sent_nothing_says_so() -> None:
    step = {"name": "mail", "completed_at": "2030-01-01T00:00:01Z", "simulated": True}
    shown = pages.task_page(TASK | {"steps": [step], "simulated": True})

    assert shown.endswith(pages.UNSENT)


def test_a_task_that_failed_says_why() -> None:
    error = {"category": "TIMEOUT", "message": "no answer", "step": "write", "attempts": 3}
    shown = pages.task_page(TASK | {"status": "failed", "result": None, "steps": [], "error": error})

    assert shown.endswith("Failed in step 'write' after 3 tries (TIMEOUT): no answer")


def test_a_failure_of_no_step_needs_no_tries() -> None:
    assert pages.error_line({"category": "PERMANENT", "message": "ended"}) == "Failed (PERMANENT): ended"


def test_who_cancelled_a_task_is_told_once() -> None:
    error = {"category": "PERMANENT", "message": "Cancelled by the account 'default': stale"}

    assert pages.error_line(error, status="cancelled") == "Cancelled by the account 'default': stale"


def test_who_cancelled_a_task_is_told_and_not_that_it_failed() -> None:
    error = {"category": "PERMANENT", "message": "Somebody ended the run: enough."}
    shown = pages.task_page(TASK | {"status": "cancelled", "result": None, "steps": [], "error": error})

    assert shown.endswith("\n\nCancelled: Somebody ended the run: enough.")
    assert "Failed" not in shown


def test_a_task_shows_where_its_steps_published() -> None:
    publish = {
        "name": "publishing",
        "completed_at": "2030-01-01T00:00:02Z",
        "result": {"address": "file:///a.md"},
    }
    link = {"name": "linking", "completed_at": "2030-01-01T00:00:02Z", "result": {"note": "see http://a"}}
    task = TASK | {"steps": [*TASK["steps"], publish, link]}

    assert pages.task_page(task).endswith("Two\n\naddress  file:///a.md".lower())
    assert pages.addresses(task | {"result": {"tags": ["a"], "where": "file:///a.md"}}) == ""
    assert pages.addresses(TASK) == ""


def test_workflows_show_the_fields_they_take() -> None:
    topic = {"name": "topic", "type": "string", "required": True, "description": "What about."}
    depth = {"name": "depth", "type": "integer", "required": False, "description": ""}
    found: list[dict[str, Any]] = [
        {"name": "tides", "description": "Ebbs.", "input": [topic, depth]},
        {"name": "none", "description": "Idles.", "input": []},
    ]

    assert pages.workflows_page(found).splitlines() == [
        "tides  Ebbs.",
        "  topic  string   required  What about.",
        "  depth  integer  optional",
        "",
        "none  Idles.",
        "  (no fields)",
    ]
    assert pages.workflows_page([]) == "No workflows."


def test_a_workflow_shows_its_input_its_steps_and_its_sample() -> None:
    topic = {"name": "topic", "type": "string", "required": True, "description": "What about."}
    ways, clerk = {"hard": {"kind": "workflow", "workflow": "research"}}, {"kind": "ask", "agent": "clerk"}
    found: dict[str, Any] = {
        "name": "tides",
        "description": "Ebbs.",
        "pattern": "sequential",
        "input": [topic],
        "steps": [
            {"name": "sort", "kind": "ask", "agent": "clerk"},
            {"name": "do", "kind": "choose", "choose": "sort.kind", "branches": ways, "otherwise": clerk},
            {"name": "put", "kind": "publish", "publishes": "done"},
        ],
        "result": ["topic", "done"],
        "sample": {"topic": "ebb"},
    }

    assert pages.workflow_page(found).splitlines() == [
        "workflow  tides",
        "does      Ebbs.",
        "pattern   sequential",
        "result    topic, done",
        "",
        "Input",
        "  topic  string  required  What about.",
        "",
        "Steps",
        "  sort  ask      clerk",
        "  do    choose   sort.kind: hard → research, otherwise → clerk",
        "  put   publish  done",
        "",
        "Sample",
        "  topic: ebb",
    ]
    assert "Sample" not in pages.workflow_page(found | {"sample": {}})


def test_agents_are_a_table() -> None:
    agent = {"name": "writer", "model": "main", "workflows": ["a", "b"], "description": "Writes."}

    assert pages.agents_page({"agents": [agent]}).splitlines() == [
        "agent   model  workflows  description",
        "writer  main   a, b       Writes.",
    ]
    assert pages.agents_page({"agents": []}) == "No agents."


def test_a_trace_is_a_table_with_its_sums() -> None:
    step = {
        "name": "write",
        "agent": "writer",
        "model": "m",
        "attempts": 2,
        "waited": 6.5,
        "duration": 1.25,
        "tokens": {"total": 9},
    }
    publish = {"name": "publish", "attempts": 1, "waited": 0.25, "duration": 0.0, "tokens": {"total": 0}}
    totals = {"attempts": 3, "duration": 1.5, "tokens": {"total": 9}}

    assert pages.trace_page({"steps": [step, publish], "totals": totals}).splitlines() == [
        "step     agent   model  tries  waited  seconds  tokens",
        "write    writer  m          2    6.50     1.25       9",
        "publish  -       -          1    0.25     0.00       0",
        "total                       3    6.75     1.50       9",
    ]


def test_a_trace_has_a_row_for_the_step_that_failed() -> None:
    error = {"category": "TIMEOUT", "message": "late", "step": "write", "attempts": 3}
    totals = {"attempts": 3, "duration": 1.5, "tokens": {"total": 0}}

    shown = pages.trace_page({"steps": [], "totals": totals, "status": "failed", "error": error})

    assert shown.splitlines() == [
        "step   agent  model  tries  waited  seconds  tokens",
        "write  -      -          3       -        -       -  failed",
        "total                    3    0.00     1.50       0",
        "",
        "Failed in step 'write' after 3 tries (TIMEOUT): late",
    ]


def test_a_trace_says_who_failed_whom_it_asked_and_why() -> None:
    guards = {"level": "deployment", "key": "gpt-4o", "state": "closed", "refused": 0, "waited": 0.0}
    error = {"category": "AUTHENTICATION", "message": "no", "step": "write", "attempts": 1}
    error |= {"agent": "writer", "reason": "wrong_key", "guards": guards}
    totals = {"attempts": 1, "duration": 1.5, "tokens": {"total": 0}}

    shown = pages.trace_page({"steps": [], "totals": totals, "status": "failed", "error": error})

    assert shown.splitlines()[1] == (
        "write  writer  gpt-4o      1       -        -       -  failed: wrong_key"
    )


def test_a_trace_tells_how_models_stopped_where_that_is_asked() -> None:
    figures = {"attempts": 1, "duration": 1.0, "tokens": {"total": 1}}
    steps = [
        {"name": "write", "finish": "stop", "request_id": "req-1"} | figures,
        {"name": "edit", "finish": "stop"} | figures,
        {"name": "publish"} | figures,
    ]
    trace = {"steps": steps, "totals": figures}

    assert pages.trace_page(trace, has_replies=True).endswith(
        "\n\nReplies\n  step   finish  request\n  write  stop    req-1\n  edit   stop    -"
    )
    assert "Replies" not in pages.trace_page(trace)
    assert "Replies" not in pages.trace_page(trace | {"steps": steps[2:]}, has_replies=True)


def test_a_trace_tells_who_was_not_there_in_time() -> None:
    figures = {"attempts": 1, "waited": 0.0, "duration": 1.0, "tokens": {"total": 5}}
    why = {"category": "TIMEOUT", "because": "no answer."}
    steps = [
        {"name": "web", "agent": "a", "state": "missing"} | why,
        {"name": "news", "agent": "b", "model": "m", "late": True} | figures | why,
    ]
    totals = {"attempts": 1, "duration": 1.5, "tokens": {"total": 5}}

    assert pages.trace_page({"steps": steps, "totals": totals}).splitlines() == [
        "step   agent  model  tries  waited  seconds  tokens",
        "web    a      -          -       -        -       -  missing",
        "news   b      m          1    0.00     1.00       5  late",
        "total                    1    0.00     1.50       5",
        "",
        "Missing",
        "  web   TIMEOUT: no answer",
        "  news  TIMEOUT: no answer",
    ]


def test_a_list_of_tasks_says_how_to_go_on() -> None:
    shown = pages.tasks_page({"tasks": [TASK, TASK | {"completed_at": None}], "continuation_token": "abc"})

    assert shown.splitlines() == [
        "task  workflow  status     created               seconds",
        "t1    tides     completed  2030-01-01T00:00:00Z      2.5",
        "t1    tides     completed  2030-01-01T00:00:00Z        -",
        "There are more: --continuation abc",
    ]


def test_an_empty_list_says_so() -> None:
    assert pages.tasks_page({"tasks": [], "continuation_token": None}) == "No tasks."


def test_json_keeps_its_letters() -> None:
    assert pages.as_json({"a": "ø"}) == '{\n  "a": "ø"\n}'


def test_a_failure_says_when_the_same_may_work() -> None:
    error = {"category": "RATE_LIMIT", "message": "too often.", "retry_after": 12.5}

    assert pages.error_line(error) == "Failed (RATE_LIMIT): too often. The same may work 13 s later."


def test_a_step_that_somebody_else_did_is_marked() -> None:
    degraded = {"by": "value", "name": None, "category": "TIMEOUT", "because": "no answer"}
    steps = [TASK["steps"][0] | {"degraded": degraded}]

    shown = pages.task_page(TASK | {"steps": steps})

    assert "  2030-01-01T00:00:01Z  degraded: a fixed value answered (TIMEOUT: no answer)\n" in shown


def test_a_degraded_result_is_told_once_and_not_as_a_field() -> None:
    degraded = {"by": "model", "name": "spare", "category": "TRANSIENT", "because": "no answer"}
    steps = [TASK["steps"][0] | {"degraded": degraded}]
    result = {"topic": "ebb", "degraded": [{"step": "research", **degraded}]}

    shown = pages.task_page(TASK | {"steps": steps, "result": result})

    assert shown.endswith("topic  ebb\n\nDegraded\n  research: model 'spare' answered (TRANSIENT: no answer)")
    assert shown.count("spare") == 1


def test_a_trace_tells_what_guards_did() -> None:
    passage: dict[str, Any] = {
        "level": "account",
        "key": "a",
        "state": None,
        "refused": 1,
        "waited": 2.0,
        "refusals": [],
    }
    totals = {"attempts": 0, "duration": 2.0, "tokens": {"total": 0}}

    shown = pages.trace_page({"guards": {"admission": passage}, "steps": [], "totals": totals})

    assert shown.endswith("\n\nGuards\n  start  refused 1 time, waited 2.00 s")


def test_a_task_that_goes_on_shows_what_is_ahead_beside_what_is_done() -> None:
    ahead = [
        {"step": "web", "name": "web", "state": "under_way", "child": "t2"},
        {"step": "summary", "name": "summary", "state": "to_come"},
    ]
    shown = pages.task_page(TASK | {"status": "in_progress", "result": None, "ahead": ahead, "parent": "t0"})

    assert "\nparent    task t0\n" in shown
    assert shown.endswith(
        "Steps\n  research  2030-01-01T00:00:01Z\n  web       under way  task t2\n  summary   to come"
    )


def test_a_partial_result_says_who_is_missing() -> None:
    missing = {"branch": "news", "agent": "reader", "category": "TIMEOUT", "because": "late"}
    shown = pages.result_page({"timed_out": True, "completed_agents": 3, "missing": [missing]})

    assert shown == "timed_out         true\ncompleted_agents  3\n\nMissing\n  news  TIMEOUT: late"


def test_a_task_that_failed_says_who_was_missing() -> None:
    missing = {"branch": "news", "category": "TIMEOUT", "because": "late"}
    error = {"category": "TIMEOUT", "message": "too few", "missing": [missing]}
    shown = pages.task_page(TASK | {"status": "failed", "result": None, "steps": [], "error": error})

    assert shown.endswith("Failed (TIMEOUT): too few\n\nMissing\n  news  TIMEOUT: late")


def test_a_vote_shows_its_decision_and_its_ballots() -> None:
    ballots = [{"voter": "gpt", "agent": "m", "weight": 1, "said": "choice", "choice": "allow"}]
    shown = pages.result_page({"decision": "allow", "votes": ballots})

    assert shown.startswith("decision  allow\n\nvotes:\n\nvoter  agent  weight  said    choice\ngpt")


def test_what_branches_brought_stands_beneath_their_names() -> None:
    shown = pages.result_page({"sources": [{"agent": "web", "data": {"summary": "Ebb."}}]})

    assert shown == "sources:\n\nweb\n  summary: Ebb."


def test_a_trace_shows_what_ran_side_by_side_and_the_runs_within() -> None:
    step = {"name": "web", "attempts": 1, "duration": 1.0, "tokens": {"total": 1}}
    totals = {"attempts": 1, "duration": 1.0, "tokens": {"total": 1}}
    child = {"id": "t2", "step": "deep", "workflow": "vote", "status": "completed"}
    trace = {"steps": [step], "totals": totals, "pipeline": "[web, deep] → summary", "children": [child]}

    assert pages.trace_page(trace).endswith(
        "\n\nOrder\n  [web, deep] → summary\n\nRuns within\n  deep  vote  completed  task t2"
    )
    assert "Order" not in pages.trace_page(trace | {"pipeline": "web → summary"})


def test_a_list_with_runs_within_runs_names_their_parents() -> None:
    run = {"id": "t1", "workflow": "w", "status": "completed", "created_at": "2030-01-01T00:00:00Z"}
    lines = pages.tasks_page({"tasks": [run, run | {"id": "t2", "parent": "t1"}]}).splitlines()

    assert [line.split()[-1] for line in lines] == ["parent", "-", "t1"]


def test_a_task_shows_the_event_that_started_it() -> None:
    event = {"subscription": "data-analyser", "topic": "data", "type": "DataReceived", "id": "delivery-7"}
    task = TASK | {"event": event, "correlation_id": "storm-1"}
    again = task | {"event": event | {"replay": {"dead_letter": "0f-1", "number": 2}}}

    assert "\nevent        DataReceived delivery-7, heard by data-analyser\n" in pages.task_page(task)
    assert "\ncorrelation  storm-1\n" in pages.task_page(task)
    assert (
        "\nevent        DataReceived delivery-7, heard by data-analyser, replay 2 of dead letter 0f-1\n"
        in pages.task_page(again)
    )


def test_what_belongs_to_nothing_but_itself_says_no_word_of_it() -> None:
    assert "correlation" not in pages.task_page(TASK | {"correlation_id": "t1"})
    assert "event" not in pages.task_page(TASK)

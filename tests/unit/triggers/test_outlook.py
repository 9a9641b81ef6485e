"""What is still ahead."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.outcomes import Category, Missing
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import ENDED, Held, Status
from triggers.outlook import ahead, cut

AT = datetime(2030, 1, 1, tzinfo=UTC)
RECORD = RunRecord(
    run="run-1",
    account="default",
    workflow="w",
    type="t",
    status=Status.IN_PROGRESS,
    definition="digest",
    input=Held(text="{}"),
    created_at=AT,
    updated_at=AT,
)
ALL = {"agents": ["web", "news", "deep"]}


def left(
    bench: Any, workflow: str, *done: str, record: RunRecord = RECORD, given: Any = ALL, **known: Any
) -> list[Any]:
    """What is ahead of a run that has done so much."""
    return ahead(record, bench.catalogue.workflows[workflow], given, wrote(*done), **known)


def wrote(*done: str) -> tuple[StepRecord, ...]:
    """Steps that were done."""
    return tuple(
        StepRecord(
            step=name,
            position=0,
            record=name,
            output=name,
            value=Held(text=""),
            started_at=AT,
            completed_at=AT,
        )
        for name in done
    )


def gone(*names: str) -> dict[str, Missing]:
    """Steps that were given up."""
    return {name: Missing(branch=name, category=Category.TIMEOUT, because="late", since=AT) for name in names}


@pytest.mark.parametrize(
    ("workflow", "done", "under_way", "to_come"),
    [
        ("desk", "", "triage", "process file"),
        ("desk", "triage", "process", "file"),
        ("desk", "triage process file", "", ""),
        ("multi-source-research", "", "web news deep", "summary"),
        ("multi-source-research", "news", "web deep", "summary"),
        ("multi-source-research", "web news deep", "summary", ""),
        ("tree", "", "master-brief", "scraper analyst research editor master"),
        ("tree", "master-brief analyst", "scraper editor", "research master"),
        ("tree", "master-brief scraper analyst", "research editor", "master"),
        ("tree", "master-brief scraper analyst research editor", "master", ""),
        ("tree", "master-brief research editor", "master", ""),
        ("tree", "master-brief scraper editor master", "", ""),
        ("vote", "gpt", "claude", "arbiter tally"),
        ("vote", "gpt claude", "arbiter", "tally"),
        ("vote", "gpt arbiter", "tally", ""),
    ],
)
def test_tells_what_is_under_way_and_what_follows(
    wide: Any, workflow: str, done: str, under_way: str, to_come: str
) -> None:
    found = left(wide, workflow, *done.split())

    by_state = {
        state: [each["step"] for each in found if each["state"] == state]
        for state in ("under_way", "to_come")
    }
    assert by_state == {"under_way": under_way.split(), "to_come": to_come.split()}


def test_leaves_out_the_branches_that_are_not_sent_out(wide: Any) -> None:
    found = left(wide, "multi-source-research", "web", given={"agents": ["web", "deep"]})

    assert [each["step"] for each in found] == ["deep", "summary"]


def test_names_the_run_that_a_step_is(wide: Any) -> None:
    found = left(wide, "multi-source-research", "web", "news")

    assert found[0] == {
        "step": "deep",
        "name": "deep",
        "state": "under_way",
        "child": child_id("run-1", "deep"),
    }


def test_calls_steps_as_their_records_are_called(wide: Any) -> None:
    [write, _] = left(wide, "content-creation")

    assert (write["step"], write["name"]) == ("write", "writing")


def test_nothing_is_under_way_of_a_run_that_waits_to_begin(wide: Any) -> None:
    found = left(wide, "vote", record=replace(RECORD, status=Status.PENDING))

    assert {each["state"] for each in found} == {"to_come"}


@pytest.mark.parametrize("status", sorted(ENDED))
def test_nothing_is_ahead_of_a_run_that_has_ended(wide: Any, status: Status) -> None:
    assert left(wide, "vote", record=replace(RECORD, status=status)) == []


@pytest.mark.parametrize(
    ("workflow", "done", "lost", "under_way", "to_come"),
    [
        ("multi-source-research", "web", "news", "deep", "summary"),
        ("multi-source-research", "web", "news deep", "summary", ""),
        ("tree", "master-brief scraper", "analyst", "research editor", "master"),
        ("tree", "master-brief scraper", "analyst research", "editor", "master"),
        ("tree", "master-brief editor", "research", "master", ""),
        ("vote", "gpt", "claude", "arbiter", "tally"),
    ],
)
def test_tells_who_was_given_up(
    wide: Any, workflow: str, done: str, lost: str, *, under_way: str, to_come: str
) -> None:
    found = left(wide, workflow, *done.split(), gone=gone(*lost.split()))

    by_state: dict[str, list[str]] = {"given_up": [], "under_way": [], "to_come": []}
    for each in found:
        by_state[each["state"]].append(each["step"])
    assert by_state == {
        "given_up": lost.split(),
        "under_way": under_way.split(),
        "to_come": to_come.split(),
    }


def test_waits_for_voters_while_answers_are_compared(wide: Any) -> None:
    vote = wide.catalogue.workflows["vote"]
    steps = (*vote.steps[:2], replace(vote.steps[0], name="judge"), *vote.steps[2:])
    judged = replace(vote, steps=steps, election=replace(vote.election, same="judge"))
    wide.catalogue = replace(wide.catalogue, workflows={"vote": judged})

    assert [each["step"] for each in left(wide, "vote", "gpt", "judge")] == ["claude", "arbiter", "tally"]


def test_tells_why_somebody_was_given_up(wide: Any) -> None:
    [found, *_] = left(wide, "multi-source-research", gone=gone("web"))

    assert found == {
        "step": "web",
        "name": "web",
        "state": "given_up",
        "category": Category.TIMEOUT,
        "because": "late",
    }


@pytest.mark.parametrize(
    ("said", "branch"),
    [
        ({}, {}),
        ({"triage": "hard"}, {}),
        ({"triage": {"kind": "hard"}}, {"branch": "hard"}),
        ({"triage": {"kind": "odd"}}, {"branch": None}),
        ({"triage": {"kind": True}}, {"branch": None}),
    ],
)
def test_tells_which_way_a_step_goes(wide: Any, said: dict[str, Any], branch: dict[str, Any]) -> None:
    [process, _] = left(wide, "desk", "triage", said=said)

    assert {name: process[name] for name in ("branch", "child") if name in process} == branch


def test_names_the_run_that_a_way_led_to_where_there_is_one(wide: Any) -> None:
    run = child_id("run-1", "process")
    [process, _] = left(wide, "desk", "triage", runs=frozenset({run}))

    assert process["child"] == run


@pytest.mark.parametrize(
    ("workflow", "done", "told"),
    [("multi-source-research", "web", "news deep"), ("desk", "triage", "process"), ("vote", "gpt", "claude")],
)
def test_tells_what_was_cut(wide: Any, workflow: str, done: str, told: str) -> None:
    record = replace(RECORD, status=Status.CANCELLED)
    found = cut(record, wide.catalogue.workflows[workflow], ALL, wrote(*done.split()))

    assert [each["step"] for each in found] == told.split()


def test_names_the_run_that_was_cut_with_its_step(wide: Any) -> None:
    record, run = replace(RECORD, status=Status.CANCELLED), child_id("run-1", "deep")
    research = wide.catalogue.workflows["multi-source-research"]
    found = cut(record, research, ALL, wrote("web", "news"), frozenset({run}))

    assert found == [{"step": "deep", "name": "deep", "child": run}]


def test_nothing_was_cut_of_a_run_that_nobody_cancelled_or_that_had_not_begun(wide: Any) -> None:
    vote = wide.catalogue.workflows["vote"]
    cancelled = replace(RECORD, status=Status.CANCELLED)
    begun = replace(cancelled, admission=Passage(level=Level.ACCOUNT, key="default"))

    assert cut(RECORD, vote, {}, wrote("gpt")) == []
    assert cut(cancelled, vote, {}, ()) == []
    assert [each["step"] for each in cut(begun, vote, {}, ())] == ["gpt", "claude"]

"""Instances that a run may have begun."""

from played_runs import asked, nested, started

from dirigent.domain.elections import Election, Voter
from dirigent.domain.lineage import below, descendants
from dirigent.domain.run_ids import child_id, path_of
from dirigent.domain.runs import PlannedStep

VOTERS = (Voter(name="v0"), Voter(name="v1"))
VOTE = Election(voters=VOTERS, needed=2, tally="tally")


def test_a_run_that_asks_and_nothing_else_begins_none() -> None:
    assert descendants(started(asked("one", "two"))) == ()
    assert below("run", asked("one")[0]) == ()


def test_nested_runs_and_what_is_nested_in_them() -> None:
    start = started((nested("a", (nested("b", asked("one")),)), *asked("two"), nested("c", asked("one"))))
    a, c = child_id("run", "a"), child_id("run", "c")

    assert descendants(start) == (a, c, child_id(a, "b"))
    assert below(a, start.plan[0]) == (child_id(a, "b"),)


def test_voters_and_each_comparison_of_their_answers() -> None:
    vote = Election(voters=VOTERS, needed=2, tally="tally", same="same", resolution="judge")
    found = descendants(started(asked("v0", "v1", "same", "judge", "tally"), election=vote))

    assert found == tuple(
        child_id("run", name) for name in ("v0", "v1", path_of("same", 0), path_of("same", 1))
    )
    assert len(set(found)) == 4


def test_voters_of_a_nested_vote() -> None:
    start = started((nested("poll", asked("v0", "v1", "tally"), "quorum", election=VOTE),))
    poll = child_id("run", "poll")

    assert descendants(start) == (poll, child_id(poll, "v0"), child_id(poll, "v1"))


def test_a_step_that_chooses_begins_one_run_whichever_way_it_goes() -> None:
    [one, other] = nested("go", (nested("x", asked("a")),)), nested("go", (nested("y", asked("a")),))
    ask = asked("go")[0]
    step = PlannedStep(
        name="go",
        activity="",
        timeout=30.0,
        choose="triage",
        branches={"one": one, "ask": ask},
        otherwise=other,
    )
    go = child_id("run", "go")

    assert descendants(started((step,))) == (go, child_id(go, "x"), child_id(go, "y"))

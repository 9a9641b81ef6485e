"""What a run is told at its start."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from played_runs import asked, nested, started

from dirigent.domain.elections import Election, Voter
from dirigent.domain.events import Origin
from dirigent.domain.runs import Parent, StartRun
from dirigent.domain.teams import Team

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CHAIN = started(asked("a", "b"))
WIDE = started(asked("a", "b", "c"), team=Team(name="w", members=("a", "b"), merge="c"))
VOTE = started(asked("a", "c"), election=Election(voters=(Voter(name="a"),), needed=1, tally="c"))
CHILD = replace(CHAIN, parent=Parent(run="p", definition="d", step="s", until=NOW))
FAR = started((nested("far", asked("a")), *asked("b")))


@pytest.mark.parametrize(
    ("start", "is_so"), [(CHAIN, True), (WIDE, False), (VOTE, False), (CHILD, False), (FAR, False)]
)
def test_only_a_plain_chain_of_its_own_opens_with_its_first_step(start: StartRun, is_so: bool) -> None:
    assert start.opens_with_step is is_so


@pytest.mark.parametrize("start", [WIDE, VOTE])
def test_in_brief_it_has_nothing_that_only_orchestrators_need(start: StartRun) -> None:
    brief = start.brief()

    assert (brief.plan, brief.team, brief.election) == ((), None, None)
    assert brief == replace(start, plan=(), team=None, election=None)


@pytest.mark.parametrize(
    ("names", "kept"), [(None, ("a", "b")), ('["b"]', ("b",)), ('["b", "a"]', ("a", "b"))]
)
def test_has_the_branches_that_its_input_names(names: str | None, kept: tuple[str, ...]) -> None:
    team = WIDE.only(names).team

    assert team is not None
    assert team.names == kept


def test_a_run_without_a_team_has_none_to_choose_from() -> None:
    assert CHAIN.only('["b"]') == CHAIN


def test_a_run_within_a_run_knows_the_event_that_began_it_all() -> None:
    origin = Origin(
        subscription="s", topic="t", type="Sold", event="e", correlation_id="c", enqueued_at=NOW, hops=3
    )
    [step] = (step for step in FAR.plan if step.nested is not None)
    assert step.nested is not None

    child = replace(FAR, origin=origin).begun(
        step.nested, "p-far", Parent(run="p", definition="d", step="far", until=NOW), NOW
    )

    assert child.origin == origin

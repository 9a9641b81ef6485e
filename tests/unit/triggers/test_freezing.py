"""Freezing workflows."""

import asyncio
from typing import Any

from msgspec.structs import replace

from dirigent.domain.runs import Nested
from dirigent.ports.artifacts import Artifact
from dirigent.records.definitions import Definitions
from triggers.freezing import Freezing, without


class Shelf:
    """A store of artifacts that counts what is put there."""

    def __init__(self) -> None:
        self.put_there: list[str] = []

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        self.put_there.append(name)
        return name

    async def get(self, name: str) -> Artifact | None:
        return None

    async def delete_under(self, prefix: str) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held."""


def frozen(bench: Any, name: str) -> Nested:
    """The workflow of the bench's catalogue, frozen."""
    return asyncio.run(Freezing(bench.catalogue, bench.parts.artifacts).frozen(name))


def test_freezes_a_vote_with_its_election(wide: Any) -> None:
    vote, declared = frozen(wide, "vote"), wide.catalogue.workflows["vote"]

    definition = asyncio.run(Definitions(wide.parts.artifacts).find(vote.definition))
    assert (vote.workflow, vote.type, vote.pattern) == ("vote", "vote", "quorum")
    assert (vote.team, vote.election) == (None, declared.election)
    assert (vote.timeout, vote.max_wait) == (declared.timeout, declared.max_wait)
    assert (definition, vote.plan) == (wide.catalogue.definition("vote"), definition.plan())


def test_freezes_workflows_within_workflows(wide: Any) -> None:
    desk = frozen(wide, "desk")

    choice = desk.plan[1]
    research = choice.branches["hard"].nested
    assert research == frozen(wide, "multi-source-research")
    assert research.team == wide.catalogue.workflows["multi-source-research"].team
    assert research.plan[2].nested == frozen(wide, "vote")
    assert (choice.choose, choice.otherwise is not None) == ("triage", True)


def test_names_an_edited_workflow_otherwise_and_what_is_around_it_as_before(wide: Any) -> None:
    before = frozen(wide, "multi-source-research")
    edited = replace(wide.catalogue.workflows["vote"], description="Edited.")
    wide.catalogue = replace(wide.catalogue, workflows=wide.catalogue.workflows | {"vote": edited})
    after = frozen(wide, "multi-source-research")

    was, now = before.plan[2].nested, after.plan[2].nested
    assert was is not None
    assert now is not None
    assert was.definition != now.definition
    assert before.definition == after.definition


def test_freezes_each_workflow_once(wide: Any) -> None:
    shelf = Shelf()
    freezing = Freezing(wide.catalogue, shelf)
    for name in ("desk", "multi-source-research", "desk", "vote"):
        asyncio.run(freezing.frozen(name))

    assert len(shelf.put_there) == len(set(shelf.put_there)) == 3


def test_leaves_out_the_branches_that_a_run_does_not_send_out(wide: Any) -> None:
    whole = frozen(wide, "multi-source-research")
    part = without(whole, frozenset({"news"}))

    assert part.team is not None
    assert part.team.names == ("web", "deep")
    assert [step.name for step in part.plan] == ["web", "deep", "summary"]
    assert part.definition == whole.definition
    assert without(whole, frozenset()) == whole

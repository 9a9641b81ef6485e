"""Freezes workflows with all that they refer to: editing the catalogue changes later runs only."""

from msgspec.structs import replace

from dirigent.domain.catalogue import Catalogue, Workflow, plain
from dirigent.domain.runs import Nested
from dirigent.domain.steps import WorkflowStep
from dirigent.ports.artifacts import Artifacts
from dirigent.records.definitions import Definitions


class Freezing:
    """Freezes each workflow of a catalogue once, as long as the process lives."""

    def __init__(self, catalogue: Catalogue, artifacts: Artifacts) -> None:
        self._catalogue, self._definitions = catalogue, Definitions(artifacts)
        self._known: dict[str, Nested] = {}

    async def frozen(self, name: str) -> Nested:
        """The workflow of that name, and within its plan every workflow that is a step of it."""
        known = self._known.get(name)
        if known is None:
            definition = self._catalogue.definition(name)
            workflow = definition.workflow
            # A catalogue in which workflows are steps of themselves is refused when it is loaded.
            nested = {other: await self.frozen(other) for other in _others(workflow)}
            known = self._known[name] = Nested(
                workflow=name,
                type=workflow.type,
                pattern=workflow.pattern,
                definition=await self._definitions.freeze(definition),
                plan=definition.plan(nested),
                timeout=workflow.timeout,
                max_wait=workflow.max_wait,
                team=workflow.team,
                election=workflow.election,
            )
        return known


def without(frozen: Nested, branches: frozenset[str]) -> Nested:
    """The same for a run that does not send these branches out."""
    if frozen.team is None or not branches:
        return frozen
    kept = frozenset(frozen.team.names) - branches
    plan = tuple(step for step in frozen.plan if step.name not in branches)
    return replace(frozen, team=frozen.team.only(kept), plan=plan)


def _others(workflow: Workflow) -> list[str]:
    return sorted({step.workflow for step in plain(workflow) if isinstance(step, WorkflowStep)})

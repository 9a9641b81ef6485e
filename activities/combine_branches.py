"""Put together what branches brought, or tell how a vote ended, without asking anybody."""

from typing import Any

from activities.scene import Scene
from activities.stage import Activity, Product, Stage
from dirigent import codec
from dirigent.domain import prompts
from dirigent.domain.catalogue import DECISION, OUTCOME, TALLY
from dirigent.domain.elections import End, Poll, written
from dirigent.domain.runs import Perform
from dirigent.domain.steps import CombineStep, TallyStep


def combine_branches(stage: Stage) -> Activity:
    """The activity."""

    async def combine(scene: Scene) -> Product:
        match scene.step:
            case CombineStep(template=None):
                return Product(text=await scene.gathered_text())
            case CombineStep(template=str(template)):
                values = await scene.texts(prompts.variables(template))
                return Product(text=prompts.plain(template, values))
            case TallyStep():
                return Product(text=codec.to_json(await _told(scene)).decode(), is_json=True)
        raise TypeError(f"The step {scene.step.name!r} combines nothing.")

    async def combine_branches(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), combine))

    return combine_branches


async def _told(scene: Scene) -> dict[str, object]:
    """How the vote ended: decided by the voters, by whoever judges in their place, or not at all."""
    poll = scene.order.poll
    if poll is None:
        raise TypeError(f"The step {scene.step.name!r} was told of no vote.")
    outcome, decision = "consensus", await _chosen(scene, poll)
    if decision is None:
        outcome, decision = "judged", await _judged(scene)
    if decision is None:
        outcome = "no_consensus"
    return {DECISION: decision, OUTCOME: outcome, TALLY: dict(poll.tally)}


async def _chosen(scene: Scene, poll: Poll) -> object:
    """What the first of those said whose choice has won; None where none has."""
    if poll.decision is None or poll.decision.end is not End.WON:
        return None
    winners = (vote for vote in await scene.votes() if vote.choice == poll.decision.choice)
    vote = next(winners, None)
    return None if vote is None else _vote(scene, vote.answer)


async def _judged(scene: Scene) -> object:
    election = scene.workflow.election
    if election is None or election.resolution is None or not scene.counts(election.resolution):
        return None
    output = await scene.output(election.resolution)
    decision = None if output is None else _vote(scene, output.value)
    # Who judges may have no opinion either.
    is_none = isinstance(decision, str) and written(decision) in ("", written(election.abstain))
    return None if is_none else decision


def _vote(scene: Scene, answer: object) -> object:
    """Of a whole answer, the vote."""
    election = scene.workflow.election
    by = None if election is None else election.by
    if by is None:
        return answer
    return answer.get(by) if isinstance(answer, dict) else None

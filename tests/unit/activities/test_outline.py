"""Definitions, laid out."""

import pytest

from activities.outline import Outline
from dirigent.domain.catalogue import Definition, Pattern, Workflow
from dirigent.domain.elections import Election, Voter
from dirigent.domain.steps import AskStep, ChooseStep, CombineStep, Step, TallyStep
from dirigent.domain.teams import Team


def ask(name: str, *, picks: bool = False) -> AskStep:
    return AskStep(name=name, agent=f"{name}-agent", prompt="", output=name.upper(), picks=picks)


def outline(
    pattern: Pattern, *steps: Step, team: Team | None = None, election: Election | None = None
) -> Outline:
    workflow = Workflow(
        name="w",
        description="",
        type="t",
        input=(),
        steps=steps,
        result={},
        pattern=pattern,
        team=team,
        election=election,
    )
    return Outline(Definition(workflow=workflow, agents={}, models={}))


INNER = Team(name="m", members=("x", "y"), merge="m", brief="m-brief")
OUTER = Team(name="top", members=("a", INNER), merge="top", brief="top-brief")
TREE = outline("hierarchy", *map(ask, OUTER.steps()), team=OUTER)
VOTE = outline(
    "quorum",
    *map(ask, ("v1", "v2", "tally")),
    election=Election(voters=(Voter(name="v1"), Voter(name="v2")), needed=2, tally="tally", by="verdict"),
)
CHOICE = outline(
    "sequential",
    ask("triage"),
    ChooseStep(name="go", choose="TRIAGE.kind", output="GO", branches={"x": ask("go")}),
)


def test_finds_steps_by_name_place_and_output() -> None:
    assert TREE.step("m").output == "M"
    assert TREE.places["m"] == 5
    assert TREE.makers["M"] == "m"
    assert (TREE.agent("x"), CHOICE.agent("go")) == ("x-agent", None)


def test_calls_steps_as_the_turnout_of_their_team_does() -> None:
    assert TREE.paths("top") == {"a": "a", "m": "m", "x": "m/x", "y": "m/y"}
    assert TREE.paths("m") == {"x": "x", "y": "y"}


def test_steps_of_a_vote_are_called_by_their_names() -> None:
    assert VOTE.paths("tally") == {"v1": "v1", "v2": "v2", "tally": "tally"}
    assert VOTE.voters == {"v1", "v2"}


@pytest.mark.parametrize("step", ["a", "x", "nobody"])
def test_whoever_merges_nothing_has_no_team(step: str) -> None:
    assert TREE.paths(step) == {}


@pytest.mark.parametrize(
    ("found", "name", "field"), [(VOTE, "v1", "verdict"), (VOTE, "tally", None), (CHOICE, "triage", "kind")]
)
def test_knows_by_what_the_run_goes_on(found: Outline, name: str, field: str | None) -> None:
    assert found.told(name) == field
    assert found.told(name) == found.definition.told(found.step(name))


def test_knows_what_branches_are_called_together() -> None:
    assert (TREE.gathered, VOTE.gathered, CHOICE.gathered) == ("reports", "ballots", None)


def test_knows_who_chooses_the_best() -> None:
    team = Team(name="w", members=("a", "b"), merge="judge")
    picking = outline("fan_out", ask("a"), ask("b"), ask("judge", picks=True), team=team)

    assert picking.picks is picking.step("judge")
    assert TREE.picks is None


def test_knows_which_steps_are_done_sooner_than_looked_for() -> None:
    steps = (ask("a"), CombineStep(name="join", output="joined"), TallyStep(name="tally", output="told"))

    assert outline("fan_out", *steps).quick == {"join", "tally"}

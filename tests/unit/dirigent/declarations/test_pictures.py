"""Workflows as pictures."""

import pytest

from dirigent.declarations.pictures import drawn, events_drawn
from dirigent.domain.catalogue import Catalogue, InputField, Pattern, Workflow
from dirigent.domain.elections import Election, Voter
from dirigent.domain.steps import (
    AskStep,
    ChooseStep,
    CombineStep,
    NotifyStep,
    PublishStep,
    SendStep,
    Step,
    TallyStep,
    WorkflowStep,
)
from dirigent.domain.subscriptions import Subscription
from dirigent.domain.teams import Team


def ask(name: str, agent: str = "cook") -> AskStep:
    return AskStep(name=name, agent=agent, prompt="Go.", output=name)


def picture(
    *steps: Step,
    pattern: Pattern = "sequential",
    fields: tuple[str, ...] = ("dish",),
    team: Team | None = None,
    election: Election | None = None,
) -> list[str]:
    workflow = dinner(*steps, pattern=pattern, fields=fields, team=team, election=election)
    return [line.strip() for line in drawn(workflow).splitlines()]


def dinner(
    *steps: Step,
    pattern: Pattern = "sequential",
    fields: tuple[str, ...] = ("dish",),
    team: Team | None = None,
    election: Election | None = None,
) -> Workflow:
    return Workflow(
        name="dinner",
        description="Cooks.",
        type="dinner",
        input=tuple(InputField(name=name) for name in fields),
        steps=steps,
        result={},
        pattern=pattern,
        team=team,
        election=election,
    )


def test_a_chain_is_drawn_from_what_it_is_given_to_its_last_step() -> None:
    publish = PublishStep(name="serve", publish="soup", output="address", filename="soup.md")

    assert picture(ask("cook"), ask("taste", "guest"), publish) == [
        "flowchart LR",
        'start(["dish"])',
        's0["cook"]',
        "start --> s0",
        's1["taste: guest"]',
        "s0 --> s1",
        's2[/"serve: publishes soup"/]',
        "s1 --> s2",
    ]


def test_a_choice_parts_and_joins_again() -> None:
    lunch = WorkflowStep(name="go", workflow="lunch", output="meal")
    choose = ChooseStep(
        name="go", choose="order.size", output="meal", branches={"small": lunch}, otherwise=ask("go")
    )

    lines = picture(ask("order"), choose, ask("pay"))

    assert lines[4:] == [
        's1{"go: order.size"}',
        "s0 --> s1",
        's1_0[["lunch"]]',
        's1 -- "small" --> s1_0',
        's1_1["cook"]',
        's1 -- "otherwise" --> s1_1',
        's2["pay: cook"]',
        "s1_0 --> s2",
        "s1_1 --> s2",
    ]


def test_branches_stand_side_by_side_before_the_step_that_combines_them() -> None:
    team = Team(name="combine", members=("a", "b"), merge="combine", deadline=30.0)
    combine = CombineStep(name="combine", output="combined")

    lines = picture(ask("a"), ask("b"), combine, pattern="fan_out", team=team)

    assert lines[2:] == [
        'subgraph team["side by side, 30 s at most"]',
        's0["a: cook"]',
        's1["b: cook"]',
        "end",
        's2("combine")',
        "start --> team",
        "team --> s2",
    ]


def test_teams_stand_within_teams() -> None:
    inner = Team(name="chef", members=("a",), merge="chef", brief="chef-brief")
    team = Team(name="master", members=(inner, "b"), merge="master", brief="master-brief")
    steps = [ask(name) for name in ("master-brief", "chef-brief", "a", "chef", "b", "master")]

    lines = picture(*steps, pattern="hierarchy", team=team)

    assert lines[2:] == [
        's0["master-brief: cook"]',
        "start --> s0",
        'subgraph team["side by side"]',
        's1["chef-brief: cook"]',
        'subgraph team_0["side by side"]',
        's2["a: cook"]',
        "end",
        's3["chef: cook"]',
        "s1 --> team_0",
        "team_0 --> s3",
        's4["b: cook"]',
        "end",
        's5["master: cook"]',
        "s0 --> team",
        "team --> s5",
    ]


def test_a_vote_says_what_decides_and_who_counts_more() -> None:
    voters = (Voter(name="a"), Voter(name="b", weight=2))
    election = Election(
        voters=voters, needed=2, tally="tally", deadline=9.5, same="same", resolution="resolution"
    )
    asked = [ask(name) for name in ("a", "b", "same", "resolution")]

    lines = picture(*asked, TallyStep(name="tally", output="tally"), pattern="quorum", election=election)

    assert lines[2:] == [
        'subgraph voters["2 of 3 decide, 9.5 s at most"]',
        's0["a: cook"]',
        's1["b: cook, counts 2"]',
        "end",
        "start --> voters",
        's2["same: cook"]',
        "voters --> s2",
        's4("tally")',
        "s2 --> s4",
        's3["resolution: cook"]',
        's2 -- "undecided" --> s3',
        "s3 --> s4",
    ]


@pytest.mark.parametrize(("fields", "start"), [((), '(["start"])'), (("a", "b"), '(["a, b"])')])
def test_begins_with_what_a_run_is_given(fields: tuple[str, ...], start: str) -> None:
    assert picture(ask("a"), fields=fields)[1] == f"start{start}"


def test_a_quotation_mark_does_not_end_a_label() -> None:
    choose = ChooseStep(name="go", choose="order.size", output="meal", branches={'5"': ask("go")})

    assert 's1 -- "5#quot;" --> s1_0' in picture(ask("order"), choose)


def test_who_is_told_is_drawn_as_a_flag() -> None:
    tell = SendStep(name="tell", topic="meals", event="Served", output="told")
    notify = NotifyStep(name="email", channel="email", to="guest", text="Come.", output="receipt")

    assert picture(tell, notify)[2:] == [
        's0>"tell: tells Served"]',
        "start --> s0",
        's1>"email: notifies by email"]',
        "s0 --> s1",
    ]


def test_events_are_drawn_from_who_tells_them_to_who_hears_them() -> None:
    tell = SendStep(name="tell", topic="meals", event="Served", output="told")
    way = SendStep(name="go", topic="bills", event="Paid", output="told")
    choose = ChooseStep(name="go", choose="a.b", output="told", branches={"yes": way, "no": tell})
    wash, all_of_it = (
        Subscription(name="washing", topic="meals", workflow="wash", filter="type = 'Served' AND size < 3"),
        Subscription(name="log", topic="meals", workflow="dinner"),
    )
    catalogue = Catalogue(
        models={},
        agents={},
        workflows={"dinner": dinner(tell, choose)},
        subscriptions={"washing": wash, "log": all_of_it},
    )

    assert [line.strip() for line in events_drawn(catalogue).splitlines()] == [
        "flowchart LR",
        't0(["meals"])',
        't1(["bills"])',
        'w0[["dinner"]]',
        'w1[["wash"]]',
        'w0 -- "Served" --> t0',
        'w0 -- "Paid" --> t1',
        "t0 -- \"washing: type = 'Served' AND size #lt; 3\" --> w1",
        't0 -- "log" --> w0',
    ]

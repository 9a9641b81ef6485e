"""Teams and who belongs to them."""

from dirigent.domain.teams import Team

INNER = Team(name="m", members=("w1", "w2"), merge="m", brief="m-brief")
TEAM = Team(name="top", members=("w0", INNER, "w3"), merge="join")


def test_members_are_called_as_their_teams_are() -> None:
    assert TEAM.names == ("w0", "m", "w3")


def test_teams_come_outermost_first() -> None:
    assert [team.name for team in TEAM.teams()] == ["top", "m"]


def test_steps_come_in_the_order_in_which_they_may_be_done() -> None:
    assert list(TEAM.steps()) == ["w0", "m-brief", "w1", "w2", "m", "w3", "join"]


def test_keeps_those_who_are_named_in_their_declared_order() -> None:
    assert TEAM.only(frozenset({"w3", "m"})).names == ("m", "w3")
    assert TEAM.only(frozenset({"w3"})).merge == "join"

"""Votes in which somebody says which answers mean the same."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from ballot_box import certain, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from dirigent.domain.elections import Election, Voter
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.votings import Stage, Voting

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DUE = NOW + timedelta(seconds=30)
NO = Failed(failure=Failure(category=Category.PERMANENT, message="no"))
#: What somebody means, and in which words; None is a failure.
FATES = st.sampled_from([("ham", "ham"), ("ham", "bacon"), ("eggs", "eggs"), ("abstain", "abstain"), None])
Fate = tuple[str, str] | None


def begun(*weights: int, needed: int, resolution: str | None = None) -> Voting:
    of = Election(
        voters=tuple(Voter(name=f"v{place}", weight=weight) for place, weight in enumerate(weights)),
        needed=needed,
        tally="tally",
        deadline=30.0,
        same="same",
        resolution=resolution,
    )
    names = [*(voter.name for voter in of.voters), "same", "tally", "judge"]
    start = StartRun(
        run="r",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=tuple(PlannedStep(name=name, activity="ask_agent", timeout=30) for name in names),
        input=Held(text="{}"),
        created_at=NOW,
        timeout=3600,
        election=of,
    )
    return Voting.of(start, NOW).begun()


def answers(state: Voting, **said: str) -> Voting:
    return state.hear({voter: Done(told=text) for voter, text in said.items()}, NOW)


def compared(state: Voting, **labels: str) -> Voting:
    assert [call.step.name for call in state.ready] == ["same"]
    return state.begun().hear({"same": Done(told=json.dumps(labels))}, NOW)


def ready(state: Voting) -> list[str]:
    return [call.step.name for call in state.ready]


class Play:
    """A vote whose answers somebody compares, who knows what everybody means."""

    def __init__(self, state: Voting, fates: dict[str, Fate]) -> None:
        self.state, self.fates = state, fates
        self.heard: set[str] = set()
        self.late: frozenset[str] = frozenset()
        self.asked: frozenset[str] = frozenset()
        self.compared: frozenset[str] = frozenset()
        self.is_literal, self.rounds, self.begun = False, 0, 0

    def begin(self) -> None:
        if ready(self.state) == ["same"]:
            # Never two comparisons at a time, and none without news.
            assert "same" not in self.state.out
            self.asked, before = frozenset(self.answered()), self.compared
            assert self.asked != before
            [call] = self.state.ready
            assert call.is_alone
            assert call.again == self.begun
            self.begun += 1
            assert call.poll is not None
            shown = {name for name, ballot in call.poll.ballots.items() if ballot.choice is not None}
            assert shown == self.asked
        self.state = self.state.begun()

    def answered(self) -> set[str]:
        return {name for name in self.heard if (self.fates[name] or ("abstain",))[0] != "abstain"}

    def hear(self, name: str) -> None:
        self.heard.add(name)
        fate = self.fates[name]
        self.state = self.state.hear({name: NO if fate is None else Done(told=fate[1])}, NOW)

    def compare(self, *, is_failed: bool) -> None:
        self.rounds += 1
        if is_failed:
            self.is_literal, outcome = True, NO
            self.state = self.state.hear({"same": outcome}, NOW)
            return
        self.compared = self.asked
        # In each comparison the same is called otherwise.
        labels = {name: f"{self.rounds} {self.meant(name)}" for name in self.asked}
        self.state = self.state.hear({"same": Done(told=json.dumps(labels))}, NOW)

    def meant(self, name: str) -> str | None:
        fate = self.fates[name]
        if fate is None or fate[0] == "abstain":
            return None
        return fate[1] if self.is_literal else fate[0]

    def expire(self) -> None:
        self.late = frozenset(self.fates.keys() - self.heard)
        self.state = self.state.expire(DUE)

    def check(self) -> None:
        election = self.state.election
        open_ = set() if self.is_literal else self.answered() - self.compared
        spoken = {name: self.meant(name) for name in self.heard - open_} | dict.fromkeys(self.late)
        end = certain(election.voters, election.needed, spoken)
        if spoken.keys() < self.fates.keys() and all(self.fates[name] is None for name in self.heard):
            # Nobody has answered, and somebody is still to.
            end = None
        assert (self.state.stage is Stage.VOTING) == (end is None)
        if end is None:
            # It is never left without anybody to wait for.
            assert self.state.out or self.state.ready


@settings(max_examples=300)
@given(st.data(), st.lists(st.integers(1, 3), min_size=1, max_size=5), st.integers(1, 6))
def test_ends_as_it_must_by_what_the_voters_meant(
    data: st.DataObject, weights: list[int], share: int
) -> None:
    state = begun(*weights, needed=max(1, sum(weights) * share // 6))
    play = Play(state, {voter.name: data.draw(FATES) for voter in state.election.voters})
    while play.state.stage is Stage.VOTING:
        play.begin()
        name = data.draw(st.sampled_from([*sorted(play.state.out), "deadline"]))
        if name == "same":
            play.compare(is_failed=data.draw(st.integers(0, 4)) == 0)
        elif name == "deadline":
            play.expire()
        else:
            play.hear(name)
        play.check()
    known = {name: None if name in play.late else play.meant(name) for name in play.fates}
    end, choice = verdict(state.election.voters, state.election.needed, known)
    decision = play.state.poll.decision

    assert decision is not None
    assert decision.end == end
    if end == "won":
        winners = {name for name, one in play.state.shown.ballots.items() if one.choice == decision.choice}
        assert winners
        assert winners <= {name for name in play.heard if play.meant(name) == choice}
    assert play.state.unwanted >= play.fates.keys() - play.heard - play.late
    assert play.state.out == set()
    assert play.state.turnout.timed_out == bool(play.late)


@given(st.data(), st.lists(st.integers(1, 3), min_size=1, max_size=5), st.integers(1, 6))
def test_ends_the_same_whoever_is_heard_and_compared_first(
    data: st.DataObject, weights: list[int], share: int
) -> None:
    state = begun(*weights, needed=max(1, sum(weights) * share // 6))
    fates = {voter.name: data.draw(FATES) for voter in state.election.voters}
    ends = []
    for _ in range(3):
        play = Play(state, fates)
        while play.state.stage is Stage.VOTING:
            play.begin()
            name = data.draw(st.sampled_from(sorted(play.state.out)))
            if name == "same":
                play.compare(is_failed=False)
            else:
                play.hear(name)
        decision = play.state.poll.decision
        assert decision is not None
        won = {
            play.meant(name)
            for name, one in play.state.shown.ballots.items()
            if decision.choice is not None and one.choice == decision.choice
        }
        ends.append((decision.end, won, play.state.settled is None))

    assert ends[1:] == ends[:-1]


def test_answers_are_compared_as_soon_as_they_could_decide() -> None:
    one = answers(begun(1, 1, 1, needed=2), v0="ham")

    assert ready(one) == []
    assert ready(answers(one, v1="bacon")) == ["same"]


def test_what_means_the_same_wins_together() -> None:
    state = compared(answers(begun(1, 1, 1, needed=2), v0="ham", v1="bacon"), v0="pig", v1="pig")

    assert (state.stage, ready(state)) == (Stage.TELLING, ["tally"])
    assert state.unwanted == {"v2"}


def test_an_answer_that_arrives_during_a_comparison_has_one_of_its_own() -> None:
    asked = answers(begun(1, 1, 1, needed=2), v0="ham", v1="eggs").begun()
    late = answers(asked, v2="bacon")
    state = late.hear({"same": Done(told='{"v0": "a", "v1": "b"}')}, NOW)

    assert ready(late) == []
    assert ready(state) == ["same"]
    assert compared(state, v0="x", v1="y", v2="x").poll.tally == {"x": 2, "y": 1}


def test_labels_of_an_earlier_comparison_mean_nothing_in_a_later_one() -> None:
    first = compared(answers(begun(1, 1, 1, needed=2), v0="ham", v1="eggs"), v0="a", v1="b")
    state = compared(answers(first, v2="bacon"), v0="b", v1="c", v2="b")

    assert state.poll.tally == {"b": 2, "c": 1}


def test_a_comparison_that_is_overtaken_is_given_up() -> None:
    asked = answers(begun(1, 1, 1, 1, 1, needed=3), v0="ham", v1="eggs", v2="bacon").begun()
    first = asked.hear({"same": Done(told='{"v0": "a", "v1": "b", "v2": "c"}')}, NOW)
    second = answers(first, v3="milk").begun()
    # Nothing that could be said any more makes three of them.
    state = second.hear({"v4": NO}, NOW)

    assert second.out == {"same", "v4"}
    assert (state.stage, ready(state)) == (Stage.TELLING, ["tally"])
    assert state.unwanted == {"same"}


def test_without_a_comparison_the_same_is_what_is_written_the_same() -> None:
    asked = answers(begun(1, 1, 1, needed=2), v0="ham", v1="ham").begun()
    state = asked.hear({"same": NO}, NOW)

    assert state.poll.tally == {"ham": 2}
    assert [one.branch for one in state.turnout.missing] == ["same"]
    assert ready(state) == ["tally"]


def test_after_a_failed_comparison_nobody_compares_again() -> None:
    asked = answers(begun(1, 1, 1, needed=2), v0="ham", v1="bacon").begun()
    state = answers(asked.hear({"same": NO}, NOW), v2="bacon")

    assert (ready(state), state.poll.tally) == (["tally"], {"ham": 1, "bacon": 2})


@pytest.mark.parametrize("told", [None, "", "no JSON", "[1]", '{"v0": 1}', "{}"])
def test_whom_nobody_put_with_others_stands_alone(told: str | None) -> None:
    asked = answers(begun(1, 1, needed=2), v0="ham", v1="ham").begun()
    state = asked.hear({"same": Done(told=told)}, NOW)

    assert (sorted(state.poll.tally.values()), ready(state)) == ([1, 1], ["tally"])


def test_a_deadline_that_passes_during_the_last_comparison_has_cut_nobody_short() -> None:
    asked = answers(begun(1, 1, needed=2), v0="ham", v1="ham").begun()
    state = asked.expire(DUE)

    assert state.due is None
    assert state.out == {"same"}
    assert not state.turnout.timed_out


def test_at_the_deadline_the_answers_that_are_there_are_compared() -> None:
    two = answers(begun(1, 1, 1, needed=2), v0="ham").expire(DUE)
    heavy = answers(begun(1, 2, 3, 1, needed=3), v0="ham", v1="bacon").begun().expire(DUE)

    # One of three can decide nothing, whatever it means.
    assert ready(two) == ["tally"]
    assert heavy.stage is Stage.VOTING
    assert heavy.out == {"same"}

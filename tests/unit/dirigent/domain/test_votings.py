"""Votes against somebody who knows what everybody would say."""

from datetime import UTC, datetime, timedelta

import pytest
from ballot_box import certain, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from dirigent import codec
from dirigent.domain.elections import Election, Said, Voter
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome, Turnout, Usage
from dirigent.domain.pendings import Call
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.votings import Stage, Voting

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DUE = NOW + timedelta(seconds=30)
ABSTAIN = "abstain"
NO = Failed(failure=Failure(category=Category.PERMANENT, message="no"))
ONE = Usage(input_tokens=2, output_tokens=1)
#: What a voter may come to; None is a failure.
FATES = st.sampled_from(["ham", "eggs", "milk", ABSTAIN, None])


def voters(*weights: int) -> tuple[Voter, ...]:
    return tuple(Voter(name=f"v{place}", weight=weight) for place, weight in enumerate(weights))


def election(
    *weights: int, needed: int, resolution: str | None = None, deadline: float | None = 30.0
) -> Election:
    return Election(
        voters=voters(*weights), needed=needed, tally="tally", deadline=deadline, resolution=resolution
    )


def begun(of: Election) -> Voting:
    """Everybody is being asked."""
    others = [name for name in (of.same, of.resolution, of.tally) if name is not None]
    names = [*(voter.name for voter in of.voters), *others]
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


def said(choice: str | None) -> Outcome:
    return NO if choice is None else Done(told=choice, usage=ONE)


def chosen(fate: str | None) -> str | None:
    return None if fate == ABSTAIN else fate


ELECTIONS = st.builds(
    lambda weights, share, resolution, deadline: election(
        *weights,
        needed=max(1, sum(weights) * share // 6),
        resolution=resolution,
        deadline=deadline,
    ),
    st.lists(st.integers(1, 3), min_size=1, max_size=5),
    st.integers(1, 6),
    st.sampled_from([None, "judge"]),
    st.sampled_from([None, 30.0]),
)


class Play:
    """A vote, what everybody would say, and who has been heard."""

    def __init__(self, of: Election, fates: dict[str, str | None]) -> None:
        self.election, self.fates = of, fates
        self.state = begun(of)
        self.heard: dict[str, str | None] = {}
        self.late: frozenset[str] = frozenset()

    def hear(self, *names: str) -> None:
        self.heard |= {name: self.fates[name] for name in names}
        self.state = self.state.hear({name: said(self.fates[name]) for name in names}, NOW)
        self.check()

    def expire(self) -> None:
        names = {voter.name for voter in self.election.voters}
        self.late = frozenset(names - self.heard.keys())
        self.state = self.state.expire(DUE)
        self.check()

    @property
    def has_answers(self) -> bool:
        return any(fate is not None for fate in self.heard.values())

    def check(self) -> None:
        """It goes on if the end is certain by now and anybody has answered, and else waits for the others."""
        spoken = {name: chosen(fate) for name, fate in self.heard.items()} | dict.fromkeys(self.late)
        end = certain(self.election.voters, self.election.needed, spoken)
        out = {voter.name for voter in self.election.voters} - spoken.keys()
        if out and not self.has_answers:
            end = None
        assert (self.state.stage is Stage.VOTING) == (end is None)
        assert self.state.unwanted == self.late | (set() if end is None else out)
        assert self.state.out == (out if end is None else set())


def ended(play: Play) -> Call | None:
    """The call that followed from the vote, if anything did."""
    assert play.state.stage is not Stage.VOTING
    return play.state.ready[0] if play.state.ready else None


def next_steps(play: Play) -> list[str]:
    return [call.step.name for call in play.state.ready]


@settings(max_examples=300)
@given(st.data(), ELECTIONS)
def test_ends_as_it_must_at_the_first_moment_at_which_that_is_certain(
    data: st.DataObject, of: Election
) -> None:
    fates = {voter.name: data.draw(FATES) for voter in of.voters}
    play, order = Play(of, fates), data.draw(st.permutations(list(fates)))
    while play.state.stage is Stage.VOTING:
        number = data.draw(st.integers(0 if of.deadline else 1, len(order)))
        if number == 0:
            play.expire()
        else:
            play.hear(*order[:number])
            order = order[number:]
    known = {name: chosen(fate) if name not in play.late else None for name, fate in fates.items()}
    end, choice = verdict(of.voters, of.needed, known)
    call, answered = ended(play), [name for name, fate in play.heard.items() if fate is not None]

    assert play.state.turnout.completed_agents == len(answered)
    assert play.state.turnout.timed_out == bool(play.late)
    failed = {name for name, fate in play.heard.items() if fate is None} | play.late
    assert [one.branch for one in play.state.turnout.missing] == [name for name in fates if name in failed]
    assert play.state.usage == Usage(input_tokens=2 * len(answered), output_tokens=len(answered))
    if not play.has_answers:
        assert call is None
        assert play.state.settled is not None
        assert play.state.settled.failed is not None
        return
    assert call is not None
    assert call.poll is not None
    assert call.poll.decision is not None
    assert (call.poll.decision.end, call.poll.decision.choice) == (end, choice)
    judged = end != "won" and of.resolution is not None
    assert call.step.name == ("judge" if judged else "tally")
    assert call.closes is not judged
    assert call.turnout == play.state.turnout


@given(st.data(), ELECTIONS)
def test_ends_the_same_in_whatever_order_and_company_voices_arrive(data: st.DataObject, of: Election) -> None:
    fates = {voter.name: data.draw(FATES) for voter in of.voters}
    silent = data.draw(st.sets(st.sampled_from(list(fates)))) if of.deadline else set()
    ends = []
    for _ in range(3):
        play, order = (
            Play(of, fates),
            data.draw(st.permutations([name for name in fates if name not in silent])),
        )
        while play.state.stage is Stage.VOTING and order:
            number = data.draw(st.integers(1, len(order)))
            play.hear(*order[:number])
            order = order[number:]
        if play.state.stage is Stage.VOTING:
            play.expire()
        # After the deciding voice, deadlines mean nothing.
        assert play.state.due is None
        assert play.state.expire(DUE) == play.state
        ends.append((play.state.poll.decision, play.state.settled is None, next_steps(play)))

    assert ends[1:] == ends[:-1]


@given(st.data(), ELECTIONS)
def test_each_voter_is_heard_missing_or_given_up(data: st.DataObject, of: Election) -> None:
    fates = {voter.name: data.draw(FATES) for voter in of.voters}
    play, order = Play(of, fates), data.draw(st.permutations(list(fates)))
    while play.state.stage is Stage.VOTING:
        play.hear(order.pop())
    ballots = play.state.shown.ballots

    assert ballots.keys() | play.state.unwanted == fates.keys()
    assert not ballots.keys() & play.state.unwanted
    for name, ballot in ballots.items():
        expected = {None: Said.FAILED, ABSTAIN: Said.ABSTAINED}.get(fates[name], Said.CHOICE)
        assert (ballot.said, ballot.choice) == (expected, chosen(fates[name]))


@given(st.data(), ELECTIONS)
def test_survives_being_written_down(data: st.DataObject, of: Election) -> None:
    play = Play(of, {voter.name: data.draw(FATES) for voter in of.voters})
    play.hear(data.draw(st.sampled_from(list(play.fates))))

    assert codec.decode(Voting, codec.encode(play.state)) == play.state


def heard(of: Election, *fates: str | None) -> Voting:
    """The vote after its first voters came to that."""
    play = Play(of, {voter.name: fate for voter, fate in zip(of.voters, fates, strict=False)})
    for name in play.fates:
        play.hear(name)
    return play.state


def test_voters_are_asked_apart_and_until_the_deadline() -> None:
    start = begun(election(1, 1, needed=2)).start
    calls = Voting.of(start, NOW).ready

    assert [(call.step.name, call.is_alone) for call in calls] == [("v0", True), ("v1", True)]
    assert {(call.until, call.whose) for call in calls} == {(DUE, "the 30 s of the vote")}


@pytest.mark.parametrize(
    ("weights", "needed", "fates", "step"),
    [
        # k of n, and the last is not waited for.
        ((1, 1, 1), 2, ["ham", "ham"], "tally"),
        # Unanimity breaks with the first other voice.
        ((1, 1, 1), 3, ["ham", "eggs"], "judge"),
        ((1, 1, 1), 3, ["ham", "ham", "ham"], "tally"),
        # One outweighs the others.
        ((3, 1, 1), 3, ["eggs"], "tally"),
        ((1, 1), 1, ["ham", "eggs"], "judge"),
        ((1, 1, 1), 2, ["ham", None, ABSTAIN], "judge"),
    ],
)
def test_who_comes_after_the_voters(
    weights: tuple[int, ...], needed: int, fates: list[str | None], step: str
) -> None:
    state = heard(election(*weights, needed=needed, resolution="judge"), *fates)

    assert [call.step.name for call in state.ready] == [step]


def test_an_empty_vote_is_an_abstention() -> None:
    state = begun(election(1, 1, needed=1)).hear({"v0": Done(told=None), "v1": Done(told="")}, NOW)

    assert {ballot.said for ballot in state.poll.ballots.values()} == {Said.ABSTAINED}


@pytest.mark.parametrize("outcome", [Done(usage=ONE, is_degraded=True), NO])
def test_whatever_becomes_of_the_resolution_the_ballots_are_told(outcome: Outcome) -> None:
    state = heard(election(1, 1, needed=2, resolution="judge"), "ham", "eggs").begun()
    [call] = state.hear({"judge": outcome}, NOW).ready

    assert (call.step.name, call.closes) == ("tally", True)
    assert call.poll == state.shown
    assert call.turnout is not None
    missing = [one.branch for one in call.turnout.missing]
    assert missing == (["judge"] if isinstance(outcome, Failed) else [])
    assert call.is_degraded == isinstance(outcome, Done)
    assert call.usage == Usage(input_tokens=4, output_tokens=2).plus(
        ONE if isinstance(outcome, Done) else Usage()
    )


def test_is_settled_once_the_decision_is_told() -> None:
    state = heard(election(1, needed=1), "ham").begun()
    over = state.hear({"tally": Done(usage=ONE)}, NOW)

    assert state.settled is None
    assert over.settled is not None
    assert over.settled.done == Done(usage=ONE.plus(ONE), turnout=Turnout(completed_agents=1))
    assert (over.ready, over.out) == ((), frozenset())


def test_a_decision_that_cannot_be_told_fails_the_run() -> None:
    over = heard(election(1, needed=1), "ham").begun().hear({"tally": NO}, NOW)

    assert over.settled is not None
    assert (over.settled.failed, over.settled.step) == (NO, "tally")


def test_says_who_is_missing_where_nobody_answered() -> None:
    state = begun(election(1, 1, needed=1, resolution="judge"))
    late = Failed(failure=Failure(category=Category.TIMEOUT, message="late"))
    over = state.hear({"v1": late}, NOW).hear({"v0": NO}, NOW)

    assert over.ready == ()
    assert over.settled is not None
    assert over.settled.failed is not None
    assert over.settled.failed.failure == Failure(
        category=Category.PERMANENT,
        message="no voter answered: v0 (PERMANENT), v1 (TIMEOUT)",
    )
    assert (over.settled.step, over.settled.turnout) == (None, over.turnout)


@pytest.mark.parametrize(("resolution", "step"), [("judge", "judge"), (None, "tally")])
@pytest.mark.parametrize("fates", [[ABSTAIN, ABSTAIN], [None, ABSTAIN], [ABSTAIN, None]])
def test_whoever_abstains_has_answered(fates: list[str | None], resolution: str | None, step: str) -> None:
    state = heard(election(1, 1, needed=1, resolution=resolution), *fates)

    assert (state.settled, [call.step.name for call in state.ready]) == (None, [step])


def test_nothing_is_decided_before_anybody_has_answered_although_no_choice_can_win_any_more() -> None:
    state = heard(election(1, 1, 1, needed=2), None, None)
    answered = state.hear({"v2": said("ham")}, NOW)

    assert (state.stage, state.due) == (Stage.VOTING, DUE)
    assert state.out == {"v2"}
    assert [call.step.name for call in answered.ready] == ["tally"]
    assert heard(election(1, 1, 1, needed=2), None, None, None).settled is not None


def test_what_is_told_to_whoever_closes_a_vote_is_told_on() -> None:
    over = heard(election(1, needed=1), "ham").begun().hear({"tally": Done(told="yes")}, NOW)

    assert over.settled is not None
    assert over.settled.done.told == "yes"


def test_the_missing_stand_in_their_declared_order() -> None:
    state = begun(election(1, 1, 1, 1, 1, needed=2, resolution="judge"))
    for voter in ("v3", "v0", "v2"):
        state = state.hear({voter: NO}, NOW)
    state = state.hear({"v4": said("ham"), "v1": said("eggs")}, NOW).begun().hear({"judge": NO}, NOW)

    assert [one.branch for one in state.turnout.missing] == ["v0", "v2", "v3", "judge"]


def test_a_run_without_voters_is_refused() -> None:
    start = begun(election(1, needed=1)).start

    with pytest.raises(ValueError, match="Nobody votes in the run 'r'"):
        Voting.of(codec.decode(StartRun, codec.encode(start) | {"election": None}), NOW)

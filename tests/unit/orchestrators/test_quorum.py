"""How votes run: against who takes how long, and would say what."""

import json
from datetime import datetime
from typing import Any

import pytest
from ballot_box import certain
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from played_runs import NO, Cast, Fate, asked, later, started
from playhouse import START, Instance

from dirigent import codec
from dirigent.domain.elections import Election, End, Poll, Said, Voter
from dirigent.domain.lineage import descendants
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Turnout
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Perform, StartRun, StopRuns
from dirigent.domain.waves import GRACE
from orchestrators.closing import RunFailed

NEVER = (90_000.0, Done(told="ham"))


def election(*weights: int, needed: int, deadline: float | None = 30.0, **steps: str) -> Election:
    voters = tuple(Voter(name=f"v{place}", weight=weight) for place, weight in enumerate(weights))
    return Election(voters=voters, needed=needed, tally="tally", deadline=deadline, **steps)


def run_of(of: Election, *, is_guarded: bool = False) -> StartRun:
    names = [*(voter.name for voter in of.voters), *(name for name in (of.same, of.resolution) if name)]
    plan = (*asked(*names, is_guarded=is_guarded), *asked("tally"))
    return started(plan, election=of, max_wait=120.0 if is_guarded else None)


def said(seconds: float, choice: str | None) -> Fate:
    return seconds, NO if choice is None else Done(told=choice)


def performed(cast: Cast, step: str) -> list[tuple[datetime, Perform]]:
    orders = [(at, order) for at, _, name, order in cast.house.calls if name == "ask_agent"]
    return [(at, codec.decode(Perform, order)) for at, order in orders if order["step"] == step]


def stopped(cast: Cast) -> set[str]:
    orders = [codec.decode(StopRuns, order) for order in cast.house.named("stop_runs")]
    return {instance for order in orders for instance in order.instances}


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.integers(1, 3), min_size=1, max_size=5), st.integers(1, 6), st.booleans())
def test_is_decided_at_the_first_moment_at_which_it_can_be(
    data: st.DataObject, weights: list[int], share: int, is_guarded: bool
) -> None:
    of = election(
        *weights,
        needed=max(1, sum(weights) * share // 6),
        deadline=data.draw(st.sampled_from([None, 10.0])),
        **data.draw(st.sampled_from([{}, {"resolution": "judge"}])),
    )
    last = st.sampled_from([0.0, 2.0, 6.0, 9.0, 500.0])
    choices = st.sampled_from(["ham", "eggs", None])
    voices = {
        voter.name: (data.draw(last) + place / 1000, data.draw(choices))
        for place, voter in enumerate(of.voters, start=1)
    }
    cast = Cast({name: said(*voice) for name, voice in voices.items()})
    start = run_of(of, is_guarded=is_guarded)
    run = cast.play("quorum", start)
    decided, end, heard = foreseen(of, voices)

    assert run.is_over
    assert run.ended_at == later(decided)
    assert stopped(cast) == {child_id("run", name) for name in voices.keys() - heard.keys()} - late(cast, of)
    assert cast.house.instances.keys() <= {"run", *descendants(start)}
    if not any(choice for choice in heard.values()):
        assert isinstance(run.error, RunFailed)
        return
    [(_, tally)] = performed(cast, "tally")
    assert tally.poll is not None
    assert tally.poll.decision is not None
    assert (tally.poll.decision.end, tally.poll.decision.choice) == end
    assert len(performed(cast, "judge")) == (of.resolution is not None and end[0] != "won")
    assert accounted(tally) == voices.keys()


def foreseen(
    of: Election, voices: dict[str, tuple[float, str | None]]
) -> tuple[float, Any, dict[str, str | None]]:
    """When it is decided, how, and who was heard by then."""
    heard: dict[str, str | None] = {}
    for name, (seconds, choice) in sorted(voices.items(), key=lambda item: item[1][0]):
        if of.deadline is not None and seconds >= of.deadline:
            silent = {name: None for name in voices if name not in heard}
            return of.deadline, certain(of.voters, of.needed, heard | silent), heard
        heard[name] = choice
        end = certain(of.voters, of.needed, heard)
        if end is not None and (heard.keys() == voices.keys() or any(heard.values())):
            return seconds, end, heard
    raise AssertionError("When all are heard, it is decided.")


def late(cast: Cast, of: Election) -> set[str]:
    """Voters that the deadline cut short ended by themselves, if they did so before they were ended."""
    due = None if of.deadline is None else later(of.deadline)
    ids = {child_id("run", voter.name) for voter in of.voters}
    gone = {name for name in ids if (one := cast.house.instances[name]).error and one.ended_at == due}
    return gone - stopped(cast)


def accounted(tally: Perform) -> set[str]:
    """Everybody, as the closing step is told: heard, missing, or not waited for."""
    assert tally.poll is not None
    assert tally.turnout is not None
    ballots = tally.poll.ballots
    missing = {one.branch for one in tally.turnout.missing} & {voter.name for voter in tally.poll.voters}
    assert missing == {name for name, ballot in ballots.items() if ballot.said is Said.FAILED}
    assert tally.turnout.completed_agents == len(ballots) - len(missing)
    return {voter.name for voter in tally.poll.voters if voter.name not in ballots} | ballots.keys()


def decided(of: Election, **fates: Any) -> tuple[Cast, Instance]:
    cast = Cast(fates)
    return cast, cast.play("quorum", run_of(of))


def test_the_last_voter_is_not_waited_for_and_is_ended() -> None:
    cast, run = decided(election(1, 1, 1, needed=2), v0=said(1, "ham"), v1=said(2, "ham"), v2=NEVER)
    last = cast.house.instances[child_id("run", "v2")]

    assert (run.result, run.ended_at) == ({"task_id": "run", "status": "completed"}, later(2))
    assert (last.is_over, last.ended_at, last.error) == (True, later(2), None)
    assert stopped(cast) == {child_id("run", "v2")}


def test_a_voter_has_as_long_as_the_vote_and_its_failure_says_whose_seconds_they_were() -> None:
    cast, _ = decided(election(1, 1, needed=1), v0=said(1, None), v1=NEVER)
    [(_, order)] = performed(cast, "v1")

    assert order.not_after == later(30)


@pytest.mark.parametrize("needed", [1, 2])
def test_a_voter_whose_time_is_over_is_missing_and_the_vote_says_that_time_was_over(needed: int) -> None:
    cast, run = decided(election(1, 1, needed=needed), v0=said(1, "ham"), v1=NEVER)
    [(at, tally)] = performed(cast, "tally")

    assert at == run.ended_at == later(30)
    assert tally.turnout is not None
    assert [one.branch for one in tally.turnout.missing] == ["v1"]
    assert tally.turnout.timed_out


def test_whoever_judges_sees_the_ballots_and_the_end_does() -> None:
    of = election(1, 1, needed=2, resolution="judge")
    cast, _ = decided(of, v0=said(1, "ham"), v1=said(2, "eggs"), judge=(3.0, Done()))
    [(at, judge)] = performed(cast, "judge")
    [(told, tally)] = performed(cast, "tally")

    assert (at, told) == (later(2), later(5))
    assert judge.poll == tally.poll
    assert judge.poll is not None
    assert judge.poll.tally == {"ham": 1, "eggs": 1}


def labels(**named: str) -> Done:
    return Done(told=json.dumps(named))


def test_answers_are_compared_again_with_each_further_one() -> None:
    of = election(1, 1, 1, needed=2, same="same")
    first, second = labels(v0="a", v1="b"), labels(v0="x", v1="y", v2="x")
    fates = {"v0": said(1, "ham"), "v1": said(1, "eggs"), "v2": said(5, "bacon")}
    cast, run = decided(of, **fates, same=[(1.0, first), (1.0, second)])
    asks = performed(cast, "same")
    [(_, tally)] = performed(cast, "tally")

    assert [at for at, _ in asks] == [later(1), later(5)]
    assert [len(ask.poll.ballots) for _, ask in asks if ask.poll is not None] == [2, 3]
    assert decision(tally.poll) == (End.WON, "x")
    assert run.ended_at == later(6)
    assert cast.house.instances.keys() <= {"run", *descendants(run_of(of))}


def decision(poll: Poll | None) -> tuple[End, str | None]:
    assert poll is not None
    assert poll.decision is not None
    return poll.decision.end, poll.decision.choice


def test_a_comparison_that_is_overtaken_is_ended() -> None:
    of = election(1, 1, 1, 1, 1, needed=3, same="same")
    voices = {"v0": said(1, "a"), "v1": said(1, "b"), "v2": said(1, "c"), "v3": said(2, "d")}
    first = labels(v0="a", v1="b", v2="c")
    cast, run = decided(of, **voices, v4=said(3, None), same=[(0.5, first), (100.0, labels())])

    assert run.ended_at == later(3)
    assert len(stopped(cast)) == 1
    assert all(one.is_over for one in cast.house.instances.values())


@pytest.mark.parametrize(("failed", "heard"), [(1, {"v0", "v1"}), (3, {"v1"})])
def test_a_vote_that_cannot_be_won_goes_on_as_soon_as_anybody_has_answered(
    failed: int, heard: set[str]
) -> None:
    of = election(1, 1, needed=2, resolution="judge")
    cast, run = decided(of, v0=said(failed, None), v1=said(2, "abstain"), judge=(3.0, Done()))
    [(at, judge)] = performed(cast, "judge")

    assert (at, run.ended_at, run.error) == (later(2), later(5), None)
    assert decision(judge.poll) == (End.NO_QUORUM, None)
    assert accounted(judge) == {"v0", "v1"}
    assert judge.poll is not None
    assert judge.poll.ballots.keys() == heard


def test_a_voter_that_stands_still_is_ended_shortly_after_the_run_was_to_be_over() -> None:
    cast = Cast({"v0": said(1, "ham"), "v1": said(2, "ham")})
    last = child_id("run", "v1")
    cast.house.at(1.5, lambda: cast.house.suspend(last))
    start = replace(run_of(election(1, 1, needed=2, deadline=None)), timeout=50.0)
    run = cast.play("quorum", start)

    assert run.ended_at == cast.house.instances[last].ended_at == later(50) + GRACE
    assert stopped(cast) == {last}
    with pytest.raises(RunFailed, match=r"'tally' failed \(TIMEOUT\): the run's 50 s were over"):
        raise run.error or AssertionError


def test_nobody_answered_and_the_run_says_why() -> None:
    late = Failed(failure=Failure(category=Category.TIMEOUT, message="late"))
    of = election(1, 1, needed=1, resolution="judge")
    cast, run = decided(of, v0=said(2, None), v1=(1.0, late))

    text = r"the run failed \(PERMANENT\): no voter answered: v0 \(PERMANENT\), v1 \(TIMEOUT\)"
    assert performed(cast, "judge") == []
    with pytest.raises(RunFailed, match=text):
        raise run.error or AssertionError


def test_the_failed_vote_is_written_down_with_its_turnout() -> None:
    cast, run = decided(election(1, needed=1), v0=said(1, None))
    [closed] = cast.house.named("close_run")

    assert run.ended_at == later(1) > START
    assert [one.branch for one in codec.decode(Turnout, closed["turnout"]).missing] == ["v0"]

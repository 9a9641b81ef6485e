"""How teams go on, case by case."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from played_runs import NO, asked, started

from dirigent.domain.gatherings import Gathering
from dirigent.domain.outcomes import (
    MOST_NAMED,
    Category,
    Done,
    Failed,
    Failure,
    Missing,
    Turnout,
    Usage,
)
from dirigent.domain.patterns import Settled
from dirigent.domain.pendings import Call
from dirigent.domain.teams import Team

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATE = Failed(failure=Failure(category=Category.TIMEOUT, message="late"))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def gathering(team: Team) -> Gathering:
    return Gathering.of(started(asked(*team.steps()), team=team), NOW)


def flat(*names: str, deadline: float | None = 30.0, needed: int = 1) -> Gathering:
    team = Team(name="w", members=names, merge="combine", deadline=deadline, needed=needed)
    return gathering(team).begun()


def ready(state: Gathering) -> list[str]:
    return [call.step.name for call in state.ready]


def only(state: Gathering) -> Call:
    [call] = state.ready
    return call


def gone(turnout: Turnout | None) -> list[str]:
    assert turnout is not None
    return [one.branch for one in turnout.missing]


def middle(**inner: float) -> Team:
    """A manager beside a worker, with a team of two."""
    manager = Team(name="m", members=("w1", "w2"), merge="m", brief="m-brief", **inner)  # type: ignore[arg-type]
    return Team(name="top", members=("w0", manager), merge="join", deadline=30.0)


def at_work(team: Team) -> Gathering:
    """All workers have begun."""
    return gathering(team).begun().hear({"m-brief": Done()}, NOW).begun()


def test_all_members_begin_at_once_and_have_until_the_deadline() -> None:
    state = gathering(Team(name="w", members=("a", "b"), merge="combine", deadline=30.0))

    assert ready(state) == ["a", "b"]
    assert {call.until for call in state.ready} == {later(30)}
    assert len({call.whose for call in state.ready} - {""}) == 1
    assert (state.due, state.is_patient) == (later(30), True)


def test_merges_as_soon_as_all_have_ended() -> None:
    half = flat("a", "b").hear({"a": NO}, NOW)
    merging = only(half.hear({"b": Done()}, NOW))

    assert ready(half) == []
    assert (merging.step.name, merging.closes, merging.until) == ("combine", True, None)
    assert merging.turnout == Turnout(
        completed_agents=1,
        missing=(Missing(branch="a", agent="writer", category=Category.PERMANENT, because="no", since=NOW),),
    )


def test_merges_at_the_deadline_what_is_there() -> None:
    state = flat("a", "b").hear({"a": Done()}, NOW)
    cut = state.expire(later(30))

    assert state.expire(later(29.9)) == state
    assert (ready(cut), cut.unwanted, cut.due) == (["combine"], frozenset({"b"}), None)
    assert only(cut).turnout is not None
    assert (gone(only(cut).turnout), cut.standings[0].turnout.timed_out) == (["b"], True)


@pytest.mark.parametrize(("at", "is_late"), [(30.0, True), (29.9, True), (29.5, False)])
def test_whoever_was_cut_by_the_deadline_may_say_so_itself(at: float, is_late: bool) -> None:
    merging = only(flat("a", "b").hear({"a": Done()}, NOW).hear({"b": LATE}, later(at)))

    assert merging.turnout is not None
    assert merging.turnout.timed_out is is_late


def test_with_fewer_than_are_needed_there_is_nothing_to_merge() -> None:
    settled = flat("a", "b", "c", needed=2).hear({"a": NO, "b": Done(), "c": LATE}, NOW).settled

    assert settled is not None
    assert settled.failed is not None
    assert settled.failed.failure == Failure(
        category=Category.PERMANENT,
        message="1 of 3 brought a result, of 2 needed; missing: a (PERMANENT), c (TIMEOUT)",
    )
    # No step of its own has failed.
    assert (settled.step, gone(settled.turnout)) == (None, ["a", "c"])


def test_names_some_where_many_are_missing() -> None:
    names = [f"b{place}" for place in range(MOST_NAMED + 3)]
    settled = flat(*names).hear(dict.fromkeys(names, NO), NOW).settled

    assert settled is not None
    assert settled.failed is not None
    assert settled.failed.failure.message.endswith("b4 (PERMANENT) and 3 more")


def test_is_settled_by_its_merging_step() -> None:
    used = Usage(input_tokens=1)
    state = flat("a", "b").hear({"a": Done(usage=used), "b": Done(usage=used, is_degraded=True)}, NOW)
    done = state.begun().hear({"combine": Done(usage=used)}, NOW)
    failed = state.begun().hear({"combine": NO}, NOW)
    turnout = Turnout(completed_agents=2)

    assert (only(state).is_degraded, only(state).usage) == (True, Usage(input_tokens=2))
    assert done.settled == Settled(
        done=Done(usage=Usage(input_tokens=3), is_degraded=True, turnout=turnout), turnout=turnout
    )
    assert failed.settled == Settled(failed=NO, step="combine", turnout=turnout)


def test_the_missing_stand_in_their_declared_order() -> None:
    state = flat("a", "b", "c", "d").hear({"c": NO}, NOW).hear({"d": Done(), "a": LATE}, NOW)
    cut = only(state.expire(later(30)))
    failed = state.hear({"b": NO}, NOW).begun().hear({"combine": NO}, NOW).settled

    assert gone(cut.turnout) == ["a", "b", "c"]
    assert failed is not None
    assert gone(failed.turnout) == ["a", "b", "c"]


def test_those_of_a_team_inside_stand_where_the_team_does_in_its_own_order() -> None:
    state = at_work(middle(needed=2)).hear({"w2": NO}, NOW).hear({"w1": NO}, NOW).hear({"w0": NO}, NOW)

    assert state.settled is not None
    assert gone(state.settled.turnout) == ["w0", "m/w1", "m/w2", "m"]


def test_what_is_told_to_whoever_merges_the_whole_is_told_on() -> None:
    state = flat("a").hear({"a": Done(told="branch")}, NOW).begun().hear({"combine": Done(told="yes")}, NOW)

    assert state.settled is not None
    assert state.settled.done.told == "yes"


def test_nobody_begins_before_the_work_is_divided() -> None:
    state = gathering(middle())
    divided = state.begun().hear({"m-brief": Done()}, NOW)

    assert ready(state) == ["w0", "m-brief"]
    assert ready(divided) == ["w1", "w2"]


def test_a_team_whose_work_was_not_divided_is_missing_with_all_its_members() -> None:
    state = gathering(middle()).begun().hear({"m-brief": NO}, NOW).hear({"w0": Done()}, NOW)
    turnout = only(state).turnout

    assert sorted(gone(turnout)) == ["m", "m/w1", "m/w2"]
    assert turnout is not None
    assert {one.because for one in turnout.missing} == {"its work was not divided: no"}


def test_without_divided_work_a_run_fails_with_that_step() -> None:
    team = Team(name="top", members=("a", Team(name="m", members=("b",), merge="m")), merge="top", brief="b0")
    settled = gathering(team).begun().hear({"b0": NO}, NOW).settled

    assert settled is not None
    assert (settled.failed, settled.step) == (NO, "b0")
    assert sorted(gone(settled.turnout)) == ["a", "m", "m/b"]


def test_a_managers_time_is_no_longer_than_that_around_it() -> None:
    longer, shorter = (gathering(middle(deadline=seconds)).begun() for seconds in (100.0, 5.0))
    begun = [state.hear({"m-brief": Done()}, later(1)) for state in (longer, shorter)]

    assert [{call.until for call in state.ready} for state in begun] == [{later(30)}, {later(6)}]
    assert [state.due for state in begun] == [later(30), later(6)]


def test_a_manager_merges_within_the_time_of_the_team_around_it() -> None:
    merging = only(at_work(middle(deadline=5.0)).hear({"w1": Done(), "w2": Done()}, later(1)))

    assert (merging.step.name, merging.until, merging.closes) == ("m", later(30), False)
    assert merging.turnout == Turnout(completed_agents=2)


def test_a_team_that_is_cut_is_missing_with_whom_it_waited_for() -> None:
    state = at_work(middle()).hear({"w0": Done(), "w1": Done()}, NOW).expire(later(30))
    turnout = only(state).turnout

    assert sorted(gone(turnout)) == ["m", "m/w2"]
    assert turnout is not None
    assert (turnout.completed_agents, turnout.timed_out) == (2, True)
    assert state.unwanted == frozenset({"w2"})


@pytest.mark.parametrize(("brought", "is_merged"), [(["w1", "w2"], True), (["w2"], True), ([], False)])
def test_a_team_that_nobody_has_merged_counts_where_its_members_brought_something(
    brought: list[str], is_merged: bool
) -> None:
    team = replace(middle(), needed=2)
    heard = {name: Done() if name in brought else NO for name in ("w1", "w2")}
    state = at_work(team).hear({"w0": Done(), **heard}, NOW).begun()
    after = state.hear({"m": NO}, NOW) if brought else state

    assert ready(after) == (["join"] if is_merged else [])
    assert (after.settled is None) is is_merged
    if is_merged:
        turnout = only(after).turnout
        assert "m" in gone(turnout)
        assert turnout is not None
        # Who merged nothing has brought nothing itself.
        assert turnout.completed_agents == 1 + len(brought)


def test_a_merge_that_is_under_way_is_cut_too() -> None:
    merging = at_work(middle()).hear({"w0": Done(), "w1": Done(), "w2": Done()}, NOW).begun()
    state = merging.expire(later(30))

    assert (merging.is_patient, merging.out) == (False, frozenset({"m"}))
    assert (gone(only(state).turnout), state.unwanted) == (["m"], frozenset({"m"}))


@pytest.mark.parametrize("last", [{"m-brief": Done()}, {"w0": Done()}])
def test_what_became_ready_with_the_deadline_is_never_begun(last: dict[str, Done]) -> None:
    state = gathering(middle()).begun()
    if "w0" in last:
        state = state.hear({"m-brief": Done()}, NOW).begun()
        last = {"w0": Done(), "w1": Done(), "w2": Done()}
    else:
        state = state.hear({"w0": Done()}, NOW)
    cut = state.hear(last, later(30)).expire(later(30))

    assert ready(cut) == ["join"]
    assert gone(only(cut).turnout)[-1] == "m"


def test_a_run_without_a_team_is_refused() -> None:
    with pytest.raises(ValueError, match="The run 'run' has no team"):
        Gathering.of(started(asked("a")), NOW)

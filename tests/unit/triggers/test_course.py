"""How steps followed one another."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from dirigent.domain.catalogue import ResultField
from dirigent.domain.outcomes import Category, Missing, Turnout
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.runs import Held, Status
from triggers.course import beginnings, lost, pipeline, unheard

AT = datetime(2030, 1, 1, tzinfo=UTC)
RECORD = RunRecord(
    run="run-1",
    account="default",
    workflow="w",
    type="t",
    status=Status.COMPLETED,
    definition="digest",
    input=Held(text="{}"),
    created_at=AT,
    updated_at=AT,
)


def done(name: str, begun: float, ended: float, child: str | None = None) -> StepRecord:
    """A step that took from then to then, in seconds of the run."""
    return StepRecord(
        step=name,
        position=0,
        record=name,
        output=name,
        value=Held(text=""),
        started_at=AT + timedelta(seconds=begun),
        completed_at=AT + timedelta(seconds=ended),
        child=child,
    )


def without(*branches: str, since: float = 30) -> RunRecord:
    """The run, in which these are missing."""
    at = AT + timedelta(seconds=since)
    missing = tuple(
        Missing(branch=branch, category=Category.TIMEOUT, because="late", since=at) for branch in branches
    )
    return replace(RECORD, turnout=Turnout(missing=missing))


def begun(record: RunRecord, workflow: Any, *steps: StepRecord) -> dict[str, float]:
    """When each step could begin, in seconds of the run."""
    found = beginnings(record, workflow, steps)
    return {name: (at - AT).total_seconds() for name, at in found.items()}


def test_a_chains_step_begins_after_the_one_before(wide: Any) -> None:
    steps = (done("triage", 1, 2), done("process", 5, 6), done("file", 6, 7))

    for workflow in (wide.catalogue.workflows["desk"], None):
        assert begun(RECORD, workflow, *steps) == {"triage": 0, "process": 2, "file": 6}
        assert pipeline(workflow, steps) == "triage → process → file"


def test_branches_begin_together_and_their_merging_after_the_last(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]
    steps = (done("web", 0, 3), done("news", 2, 9), done("deep", 0, 4), done("summary", 10, 12))

    assert begun(RECORD, workflow, *steps) == {"web": 0, "news": 0, "deep": 0, "summary": 9}
    assert pipeline(workflow, steps) == "[web, news, deep] → summary"


def test_merging_begins_when_the_last_is_given_up(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]
    steps = (done("web", 0, 3), done("news", 0, 45), done("summary", 31, 32))

    assert begun(without("news", "deep"), workflow, *steps)["summary"] == 30
    assert pipeline(workflow, steps, frozenset({"news"})) == "web → summary"
    assert pipeline(workflow, steps, frozenset({"news"}), {"news", "deep"}) == (
        "[web, news ✗, deep ✗] → summary"
    )


def test_teams_within_teams_begin_after_the_brief_and_merge_after_their_own(wide: Any) -> None:
    workflow = wide.catalogue.workflows["tree"]
    steps = (
        done("master-brief", 0, 1),
        done("scraper", 1, 3),
        done("analyst", 1, 5),
        done("research", 6, 8),
        done("editor", 1, 20),
        done("master", 20, 21),
    )

    assert begun(RECORD, workflow, *steps) == {
        "master-brief": 0,
        "scraper": 1,
        "analyst": 1,
        "research": 5,
        "editor": 1,
        "master": 20,
    }
    assert pipeline(workflow, steps) == ("master-brief → [[scraper, analyst] → research, editor] → master")


def test_a_team_that_is_given_up_holds_its_master_up_no_longer(wide: Any) -> None:
    workflow = wide.catalogue.workflows["tree"]
    steps = (done("master-brief", 0, 1), done("scraper", 1, 3), done("editor", 1, 2), done("master", 8, 9))
    record = without("research", "research/analyst", since=7)

    assert begun(record, workflow, *steps)["master"] == 7
    assert pipeline(workflow, steps, gone={"research", "analyst"}) == (
        "master-brief → [[scraper, analyst ✗] → research ✗, editor] → master"
    )


def test_a_tally_begins_after_the_vote_that_decided(wide: Any) -> None:
    workflow = wide.catalogue.workflows["vote"]
    steps = (done("gpt", 1, 2), done("claude", 1, 9), done("arbiter", 3, 5), done("tally", 6, 6))

    assert begun(RECORD, workflow, *steps) == {"gpt": 0, "claude": 0, "arbiter": 2, "tally": 5}
    assert pipeline(workflow, steps) == "[gpt, claude] → arbiter → tally"


def test_nothing_done_is_no_pipeline(wide: Any) -> None:
    for workflow in wide.catalogue.workflows.values():
        assert pipeline(workflow, ()) == ""


def test_tells_which_of_its_own_steps_the_run_has_lost() -> None:
    steps = (done("web", 0, 3), done("news", 0, 45), done("scraper", 0, 40))

    assert lost(without("news", "deep", "research/scraper"), None, steps).keys() == {
        "news",
        "deep",
        "scraper",
    }
    assert lost(RECORD, None, steps) == {}


def test_loses_no_step_for_what_is_missing_inside_another_run(wide: Any) -> None:
    steps = (done("web", 0, 3), done("deep", 0, 4, child="run-2"))

    assert lost(without("deep/web"), None, steps) == {}
    assert lost(without("deep/web"), wide.catalogue.workflows["multi-source-research"], ()) == {}


def test_a_run_that_goes_on_has_lost_whom_it_says_it_gave_up() -> None:
    told = without("web").turnout
    assert told is not None

    assert lost(RECORD, None, (), told.missing).keys() == {"web"}


def test_knows_the_voters_that_were_not_waited_for(wide: Any) -> None:
    vote = replace(wide.catalogue.workflows["vote"], result={"votes": ResultField(value="ballots")})
    ballots = [{"voter": "gpt", "said": "choice"}, {"voter": "claude", "said": "unheard"}]
    result: dict[str, object] = {"votes": ballots, "ballots": [{"voter": "gpt", "said": "unheard"}]}

    assert unheard(RECORD, vote, (), result) == {"claude"}
    for told in ({}, {"votes": None}, {"votes": ["gpt"]}):
        assert unheard(RECORD, vote, (), told) == frozenset()


def test_without_ballots_as_many_as_were_heard_are_those_who_answered_first(wide: Any) -> None:
    vote = wide.catalogue.workflows["vote"]
    assert vote.election is not None
    first, second, *others = (voter.name for voter in vote.election.voters)
    steps = (done(first, 0, 9), *(done(name, 0, 1) for name in (second, *others)))
    heard = replace(RECORD, turnout=Turnout(completed_agents=len(steps) - 1))

    assert unheard(heard, vote, steps, {}) == {first}
    assert unheard(RECORD, vote, steps, {}) == frozenset()

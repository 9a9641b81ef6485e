"""Records of runs and of their steps."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.outcomes import Category, Missing, Turnout, Usage
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import new_run_id
from dirigent.domain.runs import Held, StartRun, Status
from dirigent.records.run_rows import LONGEST_MESSAGE
from dirigent.records.runs import Filter, Runs, opened
from dirigent.records.unreadable import Unreadable

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
HOUR = timedelta(hours=1)
ADMISSION = Passage(level=Level.ACCOUNT, key="a", refused=1, waited=2.5)
ERROR = RunError(category=Category.TIMEOUT, message="too slow", step="write", attempts=3)


@pytest.fixture
def runs(records: SqliteRecords, artifacts: FileArtifacts) -> Runs:
    return Runs(records, artifacts)


def start(number: int = 0, *, account: str = "a", workflow: str = "w", at: datetime = NOON) -> StartRun:
    return StartRun(
        run=new_run_id(at, number),
        account=account,
        workflow=workflow,
        type="t",
        definition="hash",
        plan=(),
        input=Held(text='{"topic":"Grüße"}'),
        created_at=at,
        timeout=60.0,
        user="ann",
        claim="key",
    )


def step(name: str, position: int, **values: object) -> StepRecord:
    record = StepRecord(
        step=name,
        position=position,
        record=f"{name}ing",
        output=f"{name}_out",
        value=Held(text="made"),
        started_at=NOON,
        completed_at=LATER,
    )
    return replace(record, **values)


def failed(of: StartRun, *, at: datetime = LATER) -> RunRecord:
    return replace(
        opened(of, at=at), status=Status.FAILED, completed_at=at, error=ERROR, result=None, user="ann"
    )


def gap(branch: str) -> Missing:
    return Missing(branch=branch, category=Category.TIMEOUT, because="late", since=NOON)


async def kept(runs: Runs, of: StartRun) -> RunRecord:
    record = await runs.get(of.account, of.run)
    assert record is not None
    return record


def test_an_opened_run_is_in_progress(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=LATER))

    record = asyncio.run(kept(runs, start()))

    assert record == opened(start(), at=LATER)
    assert (record.status, record.created_at, record.updated_at) == (Status.IN_PROGRESS, NOON, LATER)
    assert (record.user, record.claim, record.input) == ("ann", "key", Held(text='{"topic":"Grüße"}'))


def test_an_opened_run_says_how_it_was_admitted(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON, admission=ADMISSION))

    assert asyncio.run(kept(runs, start())) == opened(start(), at=NOON, admission=ADMISSION)


def test_an_end_that_somebody_else_writes_keeps_how_it_was_admitted(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON, admission=ADMISSION))
    asyncio.run(runs.mend(failed(start())))

    record = asyncio.run(kept(runs, start()))
    assert (record.status, record.admission) == (Status.FAILED, ADMISSION)


def test_knows_no_run_of_another_account(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))

    assert asyncio.run(runs.get("b", start().run)) is None


def test_opening_again_changes_nothing(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER))

    asyncio.run(runs.open(start(), at=LATER))

    assert asyncio.run(kept(runs, start())).status is Status.COMPLETED


@pytest.mark.parametrize("result", [Held(text='{"n":1}'), Held(artifact="runs/1/result.json")])
def test_a_completed_run_has_its_result(runs: Runs, result: Held) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.complete("a", start().run, result, at=LATER))

    assert asyncio.run(kept(runs, start())) == replace(
        opened(start(), at=NOON),
        status=Status.COMPLETED,
        result=result,
        completed_at=LATER,
        updated_at=LATER,
    )


def test_completing_again_changes_nothing(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.complete("a", start().run, Held(text="1"), at=NOON))

    asyncio.run(runs.complete("a", start().run, Held(text="2"), at=LATER))
    record = asyncio.run(kept(runs, start()))

    assert (record.result, record.completed_at) == (Held(text="1"), NOON)


def test_a_run_that_was_taken_for_failed_may_complete_after_all(runs: Runs) -> None:
    asyncio.run(runs.end(failed(start())))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER))

    record = asyncio.run(kept(runs, start()))
    assert (record.status, record.result, record.error) == (Status.COMPLETED, Held(text="{}"), None)


def test_a_cancelled_run_is_not_completed_by_a_latecomer(runs: Runs) -> None:
    cancelled = replace(failed(start()), status=Status.CANCELLED)
    asyncio.run(runs.end(cancelled))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER))

    assert asyncio.run(kept(runs, start())) == cancelled


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_a_late_order_of_the_first_step_opens_no_ended_run_again(runs: Runs, status: Status) -> None:
    ended = replace(failed(start()), status=status)
    asyncio.run(runs.end(ended))
    was_new = asyncio.run(runs.open(start(), at=LATER))

    assert (was_new, asyncio.run(kept(runs, start()))) == (False, ended)


def test_a_runs_own_failure_replaces_what_others_took_for_its_end(runs: Runs) -> None:
    guess = RunError(
        category=Category.PERMANENT, message="gone", step="one", attempts=2, retry_after=3, passage=ADMISSION
    )
    asyncio.run(runs.mend(replace(failed(start()), error=guess)))
    truth = RunError(category=Category.AUTHENTICATION, message="no key")
    asyncio.run(runs.end(replace(failed(start()), error=truth)))

    record = asyncio.run(kept(runs, start()))
    assert record.error == truth


@pytest.mark.parametrize(
    "turnout", [None, Turnout(completed_agents=1, missing=(gap("b0"), gap("b1")))], ids=["whole", "partial"]
)
def test_the_same_failure_told_again_ends_no_run_a_second_time(runs: Runs, turnout: Turnout | None) -> None:
    error = replace(ERROR, retry_after=7.5, passage=ADMISSION)
    first = replace(failed(start()), error=error, turnout=turnout)
    asyncio.run(runs.end(first))
    asyncio.run(runs.end(replace(first, completed_at=LATER + HOUR, updated_at=LATER + HOUR)))

    assert asyncio.run(kept(runs, start())) == first


def test_what_others_took_for_a_runs_end_gives_way_to_when_it_ended(runs: Runs) -> None:
    asyncio.run(runs.mend(replace(failed(start()), error=replace(ERROR, step=None))))
    asyncio.run(runs.end(failed(start(), at=LATER + HOUR)))

    record = asyncio.run(kept(runs, start()))
    assert (record.error, record.completed_at) == (ERROR, LATER + HOUR)


def test_completing_a_forgotten_run_leaves_no_remnant(runs: Runs) -> None:
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER))

    assert asyncio.run(runs.page(Filter(account="a"))).runs == ()


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FAILED])
def test_who_opened_a_run_sees_how_others_ended_it(
    runs: Runs, records: SqliteRecords, artifacts: FileArtifacts, status: Status
) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(Runs(records, artifacts).end(replace(failed(start()), status=status)))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER))

    completed = Status.CANCELLED if status is Status.CANCELLED else Status.COMPLETED
    assert asyncio.run(kept(runs, start())).status is completed


def test_who_opened_a_run_does_not_bring_it_back_from_oblivion(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.forget(asyncio.run(kept(runs, start()))))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER))

    assert asyncio.run(runs.page(Filter(account="a"))).runs == ()


def finish(runs: Runs) -> bool:
    return asyncio.run(runs.finish("a", start().run, step("edit", 2), Held(text="{}"), at=LATER))


def test_the_last_step_and_the_end_are_written_in_one_go(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))

    assert finish(runs)
    assert asyncio.run(runs.steps(start().run)) == (step("edit", 2),)
    assert asyncio.run(kept(runs, start())) == replace(
        opened(start(), at=NOON),
        status=Status.COMPLETED,
        result=Held(text="{}"),
        completed_at=LATER,
        updated_at=LATER,
    )


def test_who_did_not_open_a_run_does_not_end_it_in_one_go(
    runs: Runs, records: SqliteRecords, artifacts: FileArtifacts
) -> None:
    asyncio.run(Runs(records, artifacts).open(start(), at=NOON))

    assert not finish(runs)
    assert asyncio.run(runs.steps(start().run)) == ()
    assert asyncio.run(kept(runs, start())).status is Status.IN_PROGRESS


def test_a_last_step_that_was_written_before_ends_no_run_in_one_go(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.add_step(start().run, step("edit", 2, agent="first")))

    assert not finish(runs)
    assert [one.agent for one in asyncio.run(runs.steps(start().run))] == ["first"]
    assert asyncio.run(kept(runs, start())).status is Status.IN_PROGRESS


def test_a_run_that_was_cancelled_is_not_ended_in_one_go(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.cancel("a", start().run, "enough", at=NOON))

    assert not finish(runs)
    assert asyncio.run(kept(runs, start())).status is Status.CANCELLED


@pytest.mark.parametrize("was_opened", [True, False])
def test_a_run_that_failed_says_why(runs: Runs, was_opened: bool) -> None:
    if was_opened:
        asyncio.run(runs.open(start(), at=NOON))

    asyncio.run(runs.end(failed(start())))

    assert asyncio.run(kept(runs, start())) == failed(start())


def test_cuts_an_endless_message(runs: Runs) -> None:
    long = replace(failed(start()), error=replace(ERROR, message="x" * 100_000, step=None))
    asyncio.run(runs.end(long))

    error = asyncio.run(kept(runs, start())).error

    assert error == replace(ERROR, message="x" * LONGEST_MESSAGE, step=None)


@pytest.mark.parametrize("was_opened", [True, False])
def test_mends_what_could_not_write_its_end(runs: Runs, was_opened: bool) -> None:
    if was_opened:
        asyncio.run(runs.open(start(), at=NOON))

    was_written = asyncio.run(runs.mend(failed(start())))

    assert was_written
    assert asyncio.run(kept(runs, start())) == failed(start())


def test_does_not_mend_what_has_ended(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=NOON))

    assert not asyncio.run(runs.mend(failed(start())))
    assert asyncio.run(kept(runs, start())).status is Status.COMPLETED


@pytest.mark.parametrize("was_opened", [True, False])
def test_mends_at_once_write_one_end(runs: Runs, was_opened: bool) -> None:
    async def work() -> list[bool | None]:
        if was_opened:
            await runs.open(start(), at=NOON)
        complete = runs.complete("a", start().run, Held(text="{}"), at=LATER)
        *mended, _ = await asyncio.gather(*(runs.mend(failed(start())) for _ in range(20)), complete)
        return mended

    mended = asyncio.run(work())
    record = asyncio.run(kept(runs, start()))

    assert mended.count(True) <= 1
    # Completed wins, if there was a record to complete when its turn came.
    assert record.status is Status.COMPLETED or not was_opened
    assert (record.error is None) == (record.result is not None)


def test_steps_come_in_the_order_of_the_workflow(runs: Runs) -> None:
    wanted = [
        step("write", 0),
        step(
            "ask",
            2,
            agent="poet",
            model="scripted",
            attempts=3,
            usage=Usage(input_tokens=5, output_tokens=7),
            value=Held(artifact="runs/1/x.txt"),
        ),
        step("edit", 10),
        step("print", 1000, value=Held(text="")),
    ]

    async def work() -> tuple[StepRecord, ...]:
        await asyncio.gather(*(runs.add_step("r1", one) for one in reversed(wanted)))
        await runs.add_step("r10", step("other", 1))
        return await runs.steps("r1")

    assert asyncio.run(work()) == tuple(wanted)


def test_a_step_is_the_same_to_its_writer_and_to_others(
    runs: Runs, records: SqliteRecords, artifacts: FileArtifacts
) -> None:
    asyncio.run(runs.add_step("r1", step("write", 0)))

    found = asyncio.run(runs.step("r1", 0, "write"))
    elsewhere = asyncio.run(Runs(records, artifacts).step("r1", 0, "write"))

    assert found == elsewhere == step("write", 0)


def test_an_input_is_the_same_to_its_writer_and_to_others(
    runs: Runs, records: SqliteRecords, artifacts: FileArtifacts
) -> None:
    was_written = asyncio.run(runs.open(start(), at=LATER))

    found = asyncio.run(runs.input(start().account, start().run))
    elsewhere = asyncio.run(Runs(records, artifacts).input(start().account, start().run))

    assert was_written
    assert found == elsewhere == start().input
    assert asyncio.run(runs.input("another", start().run)) is None


def test_a_second_opening_says_that_it_was_none(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=LATER))

    assert not asyncio.run(runs.open(start(), at=LATER))


def test_what_a_step_wrote_first_stands(runs: Runs) -> None:
    asyncio.run(runs.add_step("r1", step("write", 0)))
    asyncio.run(runs.add_step("r1", step("write", 0, value=Held(text="made again"))))

    assert asyncio.run(runs.steps("r1")) == (step("write", 0),)


def test_hundreds_of_steps_come_whole(runs: Runs) -> None:
    async def work() -> tuple[StepRecord, ...]:
        await asyncio.gather(*(runs.add_step("r1", step(f"s{number}", number)) for number in range(1200)))
        return await runs.steps("r1")

    assert [one.position for one in asyncio.run(work())] == list(range(1200))


async def several(runs: Runs) -> list[StartRun]:
    """Ten runs, a minute apart, of two accounts and two workflows; each third has failed."""
    starts = [
        start(n, account="ab"[n % 2], workflow="vw"[n // 5], at=NOON + timedelta(minutes=n))
        for n in range(10)
    ]
    for one in starts:
        await runs.open(one, at=one.created_at)
    for one in starts[::3]:
        await runs.end(failed(one))
    return starts


async def minutes(runs: Runs, wanted: Filter) -> list[int]:
    found: list[int] = []
    while True:
        page = await runs.page(wanted)
        found += [(record.created_at - NOON) // timedelta(minutes=1) for record in page.runs]
        if page.token is None:
            return found
        wanted = Filter(
            account=wanted.account,
            status=wanted.status,
            workflow=wanted.workflow,
            earliest=wanted.earliest,
            latest=wanted.latest,
            limit=wanted.limit,
            token=page.token,
        )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(account="a"), [8, 6, 4, 2, 0]),
        (Filter(account="a", limit=2), [8, 6, 4, 2, 0]),
        (Filter(account="b", status=Status.FAILED), [9, 3]),
        (Filter(account="b", status=Status.FAILED, workflow="v", limit=1), [3]),
        (Filter(account="b", workflow="w"), [9, 7, 5]),
        (Filter(account="b", earliest=NOON + timedelta(minutes=5)), [9, 7, 5]),
        (Filter(account="b", latest=NOON + timedelta(minutes=5), limit=2), [5, 3, 1]),
        (Filter(account="c"), []),
        (Filter(account="a", workflow="x" * 5000), []),
    ],
)
def test_lists_the_newest_first(runs: Runs, wanted: Filter, expected: list[int]) -> None:
    async def work() -> list[int]:
        await several(runs)
        return await minutes(runs, wanted)

    assert asyncio.run(work()) == expected


def test_finds_what_is_old_in_every_account(runs: Runs) -> None:
    async def work() -> list[str]:
        await several(runs)
        found, token = [], None
        while True:
            page = await runs.before(NOON + timedelta(minutes=4), limit=2, token=token)
            found += [record.run for record in page.runs]
            if (token := page.token) is None:
                return found

    expected = [new_run_id(NOON + timedelta(minutes=n), n) for n in (4, 2, 0, 3, 1)]
    assert asyncio.run(work()) == expected


def test_nothing_is_left_of_a_forgotten_run(runs: Runs, artifacts: FileArtifacts) -> None:
    one, other = start(1), start(2)

    async def work() -> None:
        for each in (one, other):
            await runs.open(each, at=NOON)
            await runs.add_step(each.run, step("write", 0))
            await artifacts.put(f"runs/{each.run}/result.json", b"{}", content_type="application/json")
        await runs.forget(await kept(runs, one))
        await runs.forget(opened(one, at=NOON))

    asyncio.run(work())

    assert asyncio.run(runs.get("a", one.run)) is None
    assert asyncio.run(runs.steps(one.run)) == ()
    assert asyncio.run(artifacts.get(f"runs/{one.run}/result.json")) is None
    assert asyncio.run(runs.get("a", other.run)) is not None
    assert len(asyncio.run(runs.steps(other.run))) == 1
    assert asyncio.run(artifacts.get(f"runs/{other.run}/result.json")) is not None


@pytest.mark.parametrize(
    "values",
    [{"status": "archived"}, {"created_at": "noon"}, {"error_category": "ODD", "status": "failed"}],
)
def test_a_run_that_cannot_be_read_hides_no_others(
    records: SqliteRecords, runs: Runs, caplog: pytest.LogCaptureFixture, values: dict[str, str]
) -> None:
    for number in (0, 1):
        asyncio.run(runs.open(start(number), at=NOON))
    asyncio.run(records.merge("runs", "a", start(0).run, values))

    listed = asyncio.run(runs.page(Filter(account="a")))
    old = asyncio.run(runs.before(LATER, limit=10))

    assert [one.run for one in (*listed.runs, *old.runs)] == [start(1).run] * 2
    assert f"The run {start(0).run} of a is left out" in caplog.text
    with pytest.raises(Unreadable, match=start(0).run):
        asyncio.run(runs.get("a", start(0).run))


def test_a_run_whose_admission_was_spoilt_is_listed(records: SqliteRecords, runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON, admission=ADMISSION))
    asyncio.run(records.merge("runs", "a", start().run, {"admission": "{"}))

    assert asyncio.run(runs.page(Filter(account="a"))).runs == (opened(start(), at=NOON),)


def test_says_which_step_cannot_be_read(records: SqliteRecords, runs: Runs) -> None:
    asyncio.run(runs.add_step("r1", step("write", 0)))
    asyncio.run(records.merge("steps", "r1", "00000-write", {"started_at": "noon"}))

    with pytest.raises(Unreadable, match="the step '00000-write'"):
        asyncio.run(runs.steps("r1"))

"""Removing what is old."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.outcomes import Usage
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.run_ids import child_id, new_run_id
from dirigent.domain.runs import Held, StartRun, Status
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claim, Claims
from dirigent.records.redrives import PREFIX, Redrives
from dirigent.records.runs import Filter, Runs
from triggers.instances import DurableInstances
from triggers.retention import Sweeping, Swept, retention
from triggers.subscribers import subscribers

AGE, MEMORY = timedelta(days=30), timedelta(days=7)


def runs(bench: Any) -> Runs:
    """The records of runs."""
    return Runs(bench.parts.records, bench.parts.artifacts)


def claim(bench: Any, run: str) -> Claim:
    """The claim of a key for the run."""
    return Claim(
        account="default", key="k", run=run, body="b", claimed_at=bench.clock.now(), started=True, etag=""
    )


def keep(bench: Any, *, ends: bool = True, account: str = "default", key: str | None = None) -> str:
    """Keep a run of this moment with a step, an artifact and an instance; its id."""
    now = bench.clock.now()
    run = new_run_id(now, len(bench.client.instances))
    held = asyncio.run(
        bench.parts.artifacts.put(f"runs/{run}/article.md", b"#", content_type="text/markdown")
    )
    step = StepRecord(
        step="write",
        position=0,
        record="writing",
        output="draft",
        value=Held(text=held),
        started_at=now,
        completed_at=now,
        usage=Usage(),
    )
    asyncio.run(runs(bench).open(bench.opening(run, account=account, claim=key), at=now))
    asyncio.run(runs(bench).add_step(run, step))
    bench.client.put(run, "Completed" if ends else "Running")
    if ends:
        asyncio.run(runs(bench).complete(account, run, Held(text="{}"), at=now))
    return run


def sweep(bench: Any, **limits: int) -> Swept:
    """One night's work."""
    return asyncio.run(
        Sweeping(bench.parts, age=AGE, memory=MEMORY, **limits).sweep(DurableInstances(bench.client))
    )


def kept(bench: Any) -> tuple[RunRecord, ...]:
    """The runs that are still there."""
    return asyncio.run(runs(bench).page(Filter(account="default", limit=200))).runs


def test_removes_all_that_is_kept_of_an_old_run(bench: Any) -> None:
    run = keep(bench, key="k")
    asyncio.run(Claims(bench.parts.records).make(claim(bench, run)))
    bench.clock.time += AGE + timedelta(seconds=1)

    assert sweep(bench) == Swept(removed=1)
    assert (kept(bench), asyncio.run(runs(bench).steps(run)), bench.client.instances) == ((), (), {})
    assert asyncio.run(bench.parts.artifacts.get(f"runs/{run}/article.md")) is None
    assert asyncio.run(Claims(bench.parts.records).make(claim(bench, "another"))) is None


def test_has_the_voters_of_an_old_vote_forgotten_too(wide: Any) -> None:
    run, now = new_run_id(wide.clock.now(), 1), wide.clock.now()
    start = wide.opening(run, election=wide.catalogue.workflows["vote"].election)
    asyncio.run(runs(wide).open(start, at=now))
    asyncio.run(runs(wide).complete("default", run, Held(text="{}"), at=now))
    wide.client.put(run, "Completed", client_input=codec.encode(start))
    for name in ("gpt", "claude", "elsewhere"):
        wide.client.put(child_id(run, name), "Completed")
    wide.clock.time += AGE + timedelta(seconds=1)

    assert sweep(wide) == Swept(removed=1)
    assert list(wide.client.instances) == [child_id(run, "elsewhere")]


def test_leaves_runs_within_runs_until_they_are_old_themselves(wide: Any) -> None:
    run, plan = new_run_id(wide.clock.now(), 1), wide.frozen("multi-source-research").plan
    start = wide.opening(run, plan=plan)
    child = wide.opening(child_id(run, "deep"))
    for opening in (start, child):
        asyncio.run(runs(wide).open(opening, at=wide.clock.now()))
        wide.client.put(opening.run, "Completed", client_input=codec.encode(opening))
    asyncio.run(runs(wide).complete("default", run, Held(text="{}"), at=wide.clock.now()))
    wide.clock.time += AGE + timedelta(seconds=1)
    asyncio.run(runs(wide).complete("default", child.run, Held(text="{}"), at=wide.clock.now()))

    assert sweep(wide) == Swept(removed=1, left=1)
    assert list(wide.client.instances) == [child.run]


def test_leaves_runs_that_are_young(bench: Any) -> None:
    keep(bench)
    bench.clock.time += AGE - timedelta(seconds=1)

    assert sweep(bench) == Swept()
    assert len(kept(bench)) == 1


def test_leaves_a_run_that_ended_lately(bench: Any) -> None:
    run = keep(bench, ends=False)
    bench.clock.time += AGE + timedelta(seconds=1)
    asyncio.run(runs(bench).complete("default", run, Held(text="{}"), at=bench.clock.now()))

    assert sweep(bench) == Swept(left=1)


def test_leaves_a_run_that_goes_on(bench: Any) -> None:
    keep(bench, ends=False)
    bench.clock.time += AGE * 2

    assert sweep(bench) == Swept(left=1)
    assert [record.status for record in kept(bench)] == [Status.IN_PROGRESS]


def test_writes_the_end_of_a_run_that_died_and_removes_it_when_that_is_old(bench: Any) -> None:
    keep(bench, ends=False)
    bench.client.instances.clear()
    bench.clock.time += AGE + timedelta(seconds=1)
    first = sweep(bench)
    ended = [record.status for record in kept(bench)]
    bench.clock.time += AGE
    second = sweep(bench)

    assert (first, ended, second) == (Swept(left=1), [Status.FAILED], Swept(removed=1))


def test_does_not_free_a_key_that_another_run_has_claimed_since(bench: Any) -> None:
    keep(bench, key="k")
    asyncio.run(Claims(bench.parts.records).make(claim(bench, "another")))
    bench.clock.time += AGE + timedelta(seconds=1)
    sweep(bench)

    held = asyncio.run(Claims(bench.parts.records).make(claim(bench, "a third")))
    assert held is not None
    assert held.run == "another"


def test_goes_on_after_a_run_that_it_cannot_remove(bench: Any) -> None:
    class Sulking(DurableInstances):
        async def purge(self, run: str) -> None:
            if run == ids[1]:
                raise RuntimeError("not this one")
            await super().purge(run)

    ids = [keep(bench) for _ in range(3)]
    bench.clock.time += AGE + timedelta(seconds=1)
    swept = asyncio.run(Sweeping(bench.parts, age=AGE, memory=MEMORY).sweep(Sulking(bench.client)))

    assert swept == Swept(removed=2, failed=1)
    assert [record.run for record in kept(bench)] == [ids[1]]


@pytest.mark.parametrize(
    ("error", "has_stack"), [(RecordsUnavailable("away"), False), (OSError("odd"), True)]
)
def test_logs_a_stack_only_where_it_says_more(
    bench: Any, caplog: pytest.LogCaptureFixture, error: Exception, has_stack: bool
) -> None:
    class Sulking(DurableInstances):
        async def purge(self, run: str) -> None:
            raise error

    keep(bench)
    bench.clock.time += AGE + timedelta(seconds=1)
    asyncio.run(Sweeping(bench.parts, age=AGE, memory=MEMORY).sweep(Sulking(bench.client)))

    assert [bool(record.exc_info) for record in caplog.records] == [has_stack]


@pytest.mark.parametrize(("batch", "most"), [(1, 100), (3, 100), (100, 100)])
def test_goes_through_all_runs_of_all_accounts_in_batches(bench: Any, batch: int, most: int) -> None:
    for number in range(7):
        bench.clock.time += timedelta(seconds=1)
        keep(bench, ends=number % 3 > 0, account=f"account-{number % 2}")
    bench.clock.time += AGE + timedelta(seconds=1)

    assert sweep(bench, batch=batch, most=most) == Swept(removed=4, left=3)


def test_does_no_more_than_a_nights_work(bench: Any) -> None:
    for _ in range(6):
        bench.clock.time += timedelta(seconds=1)
        keep(bench)
    bench.clock.time += AGE + timedelta(seconds=1)

    assert [sweep(bench, batch=2, most=4).removed for _ in range(3)] == [4, 2, 0]


def test_rings_at_the_hour_that_was_set(bench: Any) -> None:
    keep(bench)
    bench.clock.time += AGE * 2
    blueprint = retention(bench.parts, bench.settings)
    [function] = bench.functions(blueprint).values()
    asyncio.run(function(timer=None, client=bench.client))

    assert kept(bench) == ()


def hear(heard: Any) -> str:
    """A message has started its run, which has ended; the run's id."""
    body = b'{"topic":"' + b"t" * 50_000 + b'"}'
    functions = heard.functions(subscribers(heard.parts, heard.catalogue, heard.settings))
    asyncio.run(functions["on_write_orders"](message=heard.delivered(body), client=heard.client))
    run = str(heard.client.started[-1])
    start = codec.from_json(StartRun, heard.client.instances[run]["input"])
    asyncio.run(runs(heard).open(start, at=heard.clock.now()))
    asyncio.run(runs(heard).complete("default", run, Held(text="{}"), at=heard.clock.now()))
    heard.client.put(run, "Completed")
    return run


def test_that_a_message_was_handled_is_remembered_when_its_run_is_forgotten(heard: Any) -> None:
    run = hear(heard)
    heard.clock.time += AGE + timedelta(seconds=1)
    swept = sweep(heard)
    functions = heard.functions(subscribers(heard.parts, heard.catalogue, heard.settings))
    asyncio.run(functions["on_write_orders"](message=heard.delivered(), client=heard.client))

    assert (swept, kept(heard)) == (Swept(removed=1), ())
    assert heard.client.started == [run]
    assert asyncio.run(heard.parts.artifacts.get(f"events/{run}/message.json")) is None


def test_a_run_whose_event_another_has_taken_up_goes_without_the_claim(heard: Any) -> None:
    hear(heard)
    [row] = asyncio.run(heard.parts.records.query("claims")).rows
    claims = Claims(heard.parts.records)
    held = asyncio.run(claims.find("default", row.key))
    assert held is not None
    taken = dataclasses.replace(held, run="later", replay=1, letter="L", started=False)
    assert asyncio.run(claims.move(held, taken))
    heard.clock.time += AGE + timedelta(seconds=1)
    sweep(heard)
    heard.clock.time += MEMORY + timedelta(seconds=1)
    sweep(heard)

    held = asyncio.run(claims.find("default", row.key))
    assert held is not None
    assert dataclasses.replace(held, etag="") == dataclasses.replace(taken, etag="")


def test_a_message_is_forgotten_in_the_end(heard: Any) -> None:
    hear(heard)
    heard.clock.time += AGE + timedelta(seconds=1)
    sweep(heard)
    heard.clock.time += MEMORY + timedelta(seconds=1)

    assert sweep(heard) == Swept(messages=1)
    assert asyncio.run(heard.parts.records.query("claims")).rows == ()


def test_a_failure_that_is_learnt_of_late_leaves_its_event_behind(heard: Any) -> None:
    functions = heard.functions(subscribers(heard.parts, heard.catalogue, heard.settings))
    asyncio.run(functions["on_write_orders"](message=heard.delivered(), client=heard.client))
    run = str(heard.client.started[-1])
    start = codec.from_json(StartRun, heard.client.instances[run]["input"])
    asyncio.run(runs(heard).open(start, at=heard.clock.now()))
    heard.client.put(run, "Failed", output="the records were away for a day")
    heard.clock.time += AGE + timedelta(seconds=1)

    assert sweep(heard) == Swept(removed=1)
    heard.clock.time += AGE + timedelta(seconds=1)
    assert sweep(heard).dead_letters == 1


def test_dead_letters_go_at_the_age_of_runs(heard: Any) -> None:
    functions = heard.functions(subscribers(heard.parts, heard.catalogue, heard.settings))
    message = heard.delivered(DeadLetterReason="TTLExpiredException")
    asyncio.run(functions["dead_write_orders"](message=message, client=heard.client))

    assert sweep(heard) == Swept()
    heard.clock.time += AGE + timedelta(seconds=1)
    assert sweep(heard) == Swept(dead_letters=1)


def test_old_events_that_cannot_be_removed_are_left_for_the_next_night(heard: Any) -> None:
    class Away:
        """Records that tell nothing of dead letters."""

        async def query(self, table: str, **told: Any) -> Any:
            if table == "deadletters":
                raise RecordsUnavailable("away")
            return await records.query(table, **told)

        def __getattr__(self, name: str) -> Any:
            return getattr(records, name)

    hear(heard)
    heard.clock.time += AGE + timedelta(seconds=1)
    records, away = heard.parts.records, Away()
    parts: Any = dataclasses.replace(heard.parts, records=away)
    swept = asyncio.run(Sweeping(parts, age=AGE, memory=MEMORY).sweep(DurableInstances(heard.client)))

    assert swept == Swept(removed=1, failed=1)


@pytest.mark.parametrize(("status", "is_left"), [("Completed", False), ("Running", True)])
def test_old_replays_of_dead_letters_are_forgotten_once_they_ended(
    bench: Any, status: str, *, is_left: bool
) -> None:
    redrive = f"{PREFIX}{new_run_id(bench.clock.now(), 1)}"
    asyncio.run(Redrives(bench.parts.records).note("default", redrive, at=bench.clock.now()))
    bench.client.put(redrive, status)
    bench.clock.time += AGE + timedelta(days=1)

    asyncio.run(Sweeping(bench.parts, age=AGE, memory=MEMORY).sweep(DurableInstances(bench.client)))

    rows = asyncio.run(Redrives(bench.parts.records).before(bench.clock.now(), limit=10))
    assert (redrive in bench.client.instances, bool(rows)) == (is_left, is_left)

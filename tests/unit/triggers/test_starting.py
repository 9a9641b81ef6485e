"""Starting runs."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.run_ids import accepted_at
from dirigent.domain.runs import StartRun
from dirigent.ports import Parts
from dirigent.ports.artifacts import Artifact, ArtifactsUnavailable
from dirigent.records.claims import Claims, claim_key
from dirigent.records.definitions import Definitions
from dirigent.records.texts import Texts
from triggers.gatehouse import DurableGates
from triggers.identity import Caller
from triggers.instances import DurableInstances, InstancesUnavailable
from triggers.problems import Refused
from triggers.starting import Started, Starting, Wanted

LEASE = 60.0


class FullDisk:
    """A store of artifacts that takes nothing, and everything takes it a while."""

    def __init__(self, clock: Any, seconds: float = 0) -> None:
        self._clock, self._seconds = clock, seconds

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        await self._clock.sleep(self._seconds)
        raise ArtifactsUnavailable("The disk is full.")

    async def get(self, name: str) -> Artifact | None:
        return None

    async def delete_under(self, prefix: str) -> int:
        return 0


def starting(bench: Any, parts: Parts | None = None, looks: tuple[float, ...] = (0, 0)) -> Starting:
    """A start desk that hardly waits between looks."""
    return Starting(parts or bench.parts, bench.catalogue, lease=LEASE, looks=looks)


def ask_at_once(bench: Any, times: int) -> list[Started]:
    """Ask that often at once for the run of one key."""

    async def all_at_once() -> list[Started]:
        desk, instances = starting(bench, looks=(0.01,) * 500), DurableInstances(bench.client)
        gates = DurableGates(bench.client)
        return await asyncio.gather(*(desk.start(wanted(bench, "k"), instances, gates) for _ in range(times)))

    return asyncio.run(all_at_once())


def with_artifacts(bench: Any, artifacts: Any) -> Parts:
    """The bench's parts with another store of artifacts."""
    parts: Parts = bench.parts
    return replace(parts, artifacts=artifacts)


def wanted(bench: Any, key: str | None = None, topic: str = "tea") -> Wanted:
    """A run somebody wants."""
    workflow = bench.catalogue.workflows["content-creation"]
    return Wanted(caller=Caller(account="default"), workflow=workflow, values={"topic": topic}, key=key)


def ask(bench: Any, key: str | None = None, *, topic: str = "tea", parts: Parts | None = None) -> Started:
    """Ask for the run."""
    desk = starting(bench, parts)
    asked = desk.start(wanted(bench, key, topic), DurableInstances(bench.client), DurableGates(bench.client))
    return asyncio.run(asked)


def started_with(bench: Any, run: str) -> StartRun:
    """What the run was started with."""
    return codec.from_json(StartRun, bench.client.instances[run]["input"])


def crash_after_claim(bench: Any, key: str) -> str:
    """Somebody claims the key and is gone before the run is handed over; its id."""
    bench.client.starts_nothing = True
    with pytest.raises(InstancesUnavailable):
        ask(bench, key)
    bench.client.starts_nothing = False
    claim_row = asyncio.run(bench.parts.records.get("claims", "default", claim_key("content-creation", key)))
    return str(claim_row.values["run"])


def test_freezes_into_the_start_all_that_the_run_needs(bench: Any) -> None:
    started = ask(bench)

    start = started_with(bench, started.run)
    definition = asyncio.run(Definitions(bench.parts.artifacts).find(start.definition))
    assert bench.client.instances[started.run]["name"] == "sequential"
    assert definition == bench.catalogue.definition("content-creation")
    assert (start.plan, start.timeout) == (definition.plan(), definition.workflow.timeout)
    assert (start.run, start.account, start.claim) == (started.run, "default", None)
    assert (start.input.text, start.created_at) == ('{"topic":"tea"}', bench.clock.now())


def test_freezes_teams_and_votes_into_the_start(wide: Any) -> None:
    for name in ("tree", "vote"):
        workflow = wide.catalogue.workflows[name]
        values = Wanted(caller=Caller(account="default"), workflow=workflow, values={"topic": "tea"})
        asked = starting(wide).start(values, DurableInstances(wide.client), DurableGates(wide.client))
        run = asyncio.run(asked).run

        start = started_with(wide, run)
        assert wide.client.instances[run]["name"] == workflow.pattern
        assert (start.team, start.election) == (workflow.team, workflow.election)
        assert start.plan == wide.catalogue.definition(name).plan()


def test_sends_out_only_the_branches_that_are_wanted(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]
    values: dict[str, object] = {"query": "tea", "agents": ["web", "deep"]}
    asked = Wanted(caller=Caller(account="default"), workflow=workflow, values=values)
    desk = starting(wide).start(asked, DurableInstances(wide.client), DurableGates(wide.client))
    start = started_with(wide, asyncio.run(desk).run)

    assert start.team is not None
    assert start.team.names == ("web", "deep")
    assert [step.name for step in start.plan] == ["web", "deep", "summary"]
    assert start.plan[1].nested is not None


def test_keeps_a_long_input_as_an_artifact(bench: Any) -> None:
    started = ask(bench, topic="t" * 50_000)

    held = started_with(bench, started.run).input
    assert held.artifact == f"runs/{started.run}/input.json"
    assert len(asyncio.run(Texts(bench.parts.artifacts).read(held))) > 50_000


def test_starts_a_run_for_each_request_without_a_key(bench: Any) -> None:
    assert ask(bench).run != ask(bench).run


def test_starts_one_run_for_fifty_requests_with_one_key(bench: Any) -> None:
    started = ask_at_once(bench, 50)

    assert {each.run for each in started} == set(bench.client.started)
    assert len(bench.client.started) == 1
    assert sorted(each.is_replay for each in started) == [False] + [True] * 49


def test_repeats_the_run_whatever_became_of_it(bench: Any) -> None:
    first = ask(bench, "k")
    asyncio.run(
        Claims(bench.parts.records).mark("default", claim_key("content-creation", "k"), run=first.run)
    )
    bench.client.instances.clear()
    bench.clock.time += timedelta(days=20)

    assert ask(bench, "k") == Started(run=first.run, is_replay=True)
    assert bench.client.started == [first.run]


def test_refuses_a_key_that_was_used_for_another_input(bench: Any) -> None:
    ask(bench, "k")

    with pytest.raises(Refused, match="another input") as refused:
        ask(bench, "k", topic="coffee")
    assert refused.value.status == 409


def test_knows_a_request_again_whose_branches_the_catalogue_has_named_otherwise_since(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]

    def ask_again(*agents: str, is_filled_in: bool) -> Started:
        values: dict[str, object] = {"query": "tea", "agents": list(agents)}
        caller = Caller(account="default")
        asked = Wanted(caller=caller, workflow=workflow, values=values, is_filled_in=is_filled_in, key="k")
        desk = starting(wide).start(asked, DurableInstances(wide.client), DurableGates(wide.client))
        return asyncio.run(desk)

    first = ask_again("web", "deep", is_filled_in=True)

    assert ask_again("web", is_filled_in=True) == Started(run=first.run, is_replay=True)
    with pytest.raises(Refused, match="another input"):
        ask_again("web", is_filled_in=False)


def test_does_not_say_that_a_run_was_started_which_may_never_be(bench: Any) -> None:
    crash_after_claim(bench, "k")
    bench.clock.time += timedelta(seconds=LEASE - 10)

    with pytest.raises(Refused, match="in 10 seconds") as refused:
        ask(bench, "k")
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "10"})
    assert bench.client.started == []


def test_heals_a_start_that_was_cut_short_once_the_lease_is_over(bench: Any) -> None:
    run = crash_after_claim(bench, "k")
    bench.clock.time += timedelta(seconds=LEASE + 1)

    assert ask(bench, "k") == Started(run=run)
    assert started_with(bench, run).created_at == accepted_at(run)
    assert ask(bench, "k") == Started(run=run, is_replay=True)
    assert bench.client.started == [run]


def test_heals_a_start_once_however_many_ask(bench: Any) -> None:
    run = crash_after_claim(bench, "k")
    bench.clock.time += timedelta(seconds=LEASE + 1)

    started = ask_at_once(bench, 10)

    assert ({each.run for each in started}, bench.client.started) == ({run}, [run])
    assert [each.is_replay for each in started].count(False) == 1


def test_does_not_start_a_run_again_whose_instance_is_slow_to_mark_its_claim(bench: Any) -> None:
    first = ask(bench, "k")
    bench.clock.time += timedelta(seconds=LEASE + 1)

    assert ask(bench, "k") == Started(run=first.run, is_replay=True)
    assert bench.client.started == [first.run]


def test_frees_the_key_when_the_run_cannot_be_prepared(bench: Any) -> None:
    with pytest.raises(ArtifactsUnavailable):
        ask(bench, "k", parts=with_artifacts(bench, FullDisk(bench.clock)))

    assert not ask(bench, "k").is_replay


def test_holds_on_to_a_key_that_somebody_may_have_taken_over(bench: Any) -> None:
    slow = with_artifacts(bench, FullDisk(bench.clock, seconds=LEASE * 0.75))
    with pytest.raises(ArtifactsUnavailable):
        ask(bench, "k", parts=slow)

    with pytest.raises(Refused, match="has not started its run yet"):
        ask(bench, "k")


def test_starts_nothing_that_somebody_may_have_taken_over(bench: Any) -> None:
    class Slow(FullDisk):
        async def put(self, name: str, content: bytes, *, content_type: str) -> str:
            await bench.clock.sleep(LEASE * 0.75)
            return name

    with pytest.raises(Refused, match="took too long"):
        ask(bench, "k", parts=with_artifacts(bench, Slow(bench.clock)))
    assert bench.client.started == []


def test_keeps_nothing_of_a_start_that_is_refused(bench: Any) -> None:
    bench.exhaust()
    for key in (None, "k"):
        with pytest.raises(Refused, match="all its 10 starts") as refused:
            ask(bench, key)
        assert refused.value.status == 429
    bench.clock.time += timedelta(seconds=2)

    assert not ask(bench, "k", topic="coffee").is_replay
    assert len(bench.client.started) == 1


def test_answers_a_repeated_request_however_many_were_started_since(bench: Any) -> None:
    first = ask(bench, "k")
    bench.exhaust()

    assert ask(bench, "k") == Started(run=first.run, is_replay=True)


def test_does_not_heal_a_start_before_the_account_may_start_again(bench: Any) -> None:
    crash_after_claim(bench, "k")
    bench.clock.time += timedelta(seconds=LEASE + 1)
    bench.exhaust()
    with pytest.raises(Refused, match="all its 10 starts"):
        ask(bench, "k")
    bench.clock.time += timedelta(seconds=2)

    assert not ask(bench, "k").is_replay


def test_frees_the_key_when_the_accounts_gate_does_not_answer(bench: Any) -> None:
    bench.client.is_down = True
    with pytest.raises(InstancesUnavailable):
        ask(bench, "k")
    bench.client.is_down = False

    assert not ask(bench, "k").is_replay


def test_refuses_all_who_ask_at_once_with_one_key(bench: Any) -> None:
    async def all_at_once() -> list[Any]:
        desk, gates = starting(bench, looks=(0.001,)), DurableGates(bench.client)
        asked = (desk.start(wanted(bench, "k"), DurableInstances(bench.client), gates) for _ in range(5))
        return await asyncio.gather(*asked, return_exceptions=True)

    bench.exhaust()
    refusals = asyncio.run(all_at_once())

    assert [each.status for each in refusals] == [429] * 5

"""How many operations a second a gate bears, and whether it costs more the more calls it has seen."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import TypeVar

from msgspec.structs import replace

from benchmarks.catalogues import chain_of
from benchmarks.left import left
from benchmarks.plan import Plan
from benchmarks.runs import Prepared, RunningApp, dirigent_app
from benchmarks.table import Cell, Table
from dirigent import codec
from dirigent.domain.account_gate import MOST_USERS, AccountGate, AccountRules
from dirigent.domain.breakers import BreakerRules, Verdict
from dirigent.domain.crowds import packed
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.gates import Ask, Group, Settlement, Start
from dirigent.domain.messages import Message
from dirigent.domain.windows import NEVER, SECOND, SLICES, SPANS, Limits, Windows

TOLLS_APP = Path(__file__).parent / "tolls_app"
EARLIER = (100, 1_000, 10_000)
#: So wide that nobody is refused, and yet looked at, which no limit at all is not.
WIDE = Limits(burst=10**9, minute=10**9, hour=10**9, day=10**9)
#: Calls of one orchestration that asks for permits and makes nothing of them.
TOLLS = 50
LANES = 20
#: 2030-01-01 in microseconds; any day would do.
BEGUN = 1_893_456_000 * SECOND

Gate = TypeVar("Gate", bound=Message)
#: Moves a gate at that instant, for whoever is that number.
Step = Callable[[Gate, int, int], Gate]


def measure(plan: Plan) -> Table:
    calls = plan.size(2_000, 50)
    deployment, account = _filled(DeploymentGate(), _pass), _filled(AccountGate(), _admit)
    rows = [
        *_machine("deployment's machine alone", deployment, _pass, _pass, calls),
        *_machine("the same, read from JSON and written", deployment, _pass, _pass_as_json, calls),
        *_machine("account's machine alone, 1 user", account, _admit, _admit, calls),
        *_machine("the same, read from JSON and written", account, _admit, _admit_as_json, calls),
        *_machine(f"the same, {MOST_USERS:,} users", _crowded(), _admit, _admit_as_json, max(calls // 40, 1)),
    ]
    with plan.folder() as folder:
        through_host, rates = asyncio.run(_host(plan, folder))
    return Table(
        title="gates: a permit and its settlement (or an admission), after so many earlier ones",
        columns=("what", "earlier", "state bytes", "CPU ms each", "÷ the first", "a second", "events each"),
        rows=(*rows, *through_host),
        notes=(
            f"Median of {plan.rounds} rounds of {calls:,} calls; CPU is the process's, host and SDK with it.",
            "Machines: stamped times, a call each 50 ms; before, every slice of every window was filled.",
            f"{MOST_USERS:,} users: before, a day of {Limits().day:,} starts, all that default limits allow.",
            f"Host: {TOLLS} calls one after another in an orchestration, durability FULL, limits unlimited.",
            "Its time is real: slices fill as it goes by, and not by calls, up to the bytes above.",
            *rates,
        ),
    )


def _filled(gate: Gate, step: Step[Gate]) -> Gate:
    """The gate when there is a mark in every slice of every window: it cannot remember more."""
    now = BEGUN - sum(SPANS.values())
    for span in reversed(SPANS.values()):
        for _ in range(SLICES):
            now += span // SLICES
            gate = step(gate, now, 0)
    return gate


def _machine(
    what: str, gate: Gate, step: Step[Gate], measured: Step[Gate], calls: int
) -> list[tuple[Cell, ...]]:
    now, stamps, done = BEGUN, _later(BEGUN), 0
    rows: list[tuple[Cell, ...]] = []
    first = None
    for earlier in EARLIER:
        for now in islice(stamps, earlier - done):
            gate = step(gate, now, done)
            done += 1
        seconds = []
        for _ in range(3):
            # From the same gate each time: what is measured is no earlier call of the next size.
            tried, again = gate, islice(_later(now), calls)
            began = time.process_time()
            for number, later in enumerate(again):
                tried = measured(tried, later, done + number)
            seconds.append((time.process_time() - began) / calls)
        cost = median(seconds)
        first = first or cost
        size = len(codec.to_json(gate))
        rows.append((what, earlier, size, 1000 * cost, cost / first, 1 / cost, "-"))
    return rows


def _later(now: int) -> Iterator[int]:
    return (now + number * SPANS["burst"] // SLICES for number in count(1))


def _pass(gate: DeploymentGate, now: int, number: int) -> DeploymentGate:  # noqa: ARG001 - all calls are the same agent's
    ask = Ask(deployment="fast", groups=(Group(calls=1, agent="asked"),), seconds=30.0, patience=NEVER)
    permitted, answer = gate.permit(BreakerRules(), lambda _: WIDE, ask, now)
    assert answer.grants[0].granted == 1, answer
    told = Settlement(deployment="fast", round=answer.round, until=answer.until, verdicts=(Verdict.WELL,))
    return permitted.settle(BreakerRules(), told, now)


def _pass_as_json(gate: DeploymentGate, now: int, number: int) -> DeploymentGate:
    # As hosts do around each operation: a permit is one, and its settlement another.
    for _ in range(2):
        gate = codec.decode(DeploymentGate, json.loads(json.dumps(codec.encode(gate))))
    return _pass(gate, now, number)


def _admit(gate: AccountGate, now: int, number: int) -> AccountGate:
    users = max(len(gate.users.known), 1)
    rules = AccountRules(limits=WIDE, users=WIDE)
    start = Start(account="a", user=f"user-{number % users}", patience=NEVER)
    admitted, entry = gate.admit(rules, start, now)
    assert entry.refusal is None, entry
    return admitted


def _admit_as_json(gate: AccountGate, now: int, number: int) -> AccountGate:
    return _admit(codec.decode(AccountGate, json.loads(json.dumps(codec.encode(gate)))), now, number)


def _crowded() -> AccountGate:
    """An account's gate after a day of as many starts as it may have, by all users it tells apart."""
    gate, most = AccountGate(), Limits().day or 0
    known = {f"user-{number}": packed(Windows()) for number in range(MOST_USERS)}
    gate = replace(gate, users=replace(gate.users, known=known))
    for number in range(most):
        gate = _admit(gate, BEGUN - (most - number) * SPANS["day"] // most, number)
    return gate


async def _host(plan: Plan, folder: Path) -> tuple[list[tuple[Cell, ...]], list[str]]:
    chain = chain_of(TOLLS, folder / "catalogue")
    async with dirigent_app(folder, chain.folder, app=TOLLS_APP) as app:
        prepared = Prepared(orchestrator="tolls", start=(await app.prepared(chain)).start)
        await app.run(prepared)
        rows: list[tuple[Cell, ...]] = []
        done, first = TOLLS, None
        for earlier in EARLIER[: 1 if plan.quick else None]:
            await _toll(app, prepared, max(earlier - done, 0))
            done = max(earlier, done)
            seconds, cpu, events = await _one_by_one(app, prepared, plan.rounds)
            done += plan.rounds * TOLLS
            first = first or cpu
            size = await _state_bytes(app)
            rows.append(
                ("through the host, one by one", earlier, size, 1000 * cpu, cpu / first, 1 / seconds, events)
            )
        runs = plan.size(100, 2)
        began = time.perf_counter()
        await app.drive(prepared, runs, LANES)
        rate = runs * TOLLS / (time.perf_counter() - began)
    told = (
        f"Host, {LANES} orchestrations at a time at one gate: {rate:,.0f} calls a second, 2 operations each."
    )
    return rows, [told]


async def _toll(app: RunningApp, prepared: Prepared, calls: int) -> None:
    if calls >= TOLLS:
        await app.drive(prepared, calls // TOLLS, LANES)
    if rest := calls % TOLLS:
        start = replace(prepared.start, plan=prepared.start.plan[:rest])
        await app.run(Prepared(orchestrator=prepared.orchestrator, start=start))


async def _one_by_one(app: RunningApp, prepared: Prepared, rounds: int) -> tuple[float, float, float]:
    """Seconds, CPU seconds and events a call."""
    taken, used, run = [], [], ""
    for _ in range(rounds):
        began, busy = time.perf_counter(), time.process_time()
        run = (await app.run(prepared)).run
        taken.append((time.perf_counter() - began) / TOLLS)
        used.append((time.process_time() - busy) / TOLLS)
    return median(taken), median(used), (await left(app, run)).events / TOLLS


async def _state_bytes(app: RunningApp) -> int:
    found = await app.host.host.hub.entity("deployment", "fast")
    assert found is not None
    return len(found.state_json or "")

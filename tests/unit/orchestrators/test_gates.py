"""How a run passes its gates, which are the app's own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.breakers import BreakerRules, Verdict
from dirigent.domain.crowds import unpacked
from dirigent.domain.gates import Settlement, Start, account_gate, deployment_gate
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.passages import Level, Passage, micros
from dirigent.domain.pendings import Call
from dirigent.domain.runs import StartRun, Substitute
from dirigent.domain.waves import Wait, Wave
from dirigent.domain.windows import Limits
from orchestrators.gates import PAUSES, SILENT, admitted, permitted, settle
from orchestrators.hearing import now

Rehearse = Callable[..., Any]
NEVER_MIND = 2**62
ONE_A_MINUTE = Limits(burst=None, minute=1, hour=None, day=None)
MODEL = Substitute(agent="writer", home="gpt", deployment="mini", timeout=30)


def used_up(context: Any, user: str | None = None) -> None:
    """Somebody has just started a run on the account."""
    order = codec.encode(Start(account="a", user=user, patience=NEVER_MIND))
    context.operate(account_gate("a"), "admit", order)


def tripped(context: Any, deployment: str, failures: int = 5) -> None:
    """The deployment has just failed so often."""
    verdicts = (Verdict.ILL,) * failures
    settlement = Settlement(deployment=deployment, round=0, until=0, verdicts=verdicts)
    context.operate(deployment_gate(deployment), "settle", codec.encode(settlement))


def waved(context: Any, start: StartRun, seconds: float = 3600) -> Wave:
    calls = tuple(Call(step=step) for step in start.plan)
    return Wave.of(start, calls, now(context) + timedelta(seconds=seconds), now=now(context))


def wide(start: StartRun, *deployments: str) -> StartRun:
    """The run with a step for each."""
    [step, *_] = start.plan
    plan = tuple(
        replace(step, name=str(place), deployments=(name,)) for place, name in enumerate(deployments)
    )
    return replace(start, plan=plan)


def test_a_run_from_before_the_gates_passes_none(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    wave = waved(context, start)

    assert context.play(admitted(context, start)) is None
    assert context.play(permitted(context, wave)) == wave
    settle(context, wave, {0: Done(), 1: Done()})
    assert (context.asked, context.signals, context.timers) == ([], [], [])


def test_is_admitted_by_one_question(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    patience = micros(now(context) + timedelta(seconds=120))

    assert context.play(admitted(context, guarded)) == Passage(level=Level.ACCOUNT, key="a")
    start = codec.encode(Start(account="a", patience=patience))
    assert context.asked == [("account@a", "admit", start)]
    assert (context.timers, context.told) == ([], [])


def test_waits_until_the_account_has_room(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None, starts=ONE_A_MINUTE)
    used_up(context)
    begun: datetime = now(context)
    passage = context.play(admitted(context, guarded))

    waited = (now(context) - begun).total_seconds()
    # A window counts at most a twentieth of itself too long.
    assert 60 <= waited <= 63
    assert (passage.refused, passage.waited) == (1, waited)
    assert context.timers == [now(context)]
    assert context.listed == ["run"]
    [told] = context.told
    [wait] = codec.decode(tuple[Wait, ...], told["waits"])
    assert wait == Wait(
        step=None,
        attempts=0,
        next_try=now(context),
        category=Category.RATE_LIMIT,
        because="the account 'a' has had its only start of any minute",
    )


def test_a_run_that_would_have_to_wait_too_long_is_not_admitted(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(None, starts=ONE_A_MINUTE)
    used_up(context)
    failed = context.play(admitted(context, replace(guarded, max_wait=30.0)))

    assert isinstance(failed, Failed)
    assert failed.failure.category is Category.RATE_LIMIT
    assert failed.failure.retry_after is not None
    assert 60 <= failed.failure.retry_after <= 63
    assert (failed.attempts, context.timers) == (0, [])
    assert failed.passage is not None
    assert (failed.passage.level, failed.passage.refused) == (Level.ACCOUNT, 1)


def test_a_users_starts_are_counted_for_the_user(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    context.play(admitted(context, replace(guarded, user="u")))

    assert context.asked[0][2]["user"] == "u"
    assert list(context.remembered["account@a"]["users"]["known"]) == ["u"]


def test_nobody_is_admitted_where_the_gate_does_not_answer(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    context.remembered["account@a"] = {"seen": "yesterday"}
    begun = now(context)

    assert context.play(admitted(context, guarded)) == Failed(failure=SILENT, attempts=0)
    assert len(context.asked) == len(PAUSES) + 1
    assert now(context) == begun + timedelta(seconds=sum(PAUSES))


def test_asks_each_gate_once_for_a_wave(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None, calls=Limits(burst=None))
    wave = waved(context, wide(guarded, *["gpt", "mini"] * 25))
    after = context.play(permitted(context, wave))

    assert [(gate, operation) for gate, operation, _ in context.asked] == [
        ("deployment@gpt", "permit"),
        ("deployment@mini", "permit"),
    ]
    assert len(after.orders(now(context))) == 50


def test_asks_several_gates_at_the_same_time(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    yielded = next(permitted(context, waved(context, wide(guarded, "gpt", "mini"))))

    assert [task.gate.key for task in yielded.parts] == ["gpt", "mini"]


def test_settles_with_each_gate_once_for_a_wave(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None, calls=Limits(burst=None))
    wave = waved(context, wide(guarded, *["gpt", "mini"] * 25))
    after = context.play(permitted(context, wave))
    settle(context, after, dict.fromkeys(range(50), Done()))

    assert [(gate, operation) for gate, operation, _ in context.signals] == [
        ("deployment@gpt", "settle"),
        ("deployment@mini", "settle"),
    ]
    assert [len(message["verdicts"]) for _, _, message in context.signals] == [25, 25]


def test_gates_of_odd_names_are_found(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    context.play(permitted(context, waved(context, wide(guarded, "gpt 4/ü"))))

    [(gate, _, _)] = context.asked
    assert gate == f"deployment@{deployment_gate('gpt 4/ü').key}"
    assert "/" not in gate


def test_a_gate_that_does_not_answer_stops_its_calls_alone(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    context.remembered["deployment@gpt"] = {"seen": "yesterday"}
    after = context.play(permitted(context, waved(context, wide(guarded, "gpt", "mini"))))

    assert list(after.orders(now(context))) == [1]
    assert after.pending[0].failure == SILENT
    assert after.pending[0].due > now(context)


def test_asks_the_second_gate_in_the_same_breath(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    tripped(context, "gpt")
    one = wide(guarded, "gpt")
    start = replace(one, plan=(replace(one.plan[0], fallback=MODEL),))
    after = context.play(permitted(context, waved(context, start)))

    assert [gate for gate, _, _ in context.asked] == ["deployment@gpt", "deployment@mini"]
    assert after.pending[0].permit.deployment == "mini"
    assert (context.timers, context.signals) == ([], [])


def test_gives_back_what_the_second_gate_refused(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    tripped(context, "gpt")
    tripped(context, "mini")
    one = wide(guarded, "gpt")
    start = replace(one, plan=(replace(one.plan[0], fallback=MODEL),))
    after = context.play(permitted(context, waved(context, start)))

    assert [(gate, operation) for gate, operation, _ in context.signals] == [("deployment@gpt", "give_back")]
    known = context.remembered["deployment@gpt"]["agents"]["known"]
    assert not any(marks for _, marks in unpacked(known["writer"]).marks())
    assert (after.orders(now(context)), after.unused) == ({}, ())


def test_a_half_open_circuit_lets_its_trials_through_and_nobody_else(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    rules = BreakerRules(failures=1, cool_down=10, trials=2)
    context = rehearse(None, breakers={"gpt": rules})
    tripped(context, "gpt", 1)
    context.current_utc_datetime += timedelta(seconds=10)
    after = context.play(permitted(context, waved(context, wide(guarded, *["gpt"] * 10))))

    assert list(after.orders(now(context))) == [0, 1]


@pytest.mark.parametrize("category", [Category.PERMANENT, Category.AUTHENTICATION])
def test_a_fault_of_our_own_does_not_open_the_circuit(
    guarded: StartRun, rehearse: Rehearse, category: Category
) -> None:
    context = rehearse(None, breakers={"gpt": BreakerRules(failures=1)})
    wave = context.play(permitted(context, waved(context, wide(guarded, "gpt"))))
    ours = Failed(failure=Failure(category=category, message="oh"), is_theirs=True)
    settle(context, wave, {0: ours})

    again = context.play(permitted(context, waved(context, wide(guarded, "gpt"))))
    assert len(again.orders(now(context))) == 1


def test_no_trial_is_lent_to_a_call_for_which_another_leaves_no_room(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    rules = BreakerRules(failures=1, cool_down=10)
    context = rehearse(None, breakers={"gpt": rules}, calls=ONE_A_MINUTE)
    tripped(context, "gpt", 1)
    context.current_utc_datetime += timedelta(seconds=10)
    two = wide(guarded, "gpt", "gpt")
    start = replace(two, plan=tuple(replace(step, fallback=MODEL) for step in two.plan))
    no = Failed(failure=Failure(category=Category.PERMANENT, message="no"))
    # The first has gone over to the other model, which is counted with the second.
    wave = waved(context, start).hear({0: no}, now(context))
    after = context.play(permitted(context, wave))

    assert list(after.orders(now(context))) == [0]
    assert "trials" not in context.remembered["deployment@gpt"]["circuit"]

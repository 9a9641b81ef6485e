"""Waiting for all to see."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.breakers import Verdict
from dirigent.domain.gates import Settlement, Start, account_gate, deployment_gate
from dirigent.domain.outcomes import Category, Done, Missing
from dirigent.domain.passages import Level, Passage
from dirigent.domain.patterns import Abreast
from dirigent.domain.pendings import Call
from dirigent.domain.runs import StartRun
from dirigent.domain.waves import Wait
from dirigent.domain.windows import Limits
from dirigent.ports.orchestration import Steps
from orchestrators.asking import asking
from orchestrators.gates import admitted
from orchestrators.hearing import now
from orchestrators.waiting import TRIES, listed, tell, waiting

Rehearse = Callable[..., Any]
REFUSED = Passage(level=Level.ACCOUNT, key="a", refused=1)


def abreast(context: Any, start: StartRun, calls: tuple[Call, ...], deadline: datetime, *more: Any) -> Steps:
    """The outcomes of calls that go out together."""
    pattern = yield from asking(context, start, Abreast(ready=calls), deadline, *more)
    return pattern.outcomes


def test_says_what_it_waits_for_before_it_waits(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(None)
    due = now(context) + timedelta(seconds=5)
    wait = Wait(step=None, attempts=0, next_try=due, category=Category.RATE_LIMIT, because="full")
    context.play(waiting(context, due, (wait,)))

    assert (context.timers, context.told) == ([due], [{"waits": codec.encode((wait,))}])


def test_a_record_that_cannot_be_opened_keeps_nobody_from_waiting(
    start: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(None)
    context.broken_listings = TRIES

    assert context.play(listed(context, start)) is False


def test_a_record_is_not_given_up_for_one_bad_moment_of_the_store(
    start: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(None)
    context.broken_listings = TRIES - 1

    assert context.play(listed(context, start)) is True
    assert context.listed == ["run"]


def kept_out(guarded: StartRun, rehearse: Rehearse, *, opens: bool, admission: Passage | None = None) -> Any:
    """The context of a run whose first call finds the circuit open."""
    context = rehearse(lambda *_: Done())
    ill = Settlement(deployment="gpt", round=0, until=0, verdicts=(Verdict.ILL,) * 5)
    context.operate(deployment_gate("gpt"), "settle", codec.encode(ill))
    step = replace(guarded.plan[0], deployments=("gpt",))
    late = now(context) + timedelta(hours=1)
    context.play(abreast(context, guarded, (Call(step=step, opens=opens),), late, admission))
    return context


def test_a_run_whose_first_call_waits_is_listed_meanwhile(guarded: StartRun, rehearse: Rehearse) -> None:
    context = kept_out(guarded, rehearse, opens=True)

    assert (context.listed, len(context.timers) >= 1) == (["run"], True)


def test_a_run_that_waited_before_is_listed_already(guarded: StartRun, rehearse: Rehearse) -> None:
    assert kept_out(guarded, rehearse, opens=True, admission=REFUSED).listed == []


def test_only_a_runs_first_call_lists_it(guarded: StartRun, rehearse: Rehearse) -> None:
    assert kept_out(guarded, rehearse, opens=False).listed == []


def test_a_record_that_could_not_be_opened_is_opened_at_the_next_wait(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(None, starts=Limits(burst=None, minute=1, hour=None, day=None))
    somebody = codec.encode(Start(account="a", patience=2**62))
    context.operate(account_gate("a"), "admit", somebody)
    context.broken_listings = TRIES
    context.meanwhile = [lambda: context.operate(account_gate("a"), "admit", somebody)]
    context.play(admitted(context, replace(guarded, max_wait=300.0)))

    assert (len(context.timers), context.broken_listings, context.listed) == (2, 0, ["run"])


def test_a_record_that_takes_longer_to_open_than_the_wait_holds_nobody_up(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(lambda *_: Done(), calls=Limits(burst=None, minute=1, hour=None, day=None))
    context.listing_seconds = 300.0
    first, second = (Call(step=step, opens=True) for step in guarded.plan)
    deadline = now(context) + timedelta(hours=1)
    context.play(abreast(context, guarded, (first,), deadline))

    assert context.play(abreast(context, guarded, (second,), deadline)) == (Done(),)
    assert context.listed == ["run"]


def test_tells_no_more_than_durable_takes(rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())
    lost = tuple(
        Missing(
            branch=f"regional-correspondent-{place}",
            category=Category.PERMANENT,
            because="\u6f6e" * 300,
            since=context.now(),
        )
        for place in range(30)
    )
    wait = Wait(step="one", attempts=1, next_try=context.now(), category=Category.TRANSIENT, because="busy")
    tell(context, (wait,), lost)

    [told] = context.told
    assert 2 * len(json.dumps(told)) < 16_000
    assert told["waits"] == codec.encode((wait,))
    assert told["missing"][-1]["branch"] == "regional-correspondent-29"

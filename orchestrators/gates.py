"""The gates that a run passes: its account's before it begins, a deployment's before each of its calls."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dirigent import codec
from dirigent.domain.gates import Answer, Entry, Gate, Start, account_gate, deployment_gate, failure_of
from dirigent.domain.outcomes import Category, Failed, Failure, Outcome
from dirigent.domain.passages import Level, micros
from dirigent.domain.queues import Queue
from dirigent.domain.runs import StartRun
from dirigent.domain.waves import Wait, Wave
from dirigent.ports.orchestration import Context, Steps
from orchestrators.hearing import all_done, now, settled
from orchestrators.waiting import listed, waiting

#: Seconds before a start asks again a gate that did not answer; waves pause as they do for any failure.
PAUSES = (1, 2, 4, 8, 16)
#: What is told where a gate's own code fails: nobody goes ahead, and the host's log says why.
SILENT = Failure(category=Category.TRANSIENT, message="a gate did not answer; the app's log says why")


def admitted(context: Context, start: StartRun) -> Steps:
    """How the run was admitted, or the failure of one that was refused for longer than it waits."""
    if start.max_wait is None:
        return None
    queue, begun, is_listed = Queue(), now(context), False
    patience = begun + timedelta(seconds=start.max_wait)
    order = codec.encode(Start(account=start.account, user=start.user, patience=micros(patience)))
    while True:
        entry = yield from _entry(context, start.account, order)
        if entry is None:
            return Failed(failure=SILENT, attempts=0)
        if (refusal := entry.refusal) is None:
            return queue.passage(Level.ACCOUNT, start.account, now(context))
        queue = queue.refuse(refusal, now(context), patience=patience, seed=start.run)
        failure = failure_of(refusal, now(context))
        if queue.due is None:
            passage = queue.passage(Level.ACCOUNT, start.account, now(context))
            return Failed(failure=failure, attempts=0, passage=passage)
        is_listed = is_listed or (yield from listed(context, start))
        wait = Wait(
            step=None, attempts=0, next_try=queue.due, category=failure.category, because=failure.message
        )
        yield from waiting(context, queue.due, (wait,))


def _entry(context: Context, account: str, order: Any) -> Steps:
    """What the account's gate says; None when it did not answer however often it was asked."""
    for pause in (*PAUSES, None):
        entry, error = yield from settled(context.call_entity(account_gate(account), "admit", order))
        if error is None:
            return codec.decode(Entry, entry)
        if pause is not None:
            yield context.create_timer(now(context) + timedelta(seconds=pause))
    return None


def permitted(context: Context, wave: Wave) -> Steps:
    """The wave, when every call that is due now has its permit, or waits, or is given up."""
    # Those that are refused meanwhile are due later: nobody's permit is to age while others come back.
    at = now(context)
    while inquiries := wave.inquiries(at):
        tasks = {
            place: context.call_entity(
                deployment_gate(inquiry.deployment), "permit", codec.encode(inquiry.ask)
            )
            for place, inquiry in enumerate(inquiries)
        }
        yield from all_done(context, tasks)
        for place, inquiry in enumerate(inquiries):
            answer, error = yield from settled(tasks[place])
            if error is None:
                wave = wave.told(inquiry, codec.decode(Answer, answer), now(context))
            else:
                wave = wave.unanswered(inquiry, SILENT, now(context))
        for deployment, back in wave.give_backs():
            _signal(context, deployment_gate(deployment), "give_back", back)
        wave = wave.given_back()
    return wave


def settle(context: Context, wave: Wave, heard: Mapping[int, Outcome]) -> None:
    """Tell the gates how the calls they permitted ended."""
    for deployment, settlement in wave.settlements(heard):
        _signal(context, deployment_gate(deployment), "settle", settlement)


def _signal(context: Context, gate: Gate, operation: str, message: Any) -> None:
    context.signal_entity(gate, operation, codec.encode(message))

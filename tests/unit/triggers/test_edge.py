"""Turning starts away."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.account_gate import AccountRules
from dirigent.domain.windows import Limits
from triggers.edge import Edge
from triggers.gatehouse import DurableGates
from triggers.identity import Caller
from triggers.problems import Refused


def check(bench: Any, rules: AccountRules | None = None, *, user: str | None = None) -> None:
    """Come to the edge, where the account's rules are these."""
    catalogue = bench.catalogue if rules is None else replace(bench.catalogue, accounts={"default": rules})
    edge = Edge(bench.clock, catalogue)
    asyncio.run(edge.check(Caller(account="default", user=user), DurableGates(bench.client)))


def refused(bench: Any, rules: AccountRules | None = None, *, user: str | None = None) -> Refused:
    """The same, and be refused."""
    with pytest.raises(Refused) as caught:
        check(bench, rules, user=user)
    return caught.value


def test_lets_whoever_may_start_pass_and_counts_nothing(bench: Any) -> None:
    bench.exhaust(starts=9)
    before = dict(bench.client.entities)
    check(bench)
    check(bench)

    assert (bench.client.entities, bench.client.signals) == (before, [])


def test_tells_who_refuses_until_when_and_what_is_left(bench: Any) -> None:
    bench.exhaust()
    refusal = refused(bench)

    assert refusal.status == 429
    assert refusal.sentence == (
        "The account 'default' has had all its 10 starts of any second. Come back in 1.05 seconds."
    )
    assert refusal.headers == {"Retry-After": "2"}
    assert refusal.members == {
        "allowed": False,
        "retry_after": 1.05,
        "level": "account",
        "key": "default",
        "window": "burst",
        "limit": 10,
        "left": {"account": {"burst": 0, "minute": 50, "hour": 990, "day": 9990}},
    }


def test_lets_whoever_comes_back_when_told_pass(bench: Any) -> None:
    bench.exhaust()
    told: Any = refused(bench).members["retry_after"]
    bench.clock.time += timedelta(seconds=told - 0.001)
    early = refused(bench)
    bench.clock.time += timedelta(seconds=0.001)
    check(bench)

    assert early.headers == {"Retry-After": "1"}


def test_names_the_one_who_refuses_longest(bench: Any) -> None:
    bench.exhaust("ann")
    rules = AccountRules(users=Limits(minute=10, day=None))
    refusal = refused(bench, rules, user="ann")

    assert (refusal.members["level"], refusal.members["key"], refusal.members["window"]) == (
        "user",
        "ann",
        "minute",
    )
    assert refusal.members["left"] == {
        "account": {"burst": 0, "minute": 50, "hour": 990, "day": 9990},
        "user": {"burst": 0, "minute": 0, "hour": 990, "day": None},
    }


def test_does_not_hold_one_users_starts_against_another(bench: Any) -> None:
    bench.exhaust("ann", starts=5)
    rules = AccountRules(users=Limits(burst=5))
    check(bench, rules, user="ben")

    assert refused(bench, rules, user="ann").members["level"] == "user"


def test_names_no_time_to_come_back_where_nobody_may_ever(bench: Any) -> None:
    refusal = refused(bench, AccountRules(limits=Limits(day=0)))

    assert (refusal.status, refusal.headers, refusal.members["retry_after"]) == (429, {}, None)
    assert refusal.sentence == "The account 'default' has had all its 0 starts of any day."

"""The gate of an account, as the host calls it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.gates import Entry, Start
from dirigent.domain.passages import Level
from dirigent.domain.windows import NEVER, Limits
from entities.account import account

START = Start(account="shop", user="ann", patience=NEVER)


def declared(burst: int, *, users: int = 10, name: str = "shop") -> Catalogue:
    rules = AccountRules(limits=Limits(burst=burst), users=Limits(burst=users))
    return Catalogue(models={}, agents={}, workflows={}, accounts={name: rules})


@pytest.fixture
def desk(stage: Callable[[object], Any]) -> Any:
    desk = stage(account)
    desk.catalogue = declared(2)
    return desk


def admit(desk: Any, start: Start = START) -> Entry:
    return codec.decode(Entry, desk.ask("admit", start))


def test_admits_until_the_account_has_had_all_its_starts(desk: Any) -> None:
    entries = [admit(desk) for _ in range(3)]

    assert [entry.refusal is None for entry in entries] == [True, True, False]
    assert entries[2].refusal is not None
    assert (entries[2].refusal.level, entries[2].refusal.key) == (Level.ACCOUNT, "shop")


def test_keeps_to_what_is_declared_for_the_users(desk: Any) -> None:
    desk.catalogue = declared(10, users=1)
    admit(desk)
    refusal = admit(desk).refusal

    assert refusal is not None
    assert (refusal.level, refusal.key) == (Level.USER, "ann")


def test_an_account_that_is_not_declared_keeps_to_the_default(desk: Any) -> None:
    desk.catalogue = declared(1, name="default")
    admit(desk)

    assert admit(desk).refusal is not None


def test_other_limits_hold_at_once_and_no_start_is_forgotten(desk: Any) -> None:
    admit(desk)
    admit(desk)
    desk.catalogue = declared(3)
    entries = [admit(desk), admit(desk)]
    desk.catalogue = declared(1)

    assert [entry.refusal is None for entry in entries] == [True, False]
    refusal = admit(desk).refusal
    assert refusal is not None
    assert refusal.limit == 1


def test_its_stamps_never_go_back_when_the_clock_does(desk: Any, clock: Any) -> None:
    first = admit(desk)
    clock.time -= timedelta(minutes=10)
    second = admit(desk)
    clock.time += timedelta(minutes=20)

    assert second.at == first.at
    assert admit(desk).at == first.at + 600_000_000


def test_a_malformed_start_fails_says_why_and_counts_nothing(desk: Any) -> None:
    admit(desk)
    before = desk.remembered

    assert "account" in desk.fail("admit", {"user": "ann"})
    assert "patience" in desk.fail("admit", {"account": "shop", "patience": "long"})
    assert desk.remembered == before


def test_an_unknown_operation_fails_and_says_which_there_are(desk: Any) -> None:
    assert desk.fail("reset", {}) == "There is no operation 'reset': admit."


def test_in_a_batch_each_start_has_its_own_answer(desk: Any) -> None:
    results = desk.batch(*[("admit", START)] * 3)

    assert [("refusal" in result["result"]) for result in results] == [False, False, True]


def test_a_name_of_any_letters_is_remembered(desk: Any) -> None:
    start = Start(account="shop", user="東京 \ud800", patience=NEVER)
    admit(desk, start)

    assert list(desk.remembered["users"]["known"]) == ["東京 \ud800"]
    assert admit(desk, start).refusal is None

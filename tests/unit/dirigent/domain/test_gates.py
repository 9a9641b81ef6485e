"""Addresses of gates, and what calls and refusals come to there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.breakers import Verdict
from dirigent.domain.gates import Gate, account_gate, deployment_gate, failure_of, verdict_on
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.passages import EPOCH, Level, Refusal, Why, instant

PLAIN = ("default", "gpt-4o-mini", "a", "text.v2_final", "x" * 60, "0", "-", "a..b")
ODD = (
    "",
    ".",
    "..",
    ".hidden",
    "@",
    "a@b",
    "a/b",
    "a\\b",
    "a?b#c",
    "a b",
    "a~b",
    "line\n",
    "Zoë",
    "東京",
    "🦉",
    "\ud800",
    "\udfff",
    "\x00",
    "x" * 61,
    "x" * 300,
    "x" * 299 + "y",
    "@" * 300,
    "é" * 300,
)
ALLOWED = re.compile(r"[A-Za-z0-9._~-]{1,80}")
NAMES = st.text(st.characters(), max_size=300) | st.text("ab.~@/-_é\ud800", max_size=5)


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_name_is_its_key(name: str) -> None:
    assert account_gate(name) == Gate(name="account", key=name)
    assert deployment_gate(name) == Gate(name="deployment", key=name)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_has_a_key_that_every_host_takes(name: str) -> None:
    key = account_gate(name).key

    assert ALLOWED.fullmatch(key)
    # Addresses take them for steps.
    assert key not in (".", "..", name)


def test_what_is_legible_of_an_odd_name_stays_legible() -> None:
    assert account_gate("ann@example.org").key.startswith("ann-example.org~")


def test_different_names_have_different_keys() -> None:
    names = {*PLAIN, *ODD, *(account_gate(name).key for name in ODD)}

    assert len({account_gate(name).key for name in names}) == len(names)


@given(st.lists(NAMES, unique=True, max_size=8))
def test_any_names_have_keys_that_hosts_take_and_none_shares(names: list[str]) -> None:
    keys = [deployment_gate(name).key for name in names]

    assert all(ALLOWED.fullmatch(key) for key in keys)
    assert len(set(keys)) == len(names)


def refusal(why: str, come_back_at: int | None = None) -> Refusal:
    return Refusal(level=Level.DEPLOYMENT, key="gpt", why=why, limit=3, come_back_at=come_back_at)


@pytest.mark.parametrize(
    ("why", "category"),
    [
        (Why.OPEN, Category.TRANSIENT),
        (Why.HALF_OPEN, Category.TRANSIENT),
        (Why.PAUSED, Category.RATE_LIMIT),
        ("minute", Category.RATE_LIMIT),
    ],
)
def test_a_circuit_fails_for_now_and_a_window_limits(why: str, category: Category) -> None:
    failure = failure_of(refusal(why), EPOCH)

    assert failure == Failure(category=category, message=refusal(why).sentence)


@pytest.mark.parametrize(("now", "left"), [(0, 2.5), (2_499_600, 0.0), (2_500_000, 0.0), (9_000_000, 0.0)])
def test_a_failure_says_how_many_seconds_are_left(now: int, left: float) -> None:
    failure = failure_of(refusal("minute", 2_500_000), instant(now))

    assert failure.retry_after == left


def failed(category: Category, *, is_theirs: bool = True, retry_after: float | None = None) -> Failed:
    failure = Failure(category=category, message="it failed", retry_after=retry_after)
    return Failed(failure=failure, is_theirs=is_theirs)


#: Whatever is not written here is silent.
ILL = {
    (Category.TRANSIENT, True, None),
    (Category.TRANSIENT, True, 0.0),
    (Category.TRANSIENT, True, 7.0),
    (Category.TIMEOUT, True, None),
    (Category.TIMEOUT, True, 0.0),
    (Category.TIMEOUT, True, 7.0),
    (Category.RATE_LIMIT, True, None),
}


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("is_theirs", [True, False])
@pytest.mark.parametrize("retry_after", [None, 0.0, 7.0])
def test_only_what_speaks_of_health_counts_against_it(
    category: Category, is_theirs: bool, retry_after: float | None
) -> None:
    verdict = verdict_on(failed(category, is_theirs=is_theirs, retry_after=retry_after))

    is_ill = (category, is_theirs, retry_after) in ILL
    assert verdict is (Verdict.ILL if is_ill else Verdict.SILENT)


@pytest.mark.parametrize("outcome", [Done(), Done(is_degraded=True)])
def test_an_answer_speaks_for_it(outcome: Outcome) -> None:
    assert verdict_on(outcome) is Verdict.WELL


def test_an_answer_that_was_on_record_says_nothing_for_nobody_was_called() -> None:
    assert verdict_on(Done(is_repeated=True)) is Verdict.SILENT

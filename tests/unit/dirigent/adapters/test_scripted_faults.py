"""Which call meets which fault of a script, and what the fault looks like from outside."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dirigent.adapters.model_script import Fault, Rule, Script
from dirigent.adapters.scripted_faults import ScriptedFaults, garbage, refusal, silence
from dirigent.domain.outcomes import Category
from dirigent.ports.model import Request


def request(agent: str = "scout", deployment: str = "large", prompt: str = "Go.") -> Request:
    return Request(
        deployment=deployment, agent=agent, instructions="", prompt=prompt, temperature=0.7, token_limit=9
    )


def met(rules: tuple[Rule, ...], *requests: Request) -> list[Fault | None]:
    faults = ScriptedFaults(Script(faults=rules))
    return [faults.next_for(request) for request in requests]


def test_without_end_unless_told() -> None:
    assert met((Rule(fault="garbage"),), *[request()] * 3) == ["garbage"] * 3


def test_lets_calls_through_first_and_stops_after_its_times() -> None:
    rule = Rule(fault="garbage", after=2, times=1)

    assert met((rule,), *[request()] * 4) == [None, None, "garbage", None]


def test_rules_take_over_one_from_another() -> None:
    rules = (Rule(fault="garbage", times=2), Rule(fault="timeout", after=1, times=1))

    assert met(rules, *[request()] * 5) == ["garbage", "garbage", None, "timeout", None]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(fault="garbage", agent="other"),
        Rule(fault="garbage", deployment="other"),
        Rule(fault="garbage", contains="coffee"),
        Rule(fault="garbage", agent="scout", contains="coffee"),
    ],
)
def test_meets_only_the_calls_it_is_meant_for(rule: Rule) -> None:
    meant = request(rule.agent or "scout", rule.deployment or "large", "On coffee.")

    assert met((rule,), request(prompt="On tea."), meant) == [None, "garbage"]


def test_counts_only_the_calls_it_is_meant_for() -> None:
    rule = Rule(fault="garbage", agent="scout", after=1)

    assert met((rule,), request("other"), request(), request("other"), request()) == [
        None,
        None,
        None,
        "garbage",
    ]


def test_counts_right_from_many_threads() -> None:
    faults = ScriptedFaults(Script(faults=(Rule(fault="garbage", after=100, times=50),)))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: faults.next_for(request()), range(400)))

    assert found.count("garbage") == 50


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (400, Category.PERMANENT),
        (401, Category.AUTHENTICATION),
        (403, Category.AUTHENTICATION),
        (404, Category.PERMANENT),
        (408, Category.TIMEOUT),
        (429, Category.RATE_LIMIT),
        (500, Category.TRANSIENT),
        (503, Category.TRANSIENT),
    ],
)
def test_a_status_has_its_category_and_a_sentence(status: int, category: Category) -> None:
    failure = refusal(status, 7.0, "large")

    assert failure.category is category
    assert failure.retry_after == 7.0
    assert f"'large' answered {status} (scripted)" in failure.message


def test_garbage_may_be_asked_again_and_silence_is_a_timeout() -> None:
    assert garbage("large").category is Category.TRANSIENT
    assert silence("large").category is Category.TIMEOUT

"""Which call is met by which rule of a script."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dirigent.adapters.model_script import Dictated, Fault, Rule
from dirigent.adapters.scripted_rules import ScriptedRules
from dirigent.ports.model import Request


def request(agent: str = "scout", deployment: str = "large", prompt: str = "Go.") -> Request:
    return Request(
        deployment=deployment, agent=agent, instructions="", prompt=prompt, temperature=0.7, token_limit=9
    )


def met(rules: tuple[Rule, ...], *requests: Request) -> list[Fault | None]:
    scripted = ScriptedRules(rules)
    return [rule.fault if (rule := scripted.next_for(request)) else None for request in requests]


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
    rules = ScriptedRules((Rule(fault="garbage", after=100, times=50),))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: rules.next_for(request()), range(400)))

    assert found.count(None) == 350


def test_answers_are_dictated_by_the_same_rules() -> None:
    rules = ScriptedRules((Dictated(answer="no", agent="scout", times=1), Dictated(answer={"is": "yes"})))

    met = [rules.next_for(request(agent)) for agent in ("other", "scout", "scout")]

    assert [rule.answer for rule in met if rule] == [{"is": "yes"}, "no", {"is": "yes"}]

"""What is sent goes where a rule lets it through, and lives as long as everybody lets it."""

from datetime import timedelta
from types import MappingProxyType

import pytest

from devhost.bus.filter_texts import BadFilter
from devhost.bus.messages import Sent
from devhost.bus.places import Place
from devhost.bus.routes import Branch, Route, branch_of
from devhost.bus.topology import Correlation, Rule, Subscription, Terms

RED = Sent(body=b"", subject="s", properties=MappingProxyType({"color": "red", "n": 1}))
SECOND = timedelta(seconds=1)


def place(name: str = "p", life: timedelta | None = None) -> Place:
    return Place(name, "subscription", Terms(time_to_live=life))


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (None, True),
        ([], False),
        (["color = 'red'"], True),
        (["color = 'blue'"], False),
        (["color = 'blue'", "n = 1"], True),
        ([Correlation(system={"Label": "s"}, properties={"color": "red"})], True),
        ([Correlation(system={"Label": "t"}, properties={"color": "red"})], False),
    ],
)
def test_one_rule_is_enough_and_no_rules_are_not_none(
    filters: list[str | Correlation] | None, passes: bool
) -> None:
    rules = None if filters is None else tuple(Rule(name="r", filter=one) for one in filters)
    branch = branch_of(place(), Subscription(rules=rules))

    assert branch.takes(RED) is passes
    assert len(branch.place.rules) == len(filters or ())


def test_goes_to_every_place_whose_branch_takes_it() -> None:
    subscriptions = {"a": None, "b": (), "c": (Rule(name="r", filter="n = 1"),)}
    branches = [branch_of(place(name), Subscription(rules=rules)) for name, rules in subscriptions.items()]

    assert [one.name for one in Route(branches=tuple(branches)).places(RED)] == ["a", "c"]


@pytest.mark.parametrize("bounds", [(3, None, 2), (2, 5, None), (None, 2, 4), (None, None, None)])
def test_the_shortest_life_counts(bounds: tuple[int | None, int | None, int | None]) -> None:
    own, of_topic, of_place = (None if bound is None else bound * SECOND for bound in bounds)
    there = place(life=of_place)
    route = Route(branches=(Branch(place=there),), time_to_live=of_topic)

    assert route.life(Sent(body=b"", time_to_live=own), there) == (2 * SECOND if any(bounds) else None)


def test_a_rule_that_is_no_filter_is_refused() -> None:
    with pytest.raises(BadFilter):
        branch_of(place(), Subscription(rules=(Rule(name="r", filter="n ="),)))

"""Every function that the bus sets off has its place, or a reason why it has none."""

from typing import Any

import pytest

from devhost.bus.topology import Correlation, Rule, Subscription, Topic, Topology
from devhost.functions.catalog import SERVICE_BUS, TIMER, Binding, Catalog, Function
from devhost.triggers.bus_plan import BusPlan, planned


def function(name: str, kind: str = SERVICE_BUS, **attributes: Any) -> Function:
    binding = Binding(type=kind, name="message", attributes=attributes)
    return Function(
        name=name,
        trigger=binding,
        bindings=(binding,),
        call=print,
        is_async=False,
        directory="",
        wants_context=False,
    )


def plan(*functions: Function, declared: Topology | None = None) -> BusPlan:
    return planned(Catalog(functions), declared or Topology())


def test_makes_the_places_that_triggers_name() -> None:
    made = plan(
        function("one", queueName="Orders"),
        function("two", topicName="Events", subscriptionName="Audit"),
        function("three", topicName="events", subscriptionName="billing", filter="type = 'Paid'"),
        function("nightly", TIMER, schedule="0 * * * * *"),
    )

    assert dict(made.places) == {
        "one": "orders",
        "two": "events/subscriptions/audit",
        "three": "events/subscriptions/billing",
    }
    assert list(made.topology.queues) == ["orders"]
    audit, billing = made.topology.topics["events"].subscriptions.values()
    assert audit.rules is None
    assert billing.rules == (Rule(name="filter", filter="type = 'Paid'"),)
    assert made.dropped == ()


def test_a_dead_letter_queue_is_that_of_its_place_and_has_no_filter() -> None:
    made = plan(
        function("dead", topicName="events", subscriptionName="audit/$DeadLetterQueue", filter="type = 'x'"),
        function("alive", topicName="events", subscriptionName="audit"),
        function("queue", queueName="orders/$DeadLetterQueue"),
    )

    assert dict(made.places) == {
        "dead": "events/subscriptions/audit/$deadletterqueue",
        "alive": "events/subscriptions/audit",
        "queue": "orders/$deadletterqueue",
    }
    assert made.topology.topics["events"].subscriptions["audit"].rules is None


def test_a_declared_subscription_keeps_its_rules() -> None:
    declared = Subscription(declared=True, rules=(Rule(name="all", filter="1=1"),))
    topology = Topology(topics={"events": Topic(subscriptions={"audit": declared})})

    made = plan(
        function("one", topicName="events", subscriptionName="audit", filter="type = 'x'"), declared=topology
    )

    assert made.topology.topics["events"].subscriptions["audit"] == declared


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"queueName": "q", "isSessionsEnabled": True}, "it asks for sessions"),
        ({"queueName": "q", "autoCompleteMessages": False}, "nobody completes its messages"),
        ({"queueName": ""}, "'' is no name of a queue, topic or subscription"),
        ({"topicName": "t", "subscriptionName": "s", "filter": "LIKE"}, "The filter 'LIKE' cannot be read"),
        ({"topicName": "taken", "subscriptionName": "s"}, "'taken' is a queue already"),
    ],
)
def test_leaves_a_function_out_with_the_reason(attributes: dict[str, Any], reason: str) -> None:
    made = plan(function("first", queueName="taken"), function("odd", SERVICE_BUS, **attributes))

    assert list(made.places) == ["first"]
    [dropped] = made.dropped
    assert dropped.name == "odd"
    assert dropped.reason.startswith(reason)
    assert not dropped.reason.endswith(".")


def test_two_functions_may_share_a_subscription_but_not_give_it_two_filters() -> None:
    def audit(name: str, **more: Any) -> Function:
        return function(name, topicName="events", subscriptionName="audit", **more)

    made = plan(
        audit("one", filter="a = 1"),
        audit("two"),
        audit("three", filter="a = 1"),
        audit("four", filter="a = 2"),
    )

    assert list(made.places) == ["one", "two", "three"]
    assert "is given another filter by another trigger" in made.dropped[0].reason


def test_tells_a_place_in_words() -> None:
    correlation = Correlation(system={"Label": "Paid"})
    ruled = Subscription(rules=(Rule(name="a", filter="b = 1"), Rule(name="c", filter=correlation)))
    made = BusPlan(topology=Topology(topics={"t": Topic(subscriptions={"s": ruled})}))

    assert made.told("q") == "queue 'q'"
    assert made.told("q/$deadletterqueue") == "dead letters of the queue 'q'"
    assert made.told("t/subscriptions/s") == "subscription 's' of the topic 't', b = 1 or sys.Label = 'Paid'"
    dead = made.told("t/subscriptions/s/$deadletterqueue")
    assert dead == "dead letters of the subscription 's' of the topic 't'"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"Bus": "Endpoint=sb://house.example/"}, "Bus"),
        ({"BUS__fullyqualifiednamespace": "house.example"}, "BUS__fullyqualifiednamespace"),
    ],
)
def test_warns_of_a_connection_that_leads_elsewhere(environ: dict[str, str], named: str) -> None:
    one = function("one", queueName="a", connection="Bus")
    two = function("two", queueName="b", connection="Bus")
    made = planned(Catalog((one, two)), Topology(), environ)

    (warning,) = made.warnings
    assert warning.startswith(
        f"The connection 'Bus' is set ({named}), but this host's triggers listen to its"
    )
    assert "is not heard here" in warning
    assert "house" not in warning


@pytest.mark.parametrize(
    "environ",
    [{}, {"Bus": " "}, {"Bus__clientId": "a"}, {"Other": "Endpoint=sb://house.example/"}, {"": "a"}],
)
def test_a_connection_that_is_not_set_leads_nowhere(environ: dict[str, str]) -> None:
    functions = (function("one", queueName="a", connection="Bus"), function("two", queueName="b"))

    assert planned(Catalog(functions), Topology(), environ).warnings == ()

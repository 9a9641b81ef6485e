"""A bus has what triggers name, and what a file declares goes before it."""

import pytest

from devhost.bus.topology import BadTopology, Queue, Rule, Subscription, Topic, Topology, place_of


def test_a_queue_that_is_named_is_there_with_its_dead_letters() -> None:
    topology = Topology().with_queue("Orders/$DeadLetterQueue").with_queue("orders").with_queue("a/b")

    assert topology.queues == {"orders": Queue(), "a/b": Queue()}


def test_a_queue_that_is_declared_stays_as_it_is() -> None:
    declared = Queue(max_delivery_count=7)

    assert Topology(queues={"q": declared}).with_queue("Q").queues == {"q": declared}


def test_a_subscription_that_is_named_brings_its_topic() -> None:
    topology = Topology().with_subscription("News", "All").with_subscription("news", "all/$DeadLetterQueue")

    assert topology.topics == {"news": Topic(subscriptions={"all": Subscription()})}


@pytest.mark.parametrize("filters", [["n = 1", None], [None, "n = 1"], ["n = 1", "n = 1"]])
def test_the_filter_of_a_trigger_is_the_one_rule(filters: list[str | None]) -> None:
    topology = Topology()
    for sql in filters:
        topology = topology.with_subscription("t", "s", sql)

    assert topology.topics["t"].subscriptions["s"].rules == (Rule(name="filter", filter="n = 1"),)


def test_a_declared_subscription_keeps_its_rules() -> None:
    declared = Subscription(rules=(), declared=True)
    topology = Topology(topics={"t": Topic(subscriptions={"s": declared})})

    assert topology.with_subscription("t", "s", "n = 1") == topology


def test_two_triggers_with_two_filters_are_refused() -> None:
    topology = Topology().with_subscription("t", "s", "n = 1")
    with pytest.raises(BadTopology, match="another filter by another trigger") as refused:
        topology.with_subscription("t", "s", "n = 2")

    assert refused.value.name == "t/subscriptions/s"


def test_a_name_is_a_queue_or_a_topic() -> None:
    with pytest.raises(BadTopology, match="is a queue already"):
        Topology().with_queue("a").with_subscription("A", "s")
    with pytest.raises(BadTopology, match="is a topic already"):
        Topology().with_subscription("a", "s").with_queue("A")


@pytest.mark.parametrize("name", ["", "/q", "q/", "q/$other", "t/subscriptions/s", "$deadletterqueue"])
def test_refuses_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(BadTopology, match="is no name"):
        Topology().with_queue(name)
    with pytest.raises(BadTopology, match="is no name"):
        Topology().with_subscription("t", name)
    with pytest.raises(BadTopology, match="is no name"):
        Topology().with_subscription(name, "s")


def test_the_place_of_a_subscription_is_named_after_both() -> None:
    assert place_of("News", "All/$DeadLetterQueue") == "news/subscriptions/all/$deadletterqueue"

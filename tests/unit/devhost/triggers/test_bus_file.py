"""servicebus.json declares queues and topics; what it says wrong is refused by its path."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.bus.topology import Correlation, Queue, Rule, Subscription, Topic, Topology
from devhost.functions.refusals import SettingsRefused
from devhost.triggers.bus_file import declared

Read = Callable[[Any], Topology]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a file with one namespace of these members, or of this text."""

    def reading(content: Any) -> Topology:
        whole = {"UserConfig": {"Namespaces": [content]}}
        text = content if isinstance(content, str) else json.dumps(whole)
        (tmp_path / "servicebus.json").write_text(text, encoding="utf-8")
        return declared(tmp_path)

    return reading


def refused(read: Read, content: Any) -> str:
    with pytest.raises(SettingsRefused) as refusal:
        read(content)
    return str(refusal.value)


def queue(**properties: Any) -> dict[str, Any]:
    return {"Queues": [{"Name": "q", "Properties": properties}]}


def rule(**properties: Any) -> dict[str, Any]:
    rules = [{"Name": "r", "Properties": properties}]
    return {"Topics": [{"Name": "t", "Subscriptions": [{"Name": "s", "Rules": rules}]}]}


def test_an_app_without_the_file_declares_nothing(tmp_path: Path) -> None:
    assert declared(tmp_path) == Topology()


def test_reads_a_queue_with_all_its_properties(read: Read) -> None:
    topology = read(
        {
            "name": "local",
            "queues": [
                {
                    "Name": "Orders",
                    "Properties": {
                        "deadLetteringOnMessageExpiration": False,
                        "DefaultMessageTimeToLive": "P1DT2H",
                        "DuplicateDetectionHistoryTimeWindow": "PT20S",
                        "ForwardDeadLetteredMessagesTo": "",
                        "ForwardTo": "",
                        "LockDuration": "PT1M30.5S",
                        "MaxDeliveryCount": 10,
                        "RequiresDuplicateDetection": True,
                        "RequiresSession": False,
                    },
                }
            ],
        }
    )

    assert topology.queues == {
        "orders": Queue(
            max_delivery_count=10,
            lock_duration=timedelta(seconds=90.5),
            time_to_live=timedelta(hours=26),
            dead_letters_expired=False,
            duplicate_window=timedelta(seconds=20),
        )
    }


def test_what_is_not_said_is_as_this_host_has_it(read: Read) -> None:
    topology = read({"Queues": [{"Name": "q"}], "Topics": [{"Name": "t", "Subscriptions": [{"Name": "s"}]}]})

    assert topology.queues == {"q": Queue()}
    assert topology.topics == {"t": Topic(subscriptions={"s": Subscription(declared=True)})}


def test_dotnets_longest_span_has_no_end(read: Read) -> None:
    endless = "P10675199DT2H48M5.4775807S"

    assert read(queue(DefaultMessageTimeToLive=endless)).queues["q"].time_to_live is None


def test_duplicates_are_detected_for_ten_minutes_unless_it_says_how_long(read: Read) -> None:
    topology = read(queue(RequiresDuplicateDetection=True))

    assert topology.queues["q"].duplicate_window == timedelta(minutes=10)


def test_reads_the_rules_of_subscriptions(read: Read) -> None:
    correlation = {"ContentType": "text/plain", "Label": "Paid", "Properties": {"n": 1, "b": True}}
    rules = [
        {
            "Name": "sql",
            "Properties": {"FilterType": "sql", "SqlFilter": {"SqlExpression": "a = 1"}, "Action": None},
        },
        {"Name": "like", "Properties": {"FilterType": "Correlation", "CorrelationFilter": correlation}},
    ]
    topic = {
        "Name": "T",
        "Properties": {"DefaultMessageTimeToLive": "PT10M", "RequiresDuplicateDetection": False},
        "Subscriptions": [{"Name": "S", "Properties": {"MaxDeliveryCount": 1}, "Rules": rules}],
    }

    topics = read({"Topics": [topic]}).topics

    assert topics["t"].time_to_live == timedelta(minutes=10)
    [subscription] = topics["t"].subscriptions.values()
    assert (subscription.max_delivery_count, subscription.declared) == (1, True)
    wanted = Correlation(
        system={"ContentType": "text/plain", "Label": "Paid"}, properties={"n": 1, "b": True}
    )
    assert subscription.rules == (Rule(name="sql", filter="a = 1"), Rule(name="like", filter=wanted))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "line 1, column 2: this is not JSON"),
        ("[]", "the file must be a JSON object"),
        ('{"UserConfig": {"Namespaces": {}}}', "UserConfig.Namespaces must be a list"),
        ({"Queue": []}, "UserConfig.Namespaces[0].Queue is not known"),
        ({"Queues": [7]}, "UserConfig.Namespaces[0].Queues[0] must be a JSON object"),
        ({"Queues": [{"Name": " "}]}, 'Queues[0].Name is " "'),
        ({"Queues": [{"Name": "a/$x"}]}, "Queues[0].Name is 'a/$x', which is no name of a queue"),
        ({"Queues": [{"Name": "a"}, {"Name": "A"}]}, "Queues[1].Name is 'a', as is another's"),
        ({"Queues": [{"Name": "a"}], "Topics": [{"Name": "a"}]}, "Topics[0].Name is 'a', as is another's"),
        (queue(LockDuration="1m"), 'Queues[0].Properties.LockDuration is "1m"'),
        (queue(LockDuration="PT0S"), 'Properties.LockDuration is "PT0S"'),
        (queue(LockDuration="PT6M"), "Properties.LockDuration is longer than a lock may be"),
        (queue(MaxDeliveryCount=0), "Properties.MaxDeliveryCount is 0"),
        (queue(MaxDeliveryCount=True), "Properties.MaxDeliveryCount is true"),
        (queue(RequiresDuplicateDetection="yes"), 'Properties.RequiresDuplicateDetection is "yes"'),
        (queue(RequiresSession=True), "Properties.RequiresSession asks for what this host does not play"),
        (queue(ForwardTo="other"), "Properties.ForwardTo asks for what this host does not play"),
        (queue(MaxDeliveries=3), "Properties.MaxDeliveries is not known"),
        (rule(FilterType="Boolean"), 'Rules[0].Properties.FilterType is "Boolean"'),
        (rule(FilterType="Sql"), "Rules[0].Properties.SqlFilter.SqlExpression is null"),
        (
            rule(FilterType="Sql", SqlFilter={"SqlExpression": "a LIKE 'b'"}),
            "Rules[0].Properties.SqlFilter.SqlExpression: The filter \"a LIKE 'b'\" cannot be read",
        ),
        (
            rule(FilterType="Sql", SqlFilter={"SqlExpression": "1=1"}, Action={"SqlExpression": "SET a = 1"}),
            "Rules[0].Properties.Action asks for what this host does not play",
        ),
        (
            rule(FilterType="Correlation", CorrelationFilter={"Colour": "red"}),
            "Rules[0].Properties.CorrelationFilter: The filter 'Colour' cannot be read",
        ),
        (
            rule(FilterType="Correlation", CorrelationFilter={"Properties": {"a": []}}),
            "CorrelationFilter.Properties.a is []",
        ),
        (rule(FilterType="Correlation"), "CorrelationFilter: The filter '' cannot be read"),
    ],
)
def test_refuses_what_it_cannot_play_by_its_path(read: Read, content: Any, said: str) -> None:
    told = refused(read, content)

    assert "servicebus.json" in told
    assert said in told
    assert "Remedy: " in told


def test_refuses_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "servicebus.json").write_bytes(b"\xff\xfe{}")

    with pytest.raises(SettingsRefused, match="this is not UTF-8 text"):
        declared(tmp_path)

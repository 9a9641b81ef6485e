"""A number that a step tells is a number to filters; a topic that nobody hears of is told of as such."""

from pathlib import Path
from typing import Any

from event_catalogue import asking, subscribed
from pattern_catalogue import Declared
from pattern_host import pattern_host

WORKFLOWS: Declared = {
    "measure": {
        "input": {"topic": {}, "wind": {"type": "number"}},
        "steps": [
            {
                "name": "tell",
                "event": "Measured",
                "topic": "weather",
                "with": {"topic": "{{topic}}"},
                "properties": {"wind": "{{wind}}"},
                "output": "told",
            }
        ],
        "result": {"told": "told.id"},
    },
    "whisper": {
        "input": {"topic": {}},
        "steps": [
            {
                "name": "tell",
                "event": "Seen",
                "topic": "storms",
                "with": {"topic": "{{topic}}"},
                "output": "told",
            }
        ],
        "result": {"told": "told.id"},
    },
    "warn": asking("warner"),
}
SUBSCRIPTIONS: Declared = {
    "warner": {"topic": "weather", "event": "Measured", "filter": "wind > 25", "workflow": "warn"}
}
NOBODY = (
    "The bus of the local host has no topic 'storms', for nobody subscribes to it: add a subscription to the "
    "catalogue, or name the topic in servicebus.json, and start the host again."
)


def test_a_filter_compares_the_number_that_a_step_tells(tmp_path: Path) -> None:
    catalogue = subscribed(tmp_path, WORKFLOWS, SUBSCRIPTIONS)

    with pattern_host(tmp_path, catalogue=catalogue) as host:
        for topic, wind in (("breeze", 9), ("gale", 26), ("storm", 25.5)):
            host.play("measure", {"topic": topic, "wind": wind})
        host.host.settle()
        listed = host.host.request("GET", "/api/tasks?workflow=warn").json()["tasks"]
        heard = {host.task(one["id"])["input"]["topic"] for one in listed}

    assert heard == {"gale", "storm"}


def test_a_topic_that_nobody_subscribes_to_is_told_of_with_what_to_do(tmp_path: Path) -> None:
    catalogue = subscribed(tmp_path, WORKFLOWS, SUBSCRIPTIONS)
    event: dict[str, Any] = {"type": "Seen", "data": {"topic": "a gale"}}

    with pattern_host(tmp_path, catalogue=catalogue) as host:
        task = host.play("whisper", {"topic": "a gale"})
        answer = host.host.request("POST", "/api/events/storms", json=event)

    assert task["status"] == "failed"
    assert task["error"]["message"].endswith(NOBODY)
    assert (answer.status, answer.json()["error"], answer.json()["reason"]) == (404, NOBODY, "unknown_topic")

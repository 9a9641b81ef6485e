"""Branches of a fan-out tell people and topics, beside those that ask; subscribers hear what they want."""

from pathlib import Path

from event_catalogue import subscribed
from pattern_catalogue import ABOUT, Declared
from pattern_host import pattern_host

WORKFLOWS: Declared = {
    "aside": {
        "pattern": "fan_out",
        "deadline": 20,
        "branches": [
            {
                "name": "by-mail",
                "notify": "email",
                "to": "desk@example.org",
                "subject": "On {{topic}}",
                "text": "{{branch}}: {{topic}}",
            },
            {"name": "crier", "agent": "crier", "prompt": ABOUT},
            {
                "name": "by-event",
                "event": "Said",
                "topic": "news",
                "with": {"topic": "{{topic}}", "by": "{{branch}}"},
                "properties": {"kind": "{{topic}}"},
            },
        ],
        "combine": {"template": "{{by_mail.channel}}, {{by_event.type}}: {{crier}}"},
        "result": {"text": "combined", "event": "by_event.id", "is_simulated": "by_mail.simulated"},
    },
    "hear": {
        "input": {"topic": {}, "by": {}, "when": {}, "whole": {}},
        "steps": [
            {
                "name": "ask",
                "agent": "listener",
                "prompt": "{{topic}} {{by}} {{when}} {{whole}}",
                "output": "answer",
            }
        ],
        "result": {"answer": "answer"},
    },
}
SUBSCRIPTIONS: Declared = {
    "listener": {
        "topic": "news",
        "event": "Said",
        "filter": {"kind": "it's tea"},
        "workflow": "hear",
        "with": {
            "topic": "{{data.topic}}",
            "by": "From {{data.by}}",
            "when": "{{event.time}}",
            "whole": "{{data}}",
        },
    },
    "bystander": {"topic": "news", "filter": "kind = 'coffee' OR type <> 'Said'", "workflow": "hear"},
}


def test_branches_tell_and_whoever_wants_to_know_hears(tmp_path: Path) -> None:
    catalogue = subscribed(tmp_path, WORKFLOWS, SUBSCRIPTIONS)

    with pattern_host(tmp_path, catalogue=catalogue) as host:
        task = host.play("aside", {"topic": "it's tea"})
        host.host.settle()
        listed = host.host.request("GET", "/api/tasks?workflow=hear").json()["tasks"]
        heard = [host.task(one["id"]) for one in listed]

    assert (task["status"], task["result"]["completed_agents"]) == ("completed", 3)
    assert task["result"]["text"].startswith("email, Said: ")
    assert task["result"]["event"] == f"{task['id']}.by-event"
    assert task["result"]["is_simulated"] is True
    assert [(one["status"], one["input"]) for one in heard] == [
        (
            "completed",
            {
                "topic": "it's tea",
                "by": "From by-event",
                "when": "2030-01-01T00:00:00Z",
                "whole": '{"topic":"it\'s tea","by":"by-event"}',
            },
        )
    ]
    assert heard[0]["correlation_id"] == task["id"]

"""Events that nothing can come of are kept with the reason, and hold nobody up."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from event_catalogue import asking, subscribed
from event_line import EventLine, Told, start_of
from mortal_app import MortalApp

GOOD = 200
FACTS = "facts"
#: Service Bus takes no more of a message with its properties.
LARGEST = 262_144
FEATURES: dict[str, Any] = {
    "topic": {"description": "What it is about.", "max_length": 1000},
    "depth": {"type": "integer", "description": "How deep.", "required": False},
}
FLOWS: dict[str, dict[str, Any]] = {
    "survey": asking("ann", input=FEATURES, result={"topic": "topic", "depth": "depth", "answer": "answer"}),
    "gamble": asking("bob"),
    "watch": asking("cid"),
}
#: Those of one topic hear of nothing of another: each story has a topic of its own.
SUBSCRIPTIONS: dict[str, dict[str, Any]] = {
    "surveyor": {"topic": FACTS, "workflow": "survey"},
    "gambler": {"topic": "bets", "workflow": "gamble"},
    "onlooker": {"topic": "bets", "workflow": "watch"},
    "carrier": {"topic": "parcels", "workflow": "watch"},
    "dallier": {"topic": "errands", "workflow": "watch"},
}
TRIED_TWICE = {"retry": {"max_attempts": 2, "initial_delay": 0.1, "max_delay": 0.1}}

#: What is laid on the bus, and what the sentence says that it is dead-lettered with.
POISON: dict[str, tuple[dict[str, Any], str]] = {
    "broken": ({"body": '{"topic": "the tides'}, "not valid JSON"),
    "no text": ({"body": "\x00\x01"}, "not valid JSON"),
    "no object": ({"body": '[{"topic": "tides"}]'}, "no JSON object"),
    "nothing": ({"body": ""}, "not valid JSON"),
    "wrong type": ({"body": {"topic": "tides", "depth": "deep"}}, "depth"),
    "unknown field": ({"body": {"topic": "tides", "colour": "blue"}}, "colour"),
    "field missing": ({"body": {"depth": 3}}, "topic"),
    "250 KB": ({"body": {"topic": "x" * 250_000}}, "topic"),
    "no account": ({"body": {"topic": "tides"}, "properties": {"account": 7}}, "account"),
    "in a circle": ({"body": {"topic": "tides"}, "properties": {"hops": 21}}, "passed on 21 times"),
}


@pytest.fixture(scope="module")
def line(surrounded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventLine]:
    """To one host for all stories here."""
    folder = tmp_path_factory.mktemp("poisoned")
    script = folder / "script.yaml"
    script.write_text(json.dumps({"faults": [{"agent": "bob", "fault": {"status": 500}}]}), encoding="utf-8")
    settings = {
        "DIRIGENT_CATALOGUE": str(subscribed(folder, FLOWS, SUBSCRIPTIONS, bob=TRIED_TWICE)),
        "DIRIGENT_SCRIPT": str(script),
        # Nobody hears of errands: they wait until they expire.
        "AzureWebJobs.on_dallier.Disabled": "true",
    }
    app = MortalApp(folder, settings)
    try:
        app.spawn()
        app.wait_until_ready()
        with closing(EventLine(app)) as events:
            yield events
    finally:
        app.stop()


@pytest.fixture(scope="module")
def good(line: EventLine) -> list[Told]:
    """Good events, all told while poison lay among them; nothing goes on any more."""
    good = [Told(id=f"good-{n}", type="Found", data={"topic": f"tides {n}"}) for n in range(GOOD)]
    dice = Random(7)
    for part, (name, (message, _)) in enumerate(POISON.items()):
        lay(line, name, **message)
        line.tell_in_any_way(FACTS, good[part :: len(POISON)], dice)
    line.rest()
    return good


def lay(line: EventLine, name: str, **said: Any) -> None:
    """Lay a message on the bus as it is, whoever could have sent it."""
    properties = {"type": "Found", **said.pop("properties", {})}
    message = {"messageId": name, "properties": properties, **said}
    status, told = line.send("POST", f"/admin/servicebus/{FACTS}", message)
    assert status == 201, told


def letters_of(line: EventLine, subscription: str, **filters: str) -> dict[str, Any]:
    """The subscription's dead letters, by the events' ids."""
    found = line.letters(subscription=subscription, **filters)
    assert len(found) == len({letter["event"] for letter in found})
    return {letter["event"]: letter for letter in found}


def gist(body: Any) -> tuple[str, str]:
    """What tells a body from all others, however long it is, and how it begins."""
    text = json.dumps(body)
    return sha256(text.encode()).hexdigest(), text[:40]


def runs_of(line: EventLine, subscription: str) -> Counter[tuple[str, str]]:
    """How the subscription's runs have ended, and by which events they were started."""
    origins = [(start_of(one)["origin"], one["runtimeStatus"]) for one in line.instances()]
    return Counter((one["event"], status) for one, status in origins if one["subscription"] == subscription)


def test_good_events_flow_on_among_poison(line: EventLine, good: list[Told]) -> None:
    assert runs_of(line, "surveyor") == Counter((one.id, "Completed") for one in good)


def test_poison_is_kept_with_its_reason(line: EventLine, good: list[Told]) -> None:
    letters = letters_of(line, "surveyor")

    assert letters.keys() == POISON.keys()
    told = {name: letter["description"] for name, letter in letters.items()}
    assert {name: told[name] for name, (_, why) in POISON.items() if why not in told[name]} == {}
    assert {(one["source"], one["category"], one["reason"]) for one in letters.values()} == {
        ("bus", "PERMANENT", "MaxDeliveryCountExceeded")
    }
    assert {one["delivery_count"] for one in letters.values()} == {3}


def test_all_of_poison_is_kept(line: EventLine, good: list[Told]) -> None:
    kept = {
        name: gist(line.asked(f"/api/dead-letters/{letter['id']}")["message"])
        for name, letter in letters_of(line, "surveyor").items()
    }

    assert kept == {name: gist(message["body"]) for name, (message, _) in POISON.items()}


def test_an_event_whose_run_fails_for_good_is_kept_and_others_hear_of_it(line: EventLine) -> None:
    # Each fails twice: once more, and the agent's circuit would hold the last one up.
    bets = [Told(id=f"bet-{n}", type="Bet", data={"topic": f"tides {n}"}) for n in range(2)]
    line.tell("bets", bets, "many")
    line.rest()

    letters = letters_of(line, "gambler")
    assert letters.keys() == {one.id for one in bets}
    assert {(one["source"], one["step"]) for one in letters.values()} == {("run", "ask")}
    tasks = {task["id"]: task["status"] for task in line.tasks()}
    assert {tasks[letter["task_id"]] for letter in letters.values()} == {"failed"}
    assert letters_of(line, "onlooker") == {}
    assert runs_of(line, "onlooker") == Counter((one.id, "Completed") for one in bets)


def test_what_is_larger_than_the_bus_takes_is_refused_where_it_is_sent(line: EventLine) -> None:
    large = {"topic": "x" * LARGEST}

    by_app, told = line.send("POST", "/api/events/parcels", {"type": "Parcel", "data": large})
    by_bus, _ = line.send("POST", "/servicebus/parcels/messages", large, {"BrokerProperties": "{}"})
    by_hand, _ = line.send("POST", "/admin/servicebus/parcels", {"body": large})

    line.rest()
    assert (by_app, by_bus, by_hand) == (413, 403, 413)
    assert told["reason"] == "too_large"
    assert (runs_of(line, "carrier"), letters_of(line, "carrier")) == (Counter(), {})


def test_what_nobody_heard_in_time_is_kept_as_expired(line: EventLine) -> None:
    errands = [f"errand-{number}" for number in range(5)]
    for errand in errands:
        event = {"type": "Errand", "id": errand, "data": {"topic": "tides"}, "time_to_live": 1}
        status, told = line.send("POST", "/api/events/errands", event)
        assert status == 202, told
    line.rest()

    letters = letters_of(line, "dallier")
    assert letters.keys() == {*errands}
    assert {(one["category"], one["reason"]) for one in letters.values()} == {
        ("TIMEOUT", "TTLExpiredException")
    }
    assert runs_of(line, "dallier") == Counter()

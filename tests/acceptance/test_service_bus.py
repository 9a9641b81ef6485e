"""Messages set off functions, in virtual time: retried, dead-lettered, filtered, expired, and never lost."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from driver import APPS, polled

from devhost.announcement import lines
from devhost.testing import LocalHost
from devhost.testing.local_host import HostDied
from devhost.testing.virtual_clock import START

APP = APPS / "parcels"
DEAD = "$deadletterqueue"
HOUR = 3600


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LocalHost]:
    with LocalHost(APP, state=tmp_path) as host:
        vars(host.module)["sleep"] = host.clock.sleep
        yield host


def send(host: LocalHost, name: str, body: str, **members: Any) -> None:
    reply = host.request("POST", f"/admin/servicebus/{name}", json={"body": body, **members})
    assert reply.status == 201, reply.text


def lying(host: LocalHost, place: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = host.request("GET", f"/admin/servicebus/{place}").json()["messages"]
    return messages


def seen(host: LocalHost, function: str) -> list[dict[str, Any]]:
    return [entry for entry in host.module.seen if entry["function"] == function]


def test_a_message_is_handed_over_with_all_that_it_carries(host: LocalHost) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    send(
        host,
        "Parcels",
        "a vase",
        messageId="p1",
        correlationId="c1",
        subject="Fragile",
        timeToLive=90,
        properties={"weight": 2.5, "insured": True, "traceparent": trace},
    )
    host.settle()

    assert host.request("GET", "/api/seen").json() == [
        {
            "function": "carry",
            "id": "p1",
            "body": "a vase",
            "delivery": 1,
            "correlation": "c1",
            "subject": "Fragile",
            "properties": {"weight": 2.5, "insured": True, "traceparent": trace},
            "expires": "2030-01-01 00:01:30",
            "trace": trace,
        }
    ]
    assert lying(host, "parcels") == []


def test_what_fails_three_times_is_dead_lettered_with_the_reason(host: LocalHost) -> None:
    send(host, "parcels", "fail", messageId="p1")
    send(host, "parcels", "fine", messageId="p2")
    host.settle()

    assert [entry["delivery"] for entry in seen(host, "carry") if entry["id"] == "p1"] == [1, 2, 3]
    assert [entry["id"] for entry in seen(host, "carry") if entry["body"] == "fine"] == ["p2"]
    [buried] = seen(host, "bury")
    assert (buried["id"], buried["reason"], buried["source"]) == ("p1", "MaxDeliveryCountExceeded", "parcels")
    assert buried["why"] == "Message could not be consumed after 3 delivery attempts."
    assert host.clock.now() == START
    assert lying(host, "parcels") == lying(host, f"parcels/{DEAD}") == []


def test_what_fails_in_a_dead_letter_queue_is_tried_again_after_growing_pauses(host: LocalHost) -> None:
    send(host, "parcels", "fail", subject="restless")
    host.settle()
    assert len(seen(host, "bury")) == 1

    host.advance(0.9)
    assert len(seen(host, "bury")) == 1
    host.advance(0.1)
    assert [entry["delivery"] for entry in seen(host, "bury")] == [4, 5]
    host.advance(2)
    assert [entry["delivery"] for entry in seen(host, "bury")] == [4, 5, 6]
    assert lying(host, f"parcels/{DEAD}") == []


def test_what_expires_is_dead_lettered_as_expired(host: LocalHost) -> None:
    in_a_minute = (START + timedelta(minutes=1)).isoformat()
    send(host, "letters", "late", timeToLive=60, messageId="l1")
    send(host, "letters", "in time", timeToLive=61)
    host.advance(60)

    assert [letter["body"] for letter in lying(host, "letters")] == ["in time"]
    [dead] = lying(host, f"letters/{DEAD}")
    assert (dead["messageId"], dead["deadLetterReason"]) == ("l1", "TTLExpiredException")
    assert dead["expires"] == in_a_minute.replace("+00:00", "Z")


def test_what_nobody_takes_expires_after_an_hour(host: LocalHost) -> None:
    send(host, "events", "bill", subject="Paid", properties={"currency": "EUR"})
    send(host, "letters", "unread")
    host.advance(HOUR)

    assert lying(host, "letters") == []
    assert [letter["body"] for letter in lying(host, f"letters/{DEAD}")] == ["unread"]
    # Its subscription is declared to keep no expired ones.
    assert lying(host, "events/subscriptions/ledger") == []
    assert lying(host, f"events/subscriptions/ledger/{DEAD}") == []


def test_each_subscription_gets_what_its_rules_let_through(host: LocalHost) -> None:
    send(host, "events", "1", subject="Parcel", properties={"type": "Lost"})
    send(host, "events", "2", properties={"type": "Lost"})
    send(host, "events", "3", subject="Paid", properties={"currency": "EUR"})
    send(host, "events", "4", subject="Paid", properties={"currency": "USD"})
    host.settle()

    assert sorted(entry["body"] for entry in seen(host, "audit")) == ["1", "2", "3", "4"]
    assert [entry["body"] for entry in seen(host, "sound")] == ["1"]
    assert [message["body"] for message in lying(host, "events/subscriptions/ledger")] == ["3"]


def test_batches_come_one_after_the_other_and_are_settled_whole(host: LocalHost) -> None:
    batch = [{"Body": str(number)} for number in range(7)]
    headers = {"Content-Type": "application/vnd.microsoft.servicebus.json"}
    reply = host.request("POST", "/servicebus/pallets/messages", body=_json(batch), headers=headers)
    assert reply.status == 201
    host.settle()

    assert [entry["bodies"] for entry in seen(host, "load")] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert set(seen(host, "load")[0]["expires"]) == {"2030-01-01 01:00:00"}

    host.module.seen.clear()
    batch = [{"Body": "a"}, {"Body": "fail"}, {"Body": "b"}]
    host.request("POST", "/servicebus/pallets/messages", body=_json(batch), headers=headers)
    host.settle()
    assert [entry["bodies"] for entry in seen(host, "load")] == [["a", "fail", "b"]] * 3
    assert [one["body"] for one in lying(host, f"pallets/{DEAD}")] == ["a", "fail", "b"]


def test_no_more_messages_are_worked_on_at_a_time_than_host_json_says(host: LocalHost) -> None:
    for number in range(6):
        send(host, "parcels", "10", messageId=str(number))
    host.settle()
    assert [entry["id"] for entry in seen(host, "carry")] == ["0", "1", "2", "3"]

    host.advance(10)
    assert [entry["id"] for entry in seen(host, "carry")][4:] == ["4", "5"]
    host.advance(10)
    assert len(seen(host, "carry, awake")) == 6


def test_a_lock_is_renewed_while_the_function_runs(host: LocalHost) -> None:
    # The lock holds for 10 s, and is renewed for 30.
    send(host, "express", "30")
    host.advance(HOUR / 2)

    assert len(seen(host, "hurry")) == len(seen(host, "hurry, awake")) == 1
    assert lying(host, "express") == lying(host, f"express/{DEAD}") == []


def test_a_function_that_takes_too_long_loses_the_message(
    host: LocalHost, caplog: pytest.LogCaptureFixture
) -> None:
    send(host, "express", "50", messageId="e1")
    host.advance(49)

    # The second delivery began while the first call still ran.
    assert [entry["delivery"] for entry in seen(host, "hurry")] == [1, 2]
    assert seen(host, "hurry, awake") == []
    with caplog.at_level(logging.WARNING, logger="devhost.bus"):
        host.advance(60)
    assert len(seen(host, "hurry, awake")) == 2
    assert "'hurry' took longer than the lock of 'e1' held" in caplog.text
    [dead] = lying(host, f"express/{DEAD}")
    assert (dead["messageId"], dead["deliveryCount"]) == ("e1", 2)


def test_a_scheduled_message_comes_when_it_is_due(host: LocalHost) -> None:
    due = format_datetime(START + timedelta(hours=2), usegmt=True)
    scheduled = {"BrokerProperties": json.dumps({"ScheduledEnqueueTimeUtc": due, "MessageId": "later"})}
    assert host.request("POST", "/servicebus/parcels/messages", body=b"x", headers=scheduled).status == 201

    host.advance(2 * HOUR - 1)
    assert seen(host, "carry") == []
    host.advance(1)
    assert [entry["id"] for entry in seen(host, "carry")] == ["later"]


def test_a_queue_that_detects_duplicates_takes_an_id_once_in_its_window(host: LocalHost) -> None:
    for _ in range(2):
        send(host, "letters", "once", messageId="l1")
    assert len(lying(host, "letters")) == 1

    host.advance(10 * 60)
    send(host, "letters", "once", messageId="l1")
    assert len(lying(host, "letters")) == 2


def test_what_is_given_back_comes_before_what_lies_behind_it(host: LocalHost) -> None:
    for body in ("first", "second", "third"):
        send(host, "letters", body)
    taken = host.request("POST", "/servicebus/letters/messages/head?timeout=0")
    second = host.request("POST", "/servicebus/letters/messages/head?timeout=0")
    assert [taken.text, second.text] == ["first", "second"]

    assert host.request("PUT", _path(host, taken.headers["location"])).status == 200

    again = host.request("POST", "/servicebus/letters/messages/head?timeout=0")
    third = host.request("POST", "/servicebus/letters/messages/head?timeout=0")
    assert [again.text, third.text] == ["first", "third"]


def test_a_message_starts_an_orchestration_once_however_often_it_comes(host: LocalHost) -> None:
    for _ in range(3):
        send(host, "orders", '{"what": "books"}', messageId="order-1")
        host.settle()
        assert host.result("order-1") == "books delivered"

    assert len(seen(host, "order")) == 3
    assert len(host.statuses()) == 1


def test_a_message_under_work_is_delivered_again_after_a_crash(tmp_path: Path) -> None:
    with LocalHost(APP, state=tmp_path) as host:
        send(host, "parcels", "stall", messageId="p1")
        assert polled(lambda: seen(host, "carry"))
        host.crash()

    with LocalHost(APP, state=tmp_path) as host:
        assert polled(lambda: seen(host, "carry"))
        assert [(entry["id"], entry["delivery"]) for entry in seen(host, "carry")] == [("p1", 2)]
        host.crash()


def test_a_message_that_kills_the_host_is_dead_lettered(tmp_path: Path) -> None:
    for attempt in (1, 2, 3):
        with LocalHost(APP, state=tmp_path) as host:
            if attempt == 1:
                send(host, "parcels", "stall")
            assert polled(partial(seen, host, "carry"))
            assert [entry["delivery"] for entry in seen(host, "carry")] == [attempt]
            host.crash()

    with LocalHost(APP, state=tmp_path) as host:
        host.settle()
        assert seen(host, "carry") == []
        assert [entry["reason"] for entry in seen(host, "bury")] == ["MaxDeliveryCountExceeded"]


def test_a_lock_over_http_outlives_a_crash_until_it_runs_out(tmp_path: Path) -> None:
    with LocalHost(APP, state=tmp_path) as host:
        send(host, "letters", "held")
        held = host.request("POST", "/servicebus/letters/messages/head?timeout=0")
        assert held.status == 201
        host.crash()

    with LocalHost(APP, state=tmp_path) as host:
        assert host.request("POST", "/servicebus/letters/messages/head?timeout=0").status == 204
        assert host.request("POST", _path(host, held.headers["location"])).status == 200
        host.advance(60)
        again = host.request("POST", "/servicebus/letters/messages/head?timeout=0")
        assert (again.status, again.text) == (201, "held")
        assert host.request("DELETE", _path(host, held.headers["location"])).status == 404


@pytest.mark.parametrize("commits", range(1, 10))
def test_wherever_the_host_dies_what_was_acknowledged_is_done(tmp_path: Path, commits: int) -> None:
    acknowledged: list[str] = []
    with LocalHost(APP, state=tmp_path, die_after_commits=commits) as host:
        for number in range(3):
            order = {"body": {"what": "books"}, "messageId": f"order-{number}"}
            if host.request("POST", "/admin/servicebus/orders", json=order).status == 201:
                acknowledged.append(f"order-{number}")
        with suppress(HostDied, TimeoutError):
            host.settle(timeout=1)
        assert host.host.broken.done()
        host.crash()

    with LocalHost(APP, state=tmp_path) as host:
        host.settle()
        for name in acknowledged:
            assert host.result(name) == "books delivered"
        names = [status.instance_id for status in host.statuses()]
        assert len(names) == len(set(names))
        assert set(acknowledged) <= set(names)
        assert lying(host, "orders") == lying(host, f"orders/{DEAD}") == []


def test_the_announcement_tells_who_listens_where_and_who_is_left_out(host: LocalHost) -> None:
    send(host, "letters", "unread")

    told = "\n".join(lines(host.host, 1))

    assert "  carry    serviceBus: queue 'parcels'\n" in told
    assert "  bury     serviceBus: dead letters of the queue 'parcels'\n" in told
    assert (
        "  sound    serviceBus: subscription 'alarms' of the topic 'events', "
        "type = 'Lost' AND sys.Label IS NOT NULL\n" in told
    )
    assert "  chat: left out, it asks for sessions, which this host does not play" in told
    assert "  muddle: left out, The filter \"type LIKE 'L%'\" cannot be read: LIKE is not known" in told
    assert f"Service Bus {host.url}/servicebus holds 1 messages and 0 dead letters; look at" in told


def test_what_lies_where_no_place_is_any_more_is_told_and_kept(tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("__pycache__"))
    with LocalHost(app, state=tmp_path / "state") as host:
        send(host, "letters", "unread")

    declared = (app / "servicebus.json").read_text(encoding="utf-8")
    (app / "servicebus.json").unlink()
    with LocalHost(app, state=tmp_path / "state") as host:
        told = "\n".join(lines(host.host, 1))
        assert "Warning: 'letters' is no place of the bus any more, and 1 message lies there" in told
        assert host.request("GET", "/admin/servicebus").json()["leftBehind"] == {"letters": 1}

    (app / "servicebus.json").write_text(declared, encoding="utf-8")
    with LocalHost(app, state=tmp_path / "state") as host:
        assert [letter["body"] for letter in lying(host, "letters")] == ["unread"]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _path(host: LocalHost, address: str) -> str:
    # A host that was started again listens elsewhere.
    return "/" + address.split("/", 3)[3]

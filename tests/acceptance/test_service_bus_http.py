"""The bus over HTTP, as docs/devhost.md tells it: by its commands, by its tables, and over a kill."""

import http.client
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import APPS, ROOT, Reply, Server, polled
from mortal_host import MortalHost

from devhost.testing import LocalHost

GUIDE = (ROOT / "docs" / "devhost.md").read_text(encoding="utf-8")
CHAPTER = GUIDE.partition("\n## Service Bus\n")[2].partition("\n## ")[0]
[CONVERSATION] = re.findall(r"^```console [^\n]*\n(.*?)^```$", CHAPTER, re.MULTILINE | re.DOTALL)
[EXAMPLE] = re.findall(r"^```json\n(.*?)^```$", CHAPTER, re.MULTILINE | re.DOTALL)
#: Method, path below the root, answers.
REQUESTS = re.findall(r"^\| `([A-Z]+) (\{[^`]+)` \| [^|]+ \| ([\d, ]+) \|$", CHAPTER, re.MULTILINE)
PAGES = re.findall(r"^\| `([A-Z]+) (/admin/servicebus[^`]*)` \|", CHAPTER, re.MULTILINE)


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app in a process of its own."""
    running = Server("parcels", "sticky", tmp_path_factory.mktemp("parcels"))
    yield running
    assert running.stop() == 0


def seen(server: Server, function: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = server.request("GET", "/api/seen", None, {}).json()
    return [entry for entry in entries if entry["function"] == function]


def asked(port: int, method: str, path: str, body: str = "", **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): said for name, said in headers.items()}
        )
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(status=response.status, headers=names, body=response.read())
    finally:
        connection.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")
def test_the_guides_commands_do_what_it_says(parcels: Server) -> None:
    for part in re.split(r"^\$ ", CONVERSATION, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        here = command.replace("localhost:7071", parcels.address.netloc)

        def says(here: str = here, expected: str = expected) -> bool:
            done = subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=False)
            return done.stdout.strip() == expected.strip()

        # A command that only looks may have to look again: messages are handed over at their own pace.
        assert polled(says, 10) if "/api/seen" in command else says(), command


def test_properties_keep_their_names_and_kinds_over_the_wire(parcels: Server) -> None:
    given = {"MessageId": "p-wire", "Label": "Émile"}
    sent = asked(
        int(parcels.address.port or 0),
        "POST",
        "/servicebus/PARCELS/messages",
        "a vase",
        BrokerProperties=json.dumps(given),
        Weight="2.5",
        Pieces="3",
        Insured="true",
        Owner='"\\u00c9mile \\"the tall\\""',
    )
    assert sent.status == 201

    [entry] = polled(lambda: [one for one in seen(parcels, "carry") if one["id"] == "p-wire"])

    owner = 'Émile "the tall"'
    assert entry["properties"] == {"Weight": 2.5, "Pieces": 3, "Insured": True, "Owner": owner}
    assert entry["subject"] == "Émile"


def test_a_receiver_waits_for_a_message_that_comes_later(parcels: Server) -> None:
    port = int(parcels.address.port or 0)
    got: list[Reply] = []

    def receive() -> None:
        got.append(asked(port, "DELETE", "/servicebus/events/subscriptions/ledger/messages/head?timeout=15"))

    receiver = threading.Thread(target=receive)
    receiver.start()
    paid = {"body": "a bill", "subject": "Paid", "properties": {"currency": "EUR"}}
    asked(port, "POST", "/admin/servicebus/events", json.dumps(paid))
    receiver.join(20)

    assert [(reply.status, reply.body) for reply in got] == [(200, b"a bill")]


def test_each_request_answers_as_the_table_says(tmp_path: Path) -> None:
    assert (len(REQUESTS), len(PAGES)) == (6, 4)
    with LocalHost(APPS / "parcels", state=tmp_path) as host:
        names = {"name": "letters", "place": "letters", "queue": "letters"}
        for method, path, answers in REQUESTS:
            # Something to receive, and something that is under a lock.
            host.request("POST", "/servicebus/letters/messages", body=b"a letter")
            host.request("POST", "/servicebus/letters/messages", body=b"another")
            held = host.request("POST", "/servicebus/letters/messages/head").headers["location"]
            number, lock = held.split("/")[-2:]
            asked_for = path.format(**names, number=number, lock=lock)
            reply = host.request(method, f"/servicebus/{asked_for}", body=b"x")
            unknown = host.request(method, f"/servicebus/{asked_for.replace('letters', 'nowhere')}")
            assert [str(reply.status), str(unknown.status)] == [answers.split(", ")[0], "404"], (method, path)
            assert "404" in answers

        statuses = []
        for method, path in PAGES:
            number = host.request("GET", "/admin/servicebus/letters").json()["messages"][0]["sequenceNumber"]
            asked_for = path.format(**names, number=number)
            statuses.append(host.request(method, asked_for, json={"body": "a letter"}).status)
        assert statuses == [200, 200, 201, 204]


def test_the_guides_file_declares_what_it_shows(tmp_path: Path) -> None:
    app = shutil.copytree(APPS / "parcels", tmp_path / "app")
    (app / "servicebus.json").write_text(EXAMPLE, encoding="utf-8")

    with LocalHost(app, state=tmp_path / "state") as host:
        places = host.request("GET", "/admin/servicebus").json()["places"]

    found = {place["place"]: place for place in places}
    orders, paid = found["orders"], found["events/subscriptions/paid"]
    assert (orders["lockSeconds"], orders["maxDeliveryCount"]) == (60, 10)
    assert (paid["timeToLiveSeconds"], paid["rules"]) == (
        86_400,
        ["currency = 'EUR'", "sys.Label = 'LargePayment'"],
    )


@pytest.mark.slow
def test_a_killed_host_loses_no_message_that_it_acknowledged(tmp_path: Path) -> None:
    mortal = MortalHost("parcels", tmp_path, {}, "sticky")
    acknowledged: list[str] = []
    try:
        for life in range(3):
            mortal.spawn()
            mortal.wait_until_ready()
            for number in range(40):
                order = {"body": {"what": "books"}, "messageId": f"order-{life}-{number}"}
                reply = asked(mortal.port, "POST", "/admin/servicebus/orders", json.dumps(order))
                assert reply.status == 201
                acknowledged.append(f"order-{life}-{number}")
            mortal.kill()
        mortal.spawn()
        mortal.wait_until_ready()

        def completed() -> bool:
            page = asked(mortal.port, "GET", "/runtime/webhooks/durabletask/instances").json()
            done = [one["instanceId"] for one in page if one["runtimeStatus"] == "Completed"]
            return sorted(done) == sorted(acknowledged)

        assert polled(completed)
        bus = asked(mortal.port, "GET", "/admin/servicebus").json()["places"]
        [orders] = [place for place in bus if place["place"] == "orders"]
        assert (orders["active"], orders["locked"], orders["dead"]) == (0, 0, 0)
    finally:
        mortal.stop()

"""What happens starts the shipped workflows that subscribe, as README.md and docs/workflows.md have it."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import surroundings
import yaml
from content_host import ContentHost, content_host
from driver import ROOT
from mortal_app import MortalApp
from shipped import ended, published

DATA = {
    "source": "Harbour weather station",
    "figures": ["wind on 12 March: 14 m/s", "rain on 12 March: 9 mm"],
    "summary": "Wind and rain of a day in March came in.",
}
ANNOUNCED = {
    "announcement": "The lift is out of order until noon.",
    "address": "everybody@example.com",
    "phone": "+1 555 0101",
    "room": "house-news",
}
RECORD = {"reference": "P-1042", "record": "customer: Ann Field; article: bench; quantity: 2"}
#: Longer than any step of theirs may take, with its retries.
A_WHILE = 600.0


def tell(host: ContentHost, topic: str, kind: str, data: Any, **more: Any) -> Any:
    """Tell an event; the answer's body."""
    event = {"type": kind, "data": data, "correlation_id": "together", **more}
    reply = host.host.request("POST", f"/api/events/{topic}", json=event)
    assert reply.status == 202, reply.text
    return reply.json()


def came_of_it(host: ContentHost, together: str = "together") -> list[Any]:
    """Every task that has to do with it, once nothing goes on."""
    host.host.advance(A_WHILE)
    listed = host.host.request("GET", f"/api/tasks?correlation_id={together}").json()["tasks"]
    return sorted((host.task(line["id"]) for line in listed), key=lambda task: str(task["workflow"]))


def outcomes(tasks: list[Any]) -> list[tuple[str, str]]:
    """How each came out."""
    return [(task["workflow"], task["status"]) for task in tasks]


def heard_by(tasks: list[Any]) -> list[tuple[str, str]]:
    """Who heard of what."""
    return [(task["event"]["subscription"], task["event"]["type"]) for task in tasks]


def outbox(folder: Path, channel: str) -> list[str]:
    """The notices that were written down for the channel."""
    return [name for name in surroundings.present().files(folder) if f"outbox/{channel}/" in name]


def test_an_event_starts_whoever_subscribes_each_by_itself(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        told = tell(host, "data", "DataReceived", DATA, id="delivery-7")
        tasks = came_of_it(host)

    assert told == {
        "topic": "data",
        "events": [{"id": "delivery-7", "type": "DataReceived", "correlation_id": "together"}],
        "subscriptions": ["data-analyser", "data-archiver", "data-notifier"],
    }
    assert outcomes(tasks) == [
        ("data-analysis", "completed"),
        ("data-archiving", "completed"),
        ("data-notice", "completed"),
        ("data-notice", "completed"),
    ]
    assert sorted(heard_by(tasks)) == [
        ("data-analyser", "DataReceived"),
        ("data-archiver", "DataReceived"),
        ("data-notifier", "AnalysisCompleted"),
        ("data-notifier", "DataReceived"),
    ]
    assert len(outbox(tmp_path, "email")) == 2


def test_what_the_analyser_tells_belongs_to_what_it_heard(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        tell(host, "data", "DataReceived", DATA, id="delivery-7")
        tasks = came_of_it(host)

    analysis, [later] = tasks[0], [task for task in tasks if task["event"]["type"] == "AnalysisCompleted"]
    assert analysis["event"] == {
        "subscription": "data-analyser",
        "topic": "data",
        "type": "DataReceived",
        "id": "delivery-7",
        "correlation_id": "together",
    }
    assert later["event"]["id"] == analysis["result"]["event"] == f"{analysis['id']}.tell"
    assert later["input"] == {
        "occasion": "AnalysisCompleted",
        "source": DATA["source"],
        "summary": analysis["result"]["summary"],
        "to": "weather-desk@example.com",
    }
    assert {task["correlation_id"] for task in tasks} == {"together"}


def test_the_archive_has_what_came_in_and_when(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        tell(host, "data", "DataReceived", DATA)
        archived = came_of_it(host)[1]
        entry = published(archived["result"]["address"])

    assert entry == archived["result"]["entry"]
    assert archived["input"]["figures"] == DATA["figures"]
    assert re.match(r"\d{4}-\d\d-\d\dT", archived["input"]["received"])


def test_a_collector_that_is_started_by_hand_begins_it_all(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        collected = ended(host, "data-collection")
        tasks = came_of_it(host, collected["id"])

    assert collected["result"]["event"] == f"{collected['id']}.tell"
    assert "event" not in collected
    assert outcomes(tasks) == [
        ("data-analysis", "completed"),
        ("data-archiving", "completed"),
        ("data-collection", "completed"),
        ("data-notice", "completed"),
        ("data-notice", "completed"),
    ]


def test_one_who_fails_is_nothing_to_the_others(tmp_path: Path) -> None:
    script = {"faults": [{"agent": "archivist", "fault": "refusal"}]}
    with content_host(tmp_path, script=script) as host:
        tell(host, "data", "DataReceived", DATA)
        tasks = came_of_it(host)

    assert outcomes(tasks) == [
        ("data-analysis", "completed"),
        ("data-archiving", "failed"),
        ("data-notice", "completed"),
        ("data-notice", "completed"),
    ]


def test_told_twice_it_is_heard_once(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        tell(host, "records", "RecordSubmitted", RECORD, id="same")
        first = came_of_it(host)
        tell(host, "records", "RecordSubmitted", RECORD, id="same")
        again = came_of_it(host)

    assert len(first) == 3
    assert again == first


@pytest.mark.parametrize(
    ("level", "event", "alerts"),
    [
        ("critical", "AlertRaised", [("alert-notice", "completed")]),
        ("warning", "ReadingAssessed", []),
        ("normal", "ReadingAssessed", []),
    ],
)
def test_somebody_is_told_of_a_reading_that_is_critical(
    tmp_path: Path, level: str, event: str, alerts: list[tuple[str, str]]
) -> None:
    answer = {"agent": "watchkeeper", "answer": {"level": level, "reason": "It reads 9.4 °C."}}
    reading = {"sensor": "Cold store 3", "reading": "9.4 °C at the back wall."}
    with content_host(tmp_path, script={"answers": [answer]}) as host:
        tell(host, "readings", "ReadingTaken", reading)
        tasks = came_of_it(host)

    assert outcomes(tasks) == [*alerts, ("reading-assessment", "completed")]
    assert (tasks[-1]["result"]["level"], tasks[-1]["result"]["event"]) == (level, event)
    assert (len(outbox(tmp_path, "sms")), len(outbox(tmp_path, "email"))) == (len(alerts), len(alerts))


def test_an_alert_says_what_was_read(tmp_path: Path) -> None:
    answer = {"agent": "watchkeeper", "answer": {"level": "critical", "reason": "It reads 9.4 °C."}}
    reading = {"sensor": "Cold store 3", "reading": "9.4 °C at the back wall."}
    with content_host(tmp_path, script={"answers": [answer]}) as host:
        tell(host, "readings", "ReadingTaken", reading)
        alert = came_of_it(host)[0]
        mail = json.loads(published(alert["result"]["mailed"]))

    assert (mail["to"], mail["subject"]) == ("on-duty@example.com", "Alert: Cold store 3")
    assert mail["text"] == f"{alert['result']['message'].strip()}\n\nRead: 9.4 °C at the back wall."
    assert mail["label"] == "outbox: written down, sent to nobody"
    assert alert["simulated"]


def test_an_announcement_is_made_on_every_channel_in_its_own_words(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        tell(host, "announcements", "AnnouncementMade", ANNOUNCED)
        [task] = came_of_it(host)
        notices = {one["agent"]: one["data"] for one in task["result"]["notices"]}
        written = {name: json.loads(published(one["address"])) for name, one in notices.items()}

    assert task["status"] == "completed"
    assert {name: one["to"] for name, one in written.items()} == {
        "email": "everybody@example.com",
        "sms": "+1 555 0101",
        "chat": "house-news",
    }
    assert all(one["text"] == notices[name]["text"].strip() for name, one in written.items())
    assert bool(written["email"]["subject"]) > bool(written["sms"]["subject"])


def test_an_announcement_may_choose_its_channels(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        tell(host, "announcements", "AnnouncementMade", {**ANNOUNCED, "channels": ["chat"]})
        [task] = came_of_it(host)

    assert [one["agent"] for one in task["result"]["notices"]] == ["chat"]
    assert (outbox(tmp_path, "email"), outbox(tmp_path, "sms")) == ([], [])


def test_a_channel_that_fails_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    script = {"faults": [{"agent": "announcer", "contains": "text message", "fault": "refusal"}]}
    with content_host(tmp_path, script=script) as host:
        tell(host, "announcements", "AnnouncementMade", ANNOUNCED)
        [task] = came_of_it(host)

    assert (task["status"], task["result"]["completed_agents"]) == ("completed", 2)
    assert [gap["branch"] for gap in task["result"]["missing"]] == ["sms"]
    assert [len(outbox(tmp_path, channel)) for channel in ("email", "sms", "chat")] == [1, 0, 1]


def test_three_do_their_own_with_one_record(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        tell(host, "records", "RecordSubmitted", RECORD)
        tasks = came_of_it(host)
        kept = json.loads(published(tasks[0]["result"]["address"]))

    assert outcomes(tasks) == [
        ("record-enrichment", "completed"),
        ("record-summary", "completed"),
        ("record-validation", "completed"),
    ]
    assert {task["input"]["reference"] for task in tasks} == {"P-1042"}
    assert kept["category"] == tasks[0]["result"]["category"]
    assert tasks[2]["result"]["valid"] in (True, False)


LISTENER = {
    "UserConfig": {
        "Namespaces": [
            {"Name": "local", "Topics": [{"Name": "data", "Subscriptions": [{"Name": "listener"}]}]}
        ]
    }
}


@pytest.fixture
def overheard(tmp_path: Path) -> Path:
    """A copy of the app, with a subscription that nobody reads: messages stay there to be looked at."""
    app = tmp_path / "app"
    for room in ("activities", "catalogue", "dirigent", "entities", "orchestrators", "triggers"):
        shutil.copytree(ROOT / room, app / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("function_app.py", "host.json"):
        shutil.copy(ROOT / file, app / file)
    (app / "servicebus.json").write_text(json.dumps(LISTENER), encoding="utf-8")
    return app


def test_a_message_says_what_belongs_together_and_how_long_it_is_worth_hearing(
    tmp_path: Path, overheard: Path
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    event = {"type": "DataReceived", "data": DATA, "correlation_id": "together", "id": "delivery-7"}
    with content_host(tmp_path, app=overheard) as host:
        told = host.host.request(
            "POST",
            "/api/events/data",
            json=event,
            headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
        assert told.status == 202
        analysis = came_of_it(host)[0]
        page = host.host.request("GET", "/admin/servicebus/data/subscriptions/listener").json()

    first, second = page["messages"]
    assert (first["messageId"], first["correlationId"]) == ("delivery-7", "together")
    assert (second["messageId"], second["correlationId"]) == (f"{analysis['id']}.tell", "together")
    assert (second["subject"], second["timeToLiveSeconds"]) == ("AnalysisCompleted", 3600)
    assert second["properties"]["hops"] == 1
    assert second["properties"]["run"] == analysis["id"]
    assert all(one["properties"]["traceparent"].split("-")[1] == trace for one in (first, second))


def typed(document: str) -> list[tuple[str, str]]:
    """Each command of the document's blocks that name this test, and what it is to print."""
    page = (ROOT / document).read_text(encoding="utf-8")
    fence = rf"^```console tested-by: tests/acceptance/{Path(__file__).name}\n(.*?)^```$"
    found: list[tuple[str, str]] = []
    for block in re.findall(fence, page, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines, command = part.splitlines(), ""
            # A command goes on as long as a quote is open.
            while not command or command.count("'") % 2:
                command += f"{lines.pop(0)}\n"
            found.append((command.strip(), "\n".join(lines).strip()))
    return found


@pytest.fixture(scope="module")
def served(surrounded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app answers as the documents have it."""
    host = MortalApp(tmp_path_factory.mktemp("served"), {})
    host.spawn()
    host.wait_until_ready()
    yield f"http://127.0.0.1:{host.port}"
    host.stop()


@pytest.mark.parametrize("document", ["README.md", "docs/workflows.md"])
def test_the_commands_print_what_is_written(served: str, document: str) -> None:
    commands = typed(document)

    for command, expected in commands:
        pattern = ".*".join(re.escape(piece) for piece in expected.split("..."))
        shown = printed(served, command, re.compile(pattern, re.DOTALL))
        assert re.fullmatch(pattern, shown, re.DOTALL), shown
    assert len(commands) > 1


def test_the_subscription_in_the_readme_is_the_shipped_one() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    [(file, shown)] = re.findall(r"^```yaml\n# (catalogue/subscriptions/\S+)\n(.*?)^```$", page, re.M | re.S)
    shipped = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))

    assert yaml.safe_load(shown).items() <= shipped.items()


def printed(served: str, command: str, expected: re.Pattern[str]) -> str:
    """What the command prints, asked again for a while where it is not what is expected: runs go on."""
    patience = time.monotonic() + 30
    while True:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace("localhost:7071", served)],
            cwd=ROOT,
            env={**os.environ, "DIRIGENT_URL": served},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        shown = done.stdout.strip()
        if expected.fullmatch(shown) or time.monotonic() > patience:
            return shown
        time.sleep(0.1)

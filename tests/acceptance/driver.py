"""Drives an app as a user would: in process on a virtual clock, or over HTTP against the host's process."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from devhost.engine.errors import InstanceNotFound
from devhost.testing import LocalHost, OrchestrationFailed

ROOT = Path(__file__).resolve().parents[2]
APPS = ROOT / "tests" / "apps"
HOOKS = "/runtime/webhooks/durabletask"
ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})
#: What the stored history calls its events, by number.
EVENTS = {
    0: "ExecutionStarted",
    1: "ExecutionCompleted",
    2: "ExecutionFailed",
    3: "ExecutionTerminated",
    4: "TaskScheduled",
    5: "TaskCompleted",
    6: "TaskFailed",
    7: "ChildCreated",
    8: "ChildCompleted",
    9: "ChildFailed",
    10: "TimerCreated",
    11: "TimerFired",
    12: "OrchestratorStarted",
    13: "OrchestratorCompleted",
    14: "EventSent",
    15: "EventRaised",
    19: "ExecutionSuspended",
    20: "ExecutionResumed",
}


class StoryFailed(Exception):
    """The orchestration ended without a result."""

    def __init__(self, instance_id: str, status: str, text: str) -> None:
        self.instance_id, self.status, self.text = instance_id, status, text
        super().__init__(f"{instance_id} is {status}: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An instance as it looks from outside."""

    name: str
    state: str
    output: Any
    custom: Any


class Driver(Protocol):
    """Everything a story may do to an app and ask of it."""

    def start(
        self, name: str, given: Any = None, *, instance_id: str | None = None, version: str | None = None
    ) -> str:
        """Start an orchestration and return its id."""

    def result(self, instance_id: str) -> Any:
        """Wait for the end and return the output; raises `StoryFailed` when there is none."""

    def look(self, instance_id: str) -> Seen | None:
        """The instance now, None when there is none."""

    def raise_event(self, instance_id: str, name: str, data: Any = None) -> None:
        """Raise an external event."""

    def terminate(self, instance_id: str, reason: str) -> None:
        """End the instance."""

    def suspend(self, instance_id: str, reason: str) -> None:
        """Pause the instance."""

    def resume(self, instance_id: str, reason: str) -> None:
        """Let the instance go on."""

    def purge(self, instance_id: str) -> None:
        """Forget the instance."""

    def signal(self, name: str, key: str, operation: str, data: Any = None) -> None:
        """Signal an entity as a client."""

    def entity(self, name: str, key: str) -> Any:
        """The entity's state, None when it does not exist."""

    def request(self, method: str, path: str, given: Any = None, headers: Mapping[str, str] = ...) -> Reply:
        """Send an HTTP request, with `given` as JSON unless it is None."""

    def wait_until(self, check: Callable[[], Any]) -> Any:
        """Wait until a check is true and return what it returned."""


def fresh(word: str) -> str:
    """A name nobody has used: the processes outlive a story."""
    return f"{word}-{uuid.uuid4().hex[:8]}"


def shape(events: list[dict[str, Any]]) -> list[str]:
    """A stored history as one short line an event, without the episodes' bounds."""
    return [shown(event) for event in events if event["EventType"] not in (12, 13)]


def shown(event: dict[str, Any]) -> str:
    kind = event["EventType"]
    if kind in (4, 7, 10, 14):
        return f"{EVENTS[kind]} {event['EventId']}"
    if kind in (5, 6, 8, 9):
        return f"{EVENTS[kind]} {event['TaskScheduledId']}"
    if kind == 11:
        return f"{EVENTS[kind]} {event['TimerId']}"
    return EVENTS[kind]


class InProcess:
    """Plays stories on a host inside this process, whose time is virtual."""

    def __init__(self, host: LocalHost) -> None:
        self.host = host

    def start(
        self, name: str, given: Any = None, *, instance_id: str | None = None, version: str | None = None
    ) -> str:
        return self.host.start(name, input=given, instance_id=instance_id, version=version)

    def result(self, instance_id: str) -> Any:
        try:
            return self.host.result(instance_id, timeout=30)
        except OrchestrationFailed as failure:
            state = self.host.status(instance_id).runtime_status
            raise StoryFailed(instance_id, state, str(failure)) from failure

    def look(self, instance_id: str) -> Seen | None:
        try:
            status = self.host.status(instance_id)
        except InstanceNotFound:
            return None
        return Seen(
            name=status.name,
            state=status.runtime_status,
            output=parsed(status.output_text),
            custom=parsed(status.custom_status_json),
        )

    def raise_event(self, instance_id: str, name: str, data: Any = None) -> None:
        self.host.raise_event(instance_id, name, data)

    def terminate(self, instance_id: str, reason: str) -> None:
        self.host.terminate(instance_id, reason)

    def suspend(self, instance_id: str, reason: str) -> None:
        self.host.suspend(instance_id, reason)

    def resume(self, instance_id: str, reason: str) -> None:
        self.host.resume(instance_id, reason)

    def purge(self, instance_id: str) -> None:
        self.host.purge(instance_id)

    def signal(self, name: str, key: str, operation: str, data: Any = None) -> None:
        self.host.signal(name, key, operation, data)

    def entity(self, name: str, key: str) -> Any:
        return self.host.entity(name, key)

    def request(
        self, method: str, path: str, given: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        reply = self.host.request(method, path, json=given, headers=dict(headers or {}))
        names = {name.lower(): value for name, value in reply.headers.items()}
        return Reply(status=reply.status, headers=names, body=reply.body)

    def wait_until(self, check: Callable[[], Any]) -> Any:
        self.host.settle()
        return polled(check)


class OverHttp:
    """Plays stories on a host in a process of its own, in real time."""

    def __init__(self, server: "Server") -> None:
        self.server = server

    def start(
        self, name: str, given: Any = None, *, instance_id: str | None = None, version: str | None = None
    ) -> str:
        asked = {"instance_id": instance_id, "version": version}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        reply = self.request("POST", f"/api/start/{name}?{query}", given)
        return str(expect(202, reply).json()["id"])

    def result(self, instance_id: str) -> Any:
        seen = self.wait_until(lambda: self.ended(instance_id))
        if seen.state != "Completed":
            raise StoryFailed(instance_id, seen.state, str(seen.output))
        return seen.output

    def ended(self, instance_id: str) -> Seen | None:
        seen = self.look(instance_id)
        return seen if seen is not None and seen.state in ENDED else None

    def look(self, instance_id: str) -> Seen | None:
        reply = self.request("GET", f"{HOOKS}/instances/{quote(instance_id)}")
        if reply.status == 404:
            return None
        status = reply.json()
        return Seen(
            name=status["name"],
            state=status["runtimeStatus"],
            output=status["output"],
            custom=status["customStatus"],
        )

    def raise_event(self, instance_id: str, name: str, data: Any = None) -> None:
        # An event without data still needs a JSON body: the host refuses anything else.
        self.steer(instance_id, f"raiseEvent/{quote(name)}", json.dumps(data))

    def terminate(self, instance_id: str, reason: str) -> None:
        self.steer(instance_id, f"terminate?reason={quote(reason)}")

    def suspend(self, instance_id: str, reason: str) -> None:
        self.steer(instance_id, f"suspend?reason={quote(reason)}")

    def resume(self, instance_id: str, reason: str) -> None:
        self.steer(instance_id, f"resume?reason={quote(reason)}")

    def steer(self, instance_id: str, action: str, body: str | None = None) -> None:
        expect(202, self.server.request("POST", f"{HOOKS}/instances/{quote(instance_id)}/{action}", body, {}))

    def purge(self, instance_id: str) -> None:
        expect(200, self.request("DELETE", f"{HOOKS}/instances/{quote(instance_id)}"))

    def signal(self, name: str, key: str, operation: str, data: Any = None) -> None:
        expect(202, self.request("POST", f"/api/signal/{name}/{key}/{operation}", data))

    def entity(self, name: str, key: str) -> Any:
        reply = self.request("GET", f"{HOOKS}/entities/{name}/{key}")
        return None if reply.status == 404 else expect(200, reply).json()

    def request(
        self, method: str, path: str, given: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        body = None if given is None else json.dumps(given)
        return self.server.request(method, path, body, headers or {})

    def wait_until(self, check: Callable[[], Any]) -> Any:
        return polled(check)


class Server:
    """`python -m devhost` on a free port; `log` holds what it printed."""

    def __init__(self, app: str, replay: str, folder: Path, *options: str) -> None:
        self.log = folder / "host.log"
        (folder / "state").mkdir(exist_ok=True)
        command = [sys.executable, "-m", "devhost", "--app", str(APPS / app), "--port", "0"]
        command += ["--state", str(folder / "state"), "--replay", replay, *options]
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": paths}
            )
        try:
            self.address = urlsplit(polled(self.announced))
        except TimeoutError:
            self.process.kill()
            self.process.wait()
            raise

    def announced(self) -> str | None:
        text = self.log.read_text(encoding="utf-8")
        for line in text.splitlines(keepends=True):
            if "Listening on http://" in line and line.endswith("\n"):
                return line.partition("Listening on ")[2].split()[0]
        if self.process.poll() is not None:
            raise RuntimeError(f"The host ended with {self.process.returncode} before it listened:\n{text}")
        return None

    def request(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Reply:
        connection = http.client.HTTPConnection(str(self.address.hostname), self.address.port, timeout=20)
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, path, body, {**kind, **headers})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(status=response.status, headers=names, body=response.read())
        finally:
            connection.close()

    def stop(self) -> int:
        """End the host politely and return its exit status; a deaf one is killed and refused."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def expect(status: int, reply: Reply) -> Reply:
    assert reply.status == status, (reply.status, reply.body)
    return reply


def parsed(text: str | None) -> Any:
    """A stored text as the status answer shows it: JSON if it is, else as it stands."""
    try:
        return None if text is None else json.loads(text)
    except json.JSONDecodeError:
        return text


def polled(check: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true answer of a check; refuses to wait for ever."""
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Nothing true came of {check!r} within {seconds} s.")
        time.sleep(0.02)
    return answer

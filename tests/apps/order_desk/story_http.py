"""A small HTTP client for the story: JSON calls, polling, and checks that say what was wrong."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

ENDED = {"Completed", "Failed", "Terminated", "Canceled"}


class WrongError(Exception):
    """An answer that is not the right one."""


def check(what: str, got: Any, wanted: Any) -> None:
    if got != wanted:
        raise WrongError(f"{what}: wanted {wanted!r}, got {got!r}")


def check_that(what: str, holds: bool, got: Any) -> None:
    if not holds:
        raise WrongError(f"{what}: got {got!r}")


class Answer:
    """One HTTP answer: its code, its headers, and its body as JSON where it is JSON."""

    def __init__(self, code: int, headers: Any, text: str):
        self.code, self.headers, self.text = code, headers, text
        try:
            self.body = json.loads(text)
        except ValueError:
            self.body = {"not JSON": text[:400], "code": code}


class Desk:
    """The running host, under one deadline for the step in hand."""

    def __init__(self, base_url: str, key: str, seconds: float):
        self.base, self.key, self.seconds = base_url.rstrip("/"), key, seconds
        self.deadline = time.monotonic() + seconds

    def start_step(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def left(self, doing: str) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise WrongError(f"out of time ({self.seconds:.0f} s): {doing}")
        return left

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Call /api/<path>, or a whole URL as the host handed it out."""
        url = path if path.startswith("http") else f"{self.base}/api/{path}"
        headers = {"Content-Type": "application/json"}
        if self.key and not path.startswith("http"):
            headers["x-functions-key"] = self.key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.left(f"{method} {url}")) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())
        except OSError as error:
            raise WrongError(f"{method} {url}: {error}") from error

    def expect(self, code: int, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        if answer.code != code:
            raise WrongError(f"{method} {path}: wanted {code}, got {answer.code}: {answer.text[:400]}")
        return answer.body

    def start(self, method: str, path: str, body: Any = None) -> dict:
        """Start an orchestration and check the 202 that every starter gives."""
        answer = self.call(method, path, body)
        if answer.code != 202:
            raise WrongError(f"{method} {path}: wanted 202, got {answer.code}: {answer.text[:400]}")
        links = answer.body
        check_that("Location header", bool(answer.headers.get("Location")), dict(answer.headers))
        for name in ("id", "statusQueryGetUri", "sendEventPostUri", "terminatePostUri"):
            check_that(f"{name} in the 202", bool(links.get(name)), links)
        return links

    def until(self, what: str, look: Callable[[], Any], right: Callable[[Any], bool]) -> Any:
        """Look again and again until it is right; at the deadline, say what was seen last."""
        seen = look()
        while not right(seen):
            if time.monotonic() + 0.2 > self.deadline:
                raise WrongError(f"out of time ({self.seconds:.0f} s): {what}; last seen {seen!r}")
            time.sleep(0.2)
            seen = look()
        return seen

    def finish(self, links: dict, status: str = "Completed") -> Any:
        """Poll the status URL until the instance has ended that way; its output."""

        def look() -> Any:
            return self.call("GET", links["statusQueryGetUri"]).body

        ended = self.until(
            f"{links['id']} to end",
            look,
            lambda seen: isinstance(seen, dict) and seen.get("runtimeStatus") in ENDED,
        )
        if ended["runtimeStatus"] != status:
            raise WrongError(f"{links['id']}: wanted {status}, got {ended}")
        return ended["output"]

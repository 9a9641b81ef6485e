"""The app's HTTP API, as the commands need it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from dirigent.cli.door import Answer, Door, Stranger, Unreachable
from dirigent.cli.guards import come_back

#: When to come back, as the app's sentences say it.
_AGAIN = re.compile(r"Come back in \d+(?:\.\d+)? seconds\.")
_TELLS_WHEN = re.compile(r"\bin \d+(?:\.\d+)? s(?:econds)?\b")
LETTERS = "/api/dead-letters"
#: Of others' words that are told.
_MOST = 200
_SIGN_IN = "a token with --token or DIRIGENT_TOKEN where it asks for a sign-in"


class Refused(Exception):
    """The app would not do it; the sentence and the problems of single fields are the app's own."""

    def __init__(
        self,
        status: int,
        sentence: str,
        problems: tuple[str, ...] = (),
        body: Mapping[str, Any] | None = None,
    ) -> None:
        self.status, self.sentence, self.problems = status, sentence, problems
        #: What was answered, for programs; None when that was no JSON object.
        self.body = body
        super().__init__("\n".join([sentence, *(f"  {problem}" for problem in problems)]))


class Api:
    """Asks through a door and insists on the answers this API gives."""

    def __init__(self, door: Door, url: str) -> None:
        self._door, self._url = door, url

    def start(self, workflow: str, given: Mapping[str, object], key: str | None) -> dict[str, Any]:
        """Start a run; what the app says of it."""
        headers = {} if key is None else {"Idempotency-Key": key}
        path = f"/api/workflows/{quote(workflow, safe='')}"
        return self._checked(self._door.send("POST", path, body=dict(given), headers=headers), "task_id")

    def task(self, task: str) -> dict[str, Any]:
        """The task as it stands."""
        return self._checked(self._door.send("GET", _task(task)), "status")

    def look(self, task: str, tag: str | None) -> Answer:
        """The answer about a task, whatever it is; 304 when it still has that tag."""
        return self._door.send("GET", _task(task), headers={} if tag is None else {"If-None-Match": tag})

    def trace(self, task: str) -> dict[str, Any]:
        """What the task's steps took."""
        return self._checked(self._door.send("GET", f"{_task(task)}/trace"), "steps")

    def cancel(self, task: str, reason: str | None) -> dict[str, Any]:
        """Tell the task to end; what the app says of it."""
        body = None if reason is None else {"reason": reason}
        return self._checked(self._door.send("POST", f"{_task(task)}/cancel", body=body))

    def circuits(self) -> dict[str, Any]:
        """Every circuit."""
        return self._checked(self._door.send("GET", "/api/circuits"), "circuits")

    def circuit(self, name: str) -> dict[str, Any]:
        """One circuit."""
        return self._checked(self._door.send("GET", _circuit(name)))

    def reset(self, name: str) -> dict[str, Any]:
        """Close the circuit; it, as it stands then."""
        return self._checked(self._door.send("POST", f"{_circuit(name)}/reset"))

    def limits(self, level: str, key: str) -> dict[str, Any]:
        """What somebody may still do."""
        path = f"/api/limits/{quote(level, safe='')}/{quote(key, safe='')}"
        return self._checked(self._door.send("GET", path))

    def tasks(self, filters: Mapping[str, object]) -> dict[str, Any]:
        """A page of tasks."""
        asked = {name: value for name, value in filters.items() if value is not None}
        return self._checked(self._door.send("GET", f"/api/tasks?{urlencode(asked)}".rstrip("?")), "tasks")

    def workflows(self) -> dict[str, Any]:
        """What can be started."""
        return self._checked(self._door.send("GET", "/api/workflows"), "workflows")

    def agents(self) -> dict[str, Any]:
        """Who does the steps."""
        return self._checked(self._door.send("GET", "/api/agents"), "agents")

    def workflow(self, name: str) -> dict[str, Any]:
        """The workflow as it is declared now."""
        return self._checked(self._door.send("GET", f"/api/workflows/{quote(name, safe='')}"))

    def tell(self, topic: str, event: Mapping[str, object]) -> dict[str, Any]:
        """Tell an event; who hears of it."""
        path = f"/api/events/{quote(topic, safe='')}"
        return self._checked(self._door.send("POST", path, body=dict(event)), "events")

    def dead_letters(self, filters: Mapping[str, object]) -> dict[str, Any]:
        """A page of dead letters, or of their causes."""
        asked = {name: value for name, value in filters.items() if value is not None}
        return self._checked(self._door.send("GET", f"{LETTERS}?{urlencode(asked)}".rstrip("?")))

    def dead_letter(self, letter: str) -> dict[str, Any]:
        """One dead letter with its message."""
        return self._checked(self._door.send("GET", _letter(letter)), "state")

    def replay(self, letter: str, *, again: bool) -> dict[str, Any]:
        """Have one dead letter told again; it, as it stands then."""
        body = {"again": True} if again else None
        return self._checked(self._door.send("POST", f"{_letter(letter)}/replay", body=body), "state")

    def discard(self, letter: str) -> dict[str, Any]:
        """Give a dead letter up; it, as it stands then."""
        return self._checked(self._door.send("POST", f"{_letter(letter)}/discard"), "state")

    def replay_many(self, wish: Mapping[str, object]) -> dict[str, Any]:
        """Have many dead letters told again, or counted; what the app says of it."""
        asked = {name: value for name, value in wish.items() if value is not None}
        return self._checked(self._door.send("POST", f"{LETTERS}/replay", body=asked), "matching")

    def replay_of_many(self, replay: str) -> dict[str, Any]:
        """How far a replay of many is."""
        return self._checked(self._door.send("GET", _replay(replay)), "replayed")

    def stop_replay(self, replay: str) -> dict[str, Any]:
        """Have a replay of many tell no more; what the app says of it."""
        return self._checked(self._door.send("POST", f"{_replay(replay)}/stop"))

    def checked_task(self, answer: Answer) -> dict[str, Any]:
        """The task in an answer about one."""
        return self._checked(answer, "status")

    def _checked(self, answer: Answer, member: str = "") -> dict[str, Any]:
        """The object answered, which has that member."""
        value = answer.json()
        if 200 <= answer.status < 300 and isinstance(value, dict) and (not member or member in value):
            return value
        if _is_strange(answer):
            raise Stranger(self._url, f"it answered {answer.status}{_said(value)}, and not as this app does")
        if 400 <= answer.status < 500 or _is_problem(answer):
            raise refusal(answer)
        why = f"it answered {answer.status}"
        if 300 <= answer.status < 400:
            why += f", a redirection: is it the right address? Give {_SIGN_IN}"
        elif answer.status < 300:
            why += ", and not as this app does; is it the right address?"
        else:
            why += _said(value)
        raise Unreachable(self._url, why)


def refusal(answer: Answer) -> Refused:
    """What an answer of 400 and above says."""
    value = answer.json()
    if not isinstance(value, dict):
        return Refused(answer.status, f"{_bare(answer.status)}{_rest(answer)}")
    sentence = _rounded(_sentence(value) or _bare(answer.status))
    # The app's own sentence says when; those of fronts before it may not.
    is_told = "retry_after" in value or _TELLS_WHEN.search(sentence) is not None
    sentence += "" if is_told else _rest(answer)
    errors = value.get("errors")
    told = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    # A sentence that is the only problem's own needs not be said twice.
    told = [e for e in told if len(told) > 1 or e.get("message") != sentence]
    problems = tuple(f"{e.get('field') or 'input'}: {e.get('message')}" for e in told)
    return Refused(answer.status, sentence, problems, value)


def _is_problem(answer: Answer) -> bool:
    """Whether the app itself says why not: a front before it has no such document."""
    value = answer.json()
    if not isinstance(value, dict) or answer.status < 400:
        return False
    return value.get("status") == answer.status and isinstance(value.get("error"), str)


def _is_strange(answer: Answer) -> bool:
    """Whether somebody else refuses: this app's `error` is a sentence, that of most others an object."""
    value = answer.json()
    is_refusal = 400 <= answer.status < 500
    return is_refusal and isinstance(value, dict) and isinstance(value.get("error"), dict)


def _sentence(value: Mapping[str, Any]) -> str:
    found = (value.get("error"), value.get("detail"))
    return next((text for text in found if isinstance(text, str) and text), "")


def _said(value: object) -> str:
    """The sentence in somebody's answer, in brackets; nothing without one."""
    error = value.get("error") if isinstance(value, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    line = " ".join(text.split()).removesuffix(".") if isinstance(text, str) else ""
    return f" ({line[:_MOST]})" if line else ""


def _rounded(sentence: str) -> str:
    """The same, in whole seconds."""
    return _AGAIN.sub(lambda found: come_back(float(found[0].split()[3])), sentence)


def _bare(status: int) -> str:
    if status in (401, 403):
        key = "give its key with --function-key or DIRIGENT_FUNCTION_KEY"
        return f"The app answered {status}: {key}, and {_SIGN_IN}."
    if status == 404:
        return "The app answered 404 without a reason: is this the right address?"
    return f"The app answered {status} without a reason."


def _rest(answer: Answer) -> str:
    """When to come back, where the answer's header says it."""
    asked = answer.headers.get("retry-after", "")
    is_told = answer.status in (429, 503) and asked.isdecimal() and asked.isascii()
    return f" {come_back(float(asked))}" if is_told else ""


def _circuit(name: str) -> str:
    return f"/api/circuits/{quote(name, safe='')}"


def _letter(letter: str) -> str:
    return f"{LETTERS}/{quote(letter, safe='')}"


def _replay(replay: str) -> str:
    return f"{LETTERS}/replays/{quote(replay, safe='')}"


def _task(task: str) -> str:
    return f"/api/task/{quote(task, safe='')}"

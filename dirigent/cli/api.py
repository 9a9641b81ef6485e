"""The app's HTTP API, as the commands need it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from dirigent.cli.door import Answer, Door, Unreachable


class Refused(Exception):
    """The app would not do it; the sentence and the problems of single fields are the app's own."""

    def __init__(self, status: int, sentence: str, problems: tuple[str, ...] = ()) -> None:
        self.status, self.sentence, self.problems = status, sentence, problems
        super().__init__("\n".join([sentence, *(f"  {problem}" for problem in problems)]))


class Api:
    """Asks through a door and insists on the answers this API gives."""

    def __init__(self, door: Door, url: str) -> None:
        self._door, self._url = door, url

    def start(self, workflow: str, given: Mapping[str, object], key: str | None) -> dict[str, Any]:
        """Start a run; what the app says of it."""
        headers = {} if key is None else {"Idempotency-Key": key}
        path = f"/api/workflows/{quote(workflow, safe='')}"
        return self._checked(self._door.send("POST", path, body=dict(given), headers=headers))

    def task(self, task: str) -> dict[str, Any]:
        """The task as it stands."""
        return self._checked(self._door.send("GET", _task(task)))

    def look(self, task: str, tag: str | None) -> Answer:
        """The answer about a task, whatever it is; 304 when it still has that tag."""
        return self._door.send("GET", _task(task), headers={} if tag is None else {"If-None-Match": tag})

    def trace(self, task: str) -> dict[str, Any]:
        """What the task's steps took."""
        return self._checked(self._door.send("GET", f"{_task(task)}/trace"))

    def tasks(self, filters: Mapping[str, object]) -> dict[str, Any]:
        """A page of tasks."""
        asked = {name: value for name, value in filters.items() if value is not None}
        return self._checked(self._door.send("GET", f"/api/tasks?{urlencode(asked)}".rstrip("?")))

    def workflows(self) -> dict[str, Any]:
        """What can be started."""
        return self._checked(self._door.send("GET", "/api/workflows"))

    def agents(self) -> dict[str, Any]:
        """Who does the steps."""
        return self._checked(self._door.send("GET", "/api/agents"))

    def workflow(self, name: str) -> dict[str, Any] | None:
        """The workflow as it is declared now; None when there is none of that name."""
        answer = self._door.send("GET", f"/api/workflows/{quote(name, safe='')}")
        return None if answer.status == 404 else self._checked(answer)

    def checked_task(self, answer: Answer) -> dict[str, Any]:
        """The task in an answer about one."""
        return self._checked(answer)

    def _checked(self, answer: Answer) -> dict[str, Any]:
        value = answer.json()
        if 200 <= answer.status < 300 and isinstance(value, dict):
            return value
        if 400 <= answer.status < 500:
            raise refusal(answer)
        why = f"it answered {answer.status}"
        if isinstance(value, dict) and value.get("error"):
            why += f": {value['error']}"
        elif 200 <= answer.status < 400:
            why += ", and not as this app does; is it the right address?"
        raise Unreachable(self._url, why)


def refusal(answer: Answer) -> Refused:
    """What an answer of 400 to 499 says."""
    value = answer.json()
    if not isinstance(value, dict):
        return Refused(answer.status, _bare(answer.status))
    sentence = str(value.get("error") or value.get("detail") or _bare(answer.status))
    errors = value.get("errors")
    told = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    # A sentence that is the only problem's own needs not be said twice.
    told = [e for e in told if len(told) > 1 or e.get("message") != sentence]
    return Refused(
        answer.status, sentence, tuple(f"{e.get('field') or 'input'}: {e.get('message')}" for e in told)
    )


def _bare(status: int) -> str:
    if status in (401, 403):
        return f"The app answered {status}: give its key with --function-key or DIRIGENT_FUNCTION_KEY."
    if status == 404:
        return "The app answered 404 without a reason: is this the right address?"
    return f"The app answered {status} without a reason."


def _task(task: str) -> str:
    return f"/api/task/{quote(task, safe='')}"

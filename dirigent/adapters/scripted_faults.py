"""Which call meets which fault of a script, and what the fault looks like from outside."""

from threading import Lock

from dirigent.adapters.model_script import Fault, Rule, Script
from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import Request

_CATEGORIES = {
    401: Category.AUTHENTICATION,
    403: Category.AUTHENTICATION,
    408: Category.TIMEOUT,
    429: Category.RATE_LIMIT,
}
_MEANINGS = {
    Category.AUTHENTICATION: "refused the key; set a valid key or role for the model",
    Category.TIMEOUT: "gave up waiting",
    Category.RATE_LIMIT: "asks for fewer calls; wait and try again",
    Category.TRANSIENT: "had an error of its own; try again",
    Category.PERMANENT: "refused the request; change it before trying again",
}


class ScriptedFaults:
    """Counts calls for as long as the process lives, from any thread."""

    def __init__(self, script: Script) -> None:
        self._rules = script.faults
        self._seen = [0] * len(script.faults)
        self._lock = Lock()

    def next_for(self, request: Request) -> Fault | None:
        """The fault of the first rule that is due; the rules behind it do not see the call."""
        with self._lock:
            for number, rule in enumerate(self._rules):
                if _is_meant(rule, request):
                    self._seen[number] += 1
                    met = self._seen[number] - rule.after
                    if met > 0 and (rule.times is None or met <= rule.times):
                        return rule.fault
        return None


def refusal(status: int, retry_after: float | None, deployment: str) -> Failure:
    """What a provider's status amounts to."""
    category = _CATEGORIES.get(status, Category.TRANSIENT if status >= 500 else Category.PERMANENT)
    message = f"The model {deployment!r} answered {status} (scripted): it {_MEANINGS[category]}."
    return Failure(category=category, message=message, retry_after=retry_after)


def garbage(deployment: str) -> Failure:
    """An answer that is none; TRANSIENT, since models roll dice and the next answer is as a rule sound."""
    message = f"The model {deployment!r} sent an answer that cannot be read (scripted); try again."
    return Failure(category=Category.TRANSIENT, message=message)


def silence(deployment: str) -> Failure:
    """What is left to say when nobody gave up waiting."""
    message = f"The model {deployment!r} did not answer (scripted); set a time limit for the call."
    return Failure(category=Category.TIMEOUT, message=message)


def _is_meant(rule: Rule, request: Request) -> bool:
    return (
        rule.agent in (None, request.agent)
        and rule.deployment in (None, request.deployment)
        and (rule.contains is None or rule.contains in request.prompt)
    )

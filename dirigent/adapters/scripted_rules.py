"""Which call is met by which rule of a script."""

from threading import Lock
from typing import Generic, TypeVar

from dirigent.adapters.model_script import Match
from dirigent.ports.model import Request

Rule = TypeVar("Rule", bound=Match)


class ScriptedRules(Generic[Rule]):
    """Counts calls for as long as the process lives, from any thread."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._seen = [0] * len(rules)
        self._lock = Lock()

    def next_for(self, request: Request) -> Rule | None:
        """The first rule that is due; those behind it do not see the call."""
        with self._lock:
            for number, rule in enumerate(self._rules):
                if _is_meant(rule, request):
                    self._seen[number] += 1
                    met = self._seen[number] - rule.after
                    if met > 0 and (rule.times is None or met <= rule.times):
                        return rule
        return None


def _is_meant(rule: Match, request: Request) -> bool:
    return (
        rule.agent in (None, request.agent)
        and rule.deployment in (None, request.deployment)
        and (rule.contains is None or rule.contains in request.prompt)
    )

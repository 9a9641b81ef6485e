"""Every key a declaration may hold, and what it takes."""

import re
from typing import get_args

from dirigent.declarations.alternatives import only_one_of
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import (
    REFUSED,
    Choice,
    Draft,
    Fields,
    Key,
    Keys,
    Kind,
    Named,
    Number,
    Printable,
    Text,
    Truth,
)
from dirigent.declarations.nodes import LONGEST_KEY, Mapping, Node, Scalar
from dirigent.declarations.pattern_keys import WORKFLOW_KIND
from dirigent.declarations.subscriptions import ELSEWHERE, SUBSCRIPTION, SUBSCRIPTION_NAME
from dirigent.declarations.values import AGENT_NAME, LINE, LONGEST_WAIT, MODEL_NAME, NAMED, PROSE, TIMEOUT
from dirigent.domain.dialects import Structure, Tokens

UNLIMITED = "unlimited"

_Wait = Number(low=0, high=900)
_Count = Number(low=1, high=1_000_000_000, is_whole=True)


class _Limit:
    """How many a window lets through; None stands for no limit."""

    says = f"{_Count.says}, or `{UNLIMITED}`"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The number, or None."""
        value = node.value if isinstance(node, Scalar) else None
        if value == UNLIMITED:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            if _Count.low <= value <= _Count.high:
                return value
            report.add(place, f"{value} is out of bounds: write a {self.says}.")
            return REFUSED
        written = repr(value[:LONGEST_KEY]) if isinstance(value, str) and value else node.kind
        report.add(place, f"Must be a {self.says}, not {written}.")
        return REFUSED


_WINDOW = Key(kind=_Limit())

LIMITS: Keys = {"burst": _WINDOW, "minute": _WINDOW, "hour": _WINDOW, "day": _WINDOW}


class _Limits:
    """The limits of the windows; one word says of all of them that there is none."""

    says = f"the limits of windows, or `{UNLIMITED}`"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the limits."""
        if isinstance(node, Scalar) and node.value == UNLIMITED:
            return Draft(place=place, values=dict.fromkeys(LIMITS), written=frozenset(LIMITS))
        if not isinstance(node, Mapping):
            says = f"a mapping such as {{minute: 60}}, or the word {UNLIMITED}"
            report.add(place, f"Must be {says}, not {node.kind}.")
            return REFUSED
        return Fields(keys=LIMITS).read(node, place, report)


_Windows: Kind = _Limits()

FALLBACK: Keys = {
    "agent": Key(kind=AGENT_NAME),
    "model": Key(kind=MODEL_NAME),
    "value": Key(kind=PROSE),
}


class _Fallback:
    """Who answers in an agent's place: one of the three."""

    says = "one of `agent`, `model` and `value`"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the fallback."""
        found = Fields(keys=FALLBACK, says=self.says, example="{agent: editor}").read(node, place, report)
        return only_one_of(found, FALLBACK, "say who or what answers", place, report)


BREAKER: Keys = {
    "failures": Key(kind=Number(low=1, high=1_000, is_whole=True)),
    "cool_down": Key(kind=Number(low=0.1, high=LONGEST_WAIT)),
    "trials": Key(kind=Number(low=1, high=100, is_whole=True)),
    "success_threshold": Key(kind=Number(low=1, high=100, is_whole=True)),
}

DIALECT: Keys = {
    "temperature": Key(kind=Truth()),
    "tokens": Key(kind=Choice(options=get_args(Tokens))),
    "structure": Key(kind=Choice(options=get_args(Structure))),
}

MODEL: Keys = {
    "deployment": Key(kind=Text(says="a text of up to 200 characters", longest=200), required=True),
    "description": Key(kind=LINE),
    "endpoint": Key(kind=NAMED),
    "dialect": Key(kind=Fields(keys=DIALECT, says="the keys of a dialect", example="{temperature: false}")),
    "breaker": Key(kind=Fields(keys=BREAKER, says="the keys of a breaker", example="{failures: 5}")),
}

RETRY: Keys = {
    "max_attempts": Key(kind=Number(low=1, high=20, is_whole=True)),
    "initial_delay": Key(kind=_Wait),
    "exponential_base": Key(kind=Number(low=1, high=10)),
    "max_delay": Key(kind=_Wait),
}

AGENT: Keys = {
    "description": Key(kind=LINE, required=True),
    "instructions": Key(kind=PROSE, required=True),
    "model": Key(kind=MODEL_NAME, required=True),
    "temperature": Key(kind=Number(low=0, high=2)),
    "token_limit": Key(kind=Number(low=1, high=1_000_000, is_whole=True)),
    "timeout": Key(kind=TIMEOUT),
    "retry": Key(kind=Fields(keys=RETRY, says="the keys of a retry policy", example="{max_attempts: 3}")),
    "limits": Key(kind=_Windows),
    "fallback": Key(kind=_Fallback()),
}

ACCOUNT: Keys = {
    "limits": Key(kind=_Windows),
    "users": Key(kind=_Windows),
}

#: Accounts are called what identity providers call them.
_Account = Printable(
    says="a name of up to 500 characters without `/`, `\\`, `#`, `?`, `%` and blanks at either end",
    longest=500,
    pattern=re.compile(r"(?! )[^/\\#?%]+(?<! )"),
)

_WITH_ITS_MODEL = {
    key: f"{article} {key} stands with its model, in models.yaml."
    for key, article in {"breaker": "a", "deployment": "a", "dialect": "a", "endpoint": "an"}.items()
}

_SECTIONS: dict[str, tuple[Text, Kind, int]] = {
    "models": (NAMED, Fields(keys=MODEL), 1_000),
    "agents": (
        NAMED,
        Fields(keys=AGENT, elsewhere=_WITH_ITS_MODEL),
        1_000,
    ),
    "workflows": (NAMED, WORKFLOW_KIND, 1_000),
    "accounts": (_Account, Fields(keys=ACCOUNT), 10_000),
    "subscriptions": (SUBSCRIPTION_NAME, Fields(keys=SUBSCRIPTION, elsewhere=ELSEWHERE), 1_000),
}


def section(name: str) -> Named:
    """What a file of models, agents, workflows, accounts or subscriptions holds."""
    called, kind, most = _SECTIONS[name]
    return Named(
        says=f"a mapping of {name}: name, then what it is",
        name=called,
        kind=kind,
        least=1,
        most=most,
    )

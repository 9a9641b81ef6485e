"""Every key a declaration may hold, and what it takes."""

import re

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import (
    IDENTIFIER,
    LONGEST_NAME,
    NAME,
    REFUSED,
    Anything,
    Choice,
    Draft,
    Fields,
    Key,
    Keys,
    Kind,
    Listed,
    Named,
    Number,
    Printable,
    Text,
    Truth,
)
from dirigent.declarations.nodes import LONGEST_KEY, Mapping, Node, Scalar

LONGEST_RUN = 7 * 24 * 3600
LONGEST_CALL = 1800
#: In less time nothing is ever done: every order would come too late and be given again.
SHORTEST = 0.1
LONGEST_WAIT = 86_400
UNLIMITED = "unlimited"

_Line = Text(says="a text of up to 2,000 characters", longest=2_000)
_Prose = Text(says="a text of up to 100,000 characters", longest=100_000)
_Name = Text(says="a name of lower-case letters, digits and hyphens", longest=LONGEST_NAME, pattern=NAME)
_Identifier = Text(
    says="a name of letters, digits and underscores that begins with no digit",
    longest=LONGEST_NAME,
    pattern=IDENTIFIER,
)
_Timeout = Number(low=SHORTEST, high=LONGEST_CALL)
_Wait = Number(low=0, high=900)
_Agent = Text(says="the name of an agent", longest=LONGEST_NAME, pattern=NAME)
_Model = Text(says="the name of a model", longest=LONGEST_NAME, pattern=NAME)
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
    "agent": Key(kind=_Agent),
    "model": Key(kind=_Model),
    "value": Key(kind=_Prose),
}


class _Fallback:
    """Who answers in an agent's place: one of the three."""

    says = "one of `agent`, `model` and `value`"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the fallback."""
        found = Fields(keys=FALLBACK, says=self.says, example="{agent: editor}").read(node, place, report)
        return _one_of(found, FALLBACK, "say who or what answers", place, report)


def _one_of(found: object, keys: Keys, remedy: str, place: Place, report: Report) -> object:
    """The draft, if exactly one of the keys stands in it."""
    if not isinstance(found, Draft):
        return REFUSED
    written = [repr(key) for key in keys if key in found.written]
    if len(written) == 1:
        return found
    *others, last = written or map(repr, keys)
    listed = f"{', '.join(others)} and {last}"
    if written:
        report.add(place, f"Has {listed}, of which only one may stand here: keep one and remove the rest.")
    else:
        report.add(place, f"Must have one of {listed}: {remedy}.")
    return REFUSED


BREAKER: Keys = {
    "failures": Key(kind=Number(low=1, high=1_000, is_whole=True)),
    "cool_down": Key(kind=Number(low=0.1, high=LONGEST_WAIT)),
    "trials": Key(kind=Number(low=1, high=100, is_whole=True)),
    "success_threshold": Key(kind=Number(low=1, high=100, is_whole=True)),
}

MODEL: Keys = {
    "deployment": Key(kind=Text(says="a text of up to 200 characters", longest=200), required=True),
    "description": Key(kind=_Line),
    "breaker": Key(kind=Fields(keys=BREAKER, says="the keys of a breaker", example="{failures: 5}")),
}

RETRY: Keys = {
    "max_attempts": Key(kind=Number(low=1, high=20, is_whole=True)),
    "initial_delay": Key(kind=_Wait),
    "exponential_base": Key(kind=Number(low=1, high=10)),
    "max_delay": Key(kind=_Wait),
}

AGENT: Keys = {
    "description": Key(kind=_Line, required=True),
    "instructions": Key(kind=_Prose, required=True),
    "model": Key(kind=_Model, required=True),
    "temperature": Key(kind=Number(low=0, high=2)),
    "token_limit": Key(kind=Number(low=1, high=1_000_000, is_whole=True)),
    "timeout": Key(kind=_Timeout),
    "retry": Key(kind=Fields(keys=RETRY, says="the keys of a retry policy", example="{max_attempts: 3}")),
    "limits": Key(kind=_Windows),
    "fallback": Key(kind=_Fallback()),
}

INPUT_FIELD: Keys = {
    "type": Key(kind=Choice(options=("string", "integer", "number", "boolean", "list"))),
    "required": Key(kind=Truth()),
    "description": Key(kind=_Line),
    "missing": Key(kind=Text(says="a sentence of up to 500 characters", longest=500)),
    "max_length": Key(kind=Number(low=1, high=1_000_000, is_whole=True)),
}

_STEP: Keys = {
    "name": Key(kind=_Name, required=True),
    "output": Key(kind=_Identifier, required=True),
    "record": Key(
        kind=Text(
            says="a name of letters, digits, hyphens and underscores",
            longest=LONGEST_NAME,
            pattern=re.compile(r"[A-Za-z0-9_-]+"),
        )
    ),
    "timeout": Key(kind=_Timeout),
    "total_timeout": Key(kind=Number(low=SHORTEST, high=LONGEST_RUN)),
}

ASK_STEP: Keys = {
    "agent": Key(kind=_Agent, required=True),
    "prompt": Key(kind=_Prose, required=True),
    **_STEP,
}

PUBLISH_STEP: Keys = {
    "publish": Key(
        kind=Text(says="the name of an output", longest=LONGEST_NAME, pattern=IDENTIFIER), required=True
    ),
    "filename": Key(
        kind=Text(
            says="a name of letters, digits, `.`, `-`, `_` and variables, with an extension",
            longest=100,
            pattern=re.compile(
                r"(?:[A-Za-z0-9_-]|\{\{[^{}\n]*\}\})(?:[A-Za-z0-9._-]|\{\{[^{}\n]*\}\})*\.[A-Za-z0-9]+"
            ),
        ),
        required=True,
    ),
    "content_type": Key(
        kind=Text(
            says="a media type such as `text/plain; charset=utf-8`",
            longest=200,
            pattern=re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*", re.ASCII),
        )
    ),
    **_STEP,
}

RESULT_FIELD: Keys = {
    "value": Key(kind=_Identifier),
    "words_of": Key(kind=_Identifier),
}


class _Step:
    """A step of one of the kinds; which one, its keys tell."""

    says = "a step: a mapping with 'name', 'output', and 'agent' or 'publish'"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the step."""
        if not isinstance(node, Mapping):
            report.add(place, f"Must be {self.says}, not {node.kind}.")
            return REFUSED
        written = {entry.key for entry in node.entries}
        asks, publishes = "agent" in written, "publish" in written
        if asks and publishes:
            report.add(place, "Has both 'agent' and 'publish': make it two steps.")
        elif not asks and not publishes:
            report.add(place, "Says not what to do: add 'agent' and 'prompt', or 'publish' and 'filename'.")
        else:
            return Fields(keys=PUBLISH_STEP if publishes else ASK_STEP).read(node, place, report)
        # Of which kind it was meant to be, nobody knows: no key is missing, and those of both are known.
        either = {name: Key(kind=key.kind) for name, key in {**ASK_STEP, **PUBLISH_STEP}.items()}
        return Fields(keys=either).read(node, place, report)


class _Result:
    """A field of the result; a mere name is short for its value."""

    says = "a name, or a mapping with `value` or `words_of`"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the field."""
        if isinstance(node, Scalar):
            value = _Identifier.read(node, place, report)
            return REFUSED if value is REFUSED else Draft(place=place, values={"value": value})
        found = Fields(keys=RESULT_FIELD, says=self.says).read(node, place, report)
        return _one_of(found, RESULT_FIELD, "say where the field comes from", place, report)


STEP: Kind = _Step()

WORKFLOW: Keys = {
    "description": Key(kind=_Line, required=True),
    "type": Key(kind=_Identifier, required=True),
    "pattern": Key(kind=Choice(options=("sequential",))),
    "input": Key(
        kind=Named(
            says="a mapping of input fields; `{}` for none",
            name=_Identifier,
            kind=Fields(keys=INPUT_FIELD),
        ),
        required=True,
    ),
    "steps": Key(kind=Listed(says="a list of 1 to 1,000 steps", kind=STEP, most=1_000), required=True),
    "result": Key(
        kind=Named(says="a mapping of result fields", name=_Identifier, kind=_Result(), least=1),
        required=True,
    ),
    "timeout": Key(kind=Number(low=SHORTEST, high=LONGEST_RUN)),
    "max_wait": Key(kind=Number(low=0, high=LONGEST_WAIT)),
    "sample": Key(kind=Anything(says="a mapping that fits the input")),
}


ACCOUNT: Keys = {
    "limits": Key(kind=_Windows),
    "users": Key(kind=_Windows),
}

#: Accounts are called what identity providers call them.
_Account = Printable(
    says="a name of up to 500 characters without `/`, `\\`, `#`, `?` and blanks at the beginning or end",
    longest=500,
    pattern=re.compile(r"(?! )[^/\\#?]+(?<! )"),
)

#: Keys that are looked for in one section and stand in another.
_ELSEWHERE: dict[str, dict[str, str]] = {
    "agents": {"breaker": "a breaker stands with its model, in models.yaml."},
}

_SECTIONS: dict[str, tuple[Text, Keys, int]] = {
    "models": (_Name, MODEL, 1_000),
    "agents": (_Name, AGENT, 1_000),
    "workflows": (_Name, WORKFLOW, 1_000),
    "accounts": (_Account, ACCOUNT, 10_000),
}


def section(name: str) -> Named:
    """What a file of models, agents, workflows or accounts holds."""
    called, keys, most = _SECTIONS[name]
    return Named(
        says=f"a mapping of {name}: name, then what it is",
        name=called,
        kind=Fields(keys=keys, elsewhere=_ELSEWHERE.get(name, {})),
        least=1,
        most=most,
    )

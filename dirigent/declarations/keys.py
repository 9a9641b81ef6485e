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
    Text,
    Truth,
)
from dirigent.declarations.nodes import Mapping, Node, Scalar

LONGEST_RUN = 7 * 24 * 3600
LONGEST_CALL = 1800
#: In less time nothing is ever done: every order would come too late and be given again.
SHORTEST = 0.1

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

MODEL: Keys = {
    "deployment": Key(kind=Text(says="a text of up to 200 characters", longest=200), required=True),
    "description": Key(kind=_Line),
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
    "model": Key(kind=Text(says="the name of a model", longest=LONGEST_NAME, pattern=NAME), required=True),
    "temperature": Key(kind=Number(low=0, high=2)),
    "token_limit": Key(kind=Number(low=1, high=1_000_000, is_whole=True)),
    "timeout": Key(kind=_Timeout),
    "retry": Key(kind=Fields(keys=RETRY, says="the keys of a retry policy")),
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
}

ASK_STEP: Keys = {
    "agent": Key(kind=Text(says="the name of an agent", longest=LONGEST_NAME, pattern=NAME), required=True),
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
        if isinstance(found, Draft) and len(found.written & RESULT_FIELD.keys()) != 1:
            report.add(place, "Must have one of 'value' and 'words_of': say where the field comes from.")
            return REFUSED
        return found


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
    "sample": Key(kind=Anything(says="a mapping that fits the input")),
}


def section(name: str) -> Named:
    """What a file of models, agents or workflows holds."""
    keys = {"models": MODEL, "agents": AGENT, "workflows": WORKFLOW}[name]
    return Named(
        says=f"a mapping of {name}: name, then what it is",
        name=_Name,
        kind=Fields(keys=keys),
        least=1,
        most=1_000,
    )

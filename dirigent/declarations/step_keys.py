"""Every key that a step may hold, and a field of an input, an answer or a result."""

import re

from msgspec import Struct

from dirigent.declarations.alternatives import Alternative, Alternatives, only_one_of
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import (
    IDENTIFIER,
    LONGEST_NAME,
    REFUSED,
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
from dirigent.declarations.nodes import LONGEST_KEY, Mapping, Node, Scalar
from dirigent.declarations.values import (
    AGENT_NAME,
    CHANNELS,
    DURATION,
    EVENT_TYPE,
    IDENTIFIED,
    LINE,
    NAMED,
    PROPERTY,
    PROSE,
    TIMEOUT,
    TOPIC,
    WORKFLOW_NAME,
)
from dirigent.domain.elections import LONGEST_CHOICE
from dirigent.domain.events import LONGEST_TIME_TO_LIVE

_TYPES = Choice(options=("string", "integer", "number", "boolean", "list"))
_CHOSEN = Text(says=f"a text of up to {LONGEST_CHOICE} characters", longest=LONGEST_CHOICE)
#: An input field, an output, or a field of an output.
_READ = Text(
    says="a name, or an output and one of its fields such as `triage.kind`",
    longest=2 * LONGEST_NAME + 1,
    pattern=re.compile(rf"{IDENTIFIER.pattern}(?:\.{IDENTIFIER.pattern})?"),
)
_FIELD_OF = Text(
    says="an output and one of its fields, such as `triage.kind`",
    longest=2 * LONGEST_NAME + 1,
    pattern=re.compile(rf"{IDENTIFIER.pattern}\.{IDENTIFIER.pattern}"),
)

INPUT_FIELD: Keys = {
    "type": Key(kind=_TYPES),
    "required": Key(kind=Truth()),
    "description": Key(kind=LINE),
    "missing": Key(kind=Text(says="a sentence of up to 500 characters", longest=500)),
    "max_length": Key(kind=Number(low=1, high=1_000_000, is_whole=True)),
}

ANSWER_FIELD: Keys = {
    "type": Key(kind=_TYPES),
    "description": Key(kind=LINE),
    "one_of": Key(kind=Listed(says="a list of 2 to 100 texts", kind=_CHOSEN, least=2, most=100)),
}

ANSWERS: Kind = Named(
    says="a mapping of the fields of its answer",
    name=IDENTIFIED,
    kind=Fields(keys=ANSWER_FIELD),
    least=1,
    most=100,
)

RESULT_FIELD: Keys = {
    "value": Key(kind=_READ),
    "words_of": Key(kind=IDENTIFIED),
}


class Templates(Struct, frozen=True, kw_only=True):
    """Names, each with a template."""

    says: str
    #: What each may be called; None where it is held against something else.
    name: Text | None = None

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft: name → template."""
        if not isinstance(node, Mapping):
            report.add(place, f"Must be {self.says}, not {node.kind}.")
            return REFUSED
        before = len(report.findings)
        places = {entry.key: place.key(entry.key[:LONGEST_KEY], entry.line) for entry in node.entries}
        if self.name is not None:
            for entry in node.entries:
                label = Scalar(line=entry.line, value=entry.key, kind="a text")
                self.name.read(label, places[entry.key], report)
        read = {entry.key: PROSE.read(entry.node, places[entry.key], report) for entry in node.entries}
        values: dict[str, object] = {key: value for key, value in read.items() if value is not REFUSED}
        is_whole = len(report.findings) == before
        return Draft(place=place, values=values, places=places, written=frozenset(places), is_whole=is_whole)


GIVEN: Kind = Templates(says="a mapping of the other's input fields to templates")


class _Result:
    """A field of the result; a mere name is short for its value."""

    says = "a name, or a mapping with `value` or `words_of`"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the field."""
        if isinstance(node, Scalar):
            value = _READ.read(node, place, report)
            return REFUSED if value is REFUSED else Draft(place=place, values={"value": value})
        found = Fields(keys=RESULT_FIELD, says=self.says).read(node, place, report)
        return only_one_of(found, RESULT_FIELD, "say where the field comes from", place, report)


RESULT: Kind = Named(says="a mapping of result fields", name=IDENTIFIED, kind=_Result(), least=1)

#: What every step has.
CALLED: Keys = {
    "name": Key(kind=NAMED, required=True),
    "output": Key(kind=IDENTIFIED, required=True),
    "record": Key(
        kind=Text(
            says="a name of letters, digits, hyphens and underscores",
            longest=LONGEST_NAME,
            pattern=re.compile(r"[A-Za-z0-9_-]+"),
        )
    ),
}
TOTAL: Keys = {"total_timeout": Key(kind=DURATION)}
TIMES: Keys = {"timeout": Key(kind=TIMEOUT), **TOTAL}

ASKED: Keys = {
    "agent": Key(kind=AGENT_NAME, required=True),
    "prompt": Key(kind=PROSE, required=True),
    "answers": Key(kind=ANSWERS),
}
_PUBLISHED: Keys = {
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
}
DELEGATED: Keys = {
    "workflow": Key(kind=WORKFLOW_NAME, required=True),
    "with": Key(kind=GIVEN),
}
TOLD: Keys = {
    "event": Key(kind=EVENT_TYPE, required=True),
    "topic": Key(kind=TOPIC, required=True),
    "with": Key(kind=Templates(says="a mapping of the fields of its data to templates", name=IDENTIFIED)),
    "properties": Key(
        kind=Templates(says="a mapping of names to templates", name=PROPERTY),
    ),
    "time_to_live": Key(kind=Number(low=1, high=LONGEST_TIME_TO_LIVE)),
}
NOTIFIED: Keys = {
    "notify": Key(kind=Choice(options=CHANNELS), required=True),
    "to": Key(kind=LINE, required=True),
    "subject": Key(kind=LINE),
    "text": Key(kind=PROSE, required=True),
}

#: What stands in a step of one kind, and is looked for in another.
_OF_AGENTS = dict.fromkeys(("prompt", "answers"), "it belongs to a step that asks an agent.")
_OF_PUBLISHERS = dict.fromkeys(
    ("filename", "content_type"), "it belongs to a step that publishes; an `output` names the answer."
)
_OF_WORKFLOWS = dict.fromkeys(("with",), "it belongs to a step with `workflow` or `event`.")
_OF_TELLERS = dict.fromkeys(("topic", "properties", "time_to_live"), "it belongs to a step with `event`.")
_OF_NOTIFIERS = dict.fromkeys(("to", "subject", "text"), "it belongs to a step with `notify`.")
_OF_CHOICES = dict.fromkeys(("branches", "otherwise"), "it belongs to a step with `choose`.")

_OF_OTHERS = _OF_TELLERS | _OF_NOTIFIERS | _OF_CHOICES

OF_ASKING = _OF_PUBLISHERS | _OF_WORKFLOWS | _OF_OTHERS
OF_PUBLISHING = _OF_AGENTS | _OF_WORKFLOWS | _OF_OTHERS
OF_DELEGATING = {
    **_OF_AGENTS,
    **_OF_PUBLISHERS,
    **_OF_OTHERS,
    "timeout": "write `total_timeout`; how long one attempt may take is the other workflow's affair.",
    "input": "what the other workflow is started with stands in `with`.",
}
OF_TELLING = {
    **_OF_AGENTS,
    **_OF_PUBLISHERS,
    **_OF_NOTIFIERS,
    **_OF_CHOICES,
    "type": "the event's type is what `event` says.",
    "data": "the event's data stands in `with`.",
}
OF_NOTIFYING = {
    **_OF_AGENTS,
    **_OF_PUBLISHERS,
    **_OF_TELLERS,
    **_OF_CHOICES,
    "with": "what is told stands in `text`.",
    "channel": "the channel is what `notify` says.",
}

ASK_STEP: Keys = {**ASKED, **CALLED, **TIMES}
PUBLISH_STEP: Keys = {**_PUBLISHED, **CALLED, **TIMES}
WORKFLOW_STEP: Keys = {**DELEGATED, **CALLED, **TOTAL}
SEND_STEP: Keys = {**TOLD, **CALLED, **TIMES}
NOTIFY_STEP: Keys = {**NOTIFIED, **CALLED, **TIMES}

_OF_THE_CHOOSER = dict.fromkeys(
    ("name", "output", "record"), "all branches have what the step with `choose` has."
)

WAY: Kind = Alternatives(
    says="what is done then: a mapping with 'agent', 'publish', 'workflow', 'event' or 'notify'",
    options={
        "agent": Alternative(keys={**ASKED, **TIMES}, elsewhere=OF_ASKING | _OF_THE_CHOOSER),
        "publish": Alternative(keys={**_PUBLISHED, **TIMES}, elsewhere=OF_PUBLISHING | _OF_THE_CHOOSER),
        "workflow": Alternative(keys={**DELEGATED, **TOTAL}, elsewhere=OF_DELEGATING | _OF_THE_CHOOSER),
        "event": Alternative(keys={**TOLD, **TIMES}, elsewhere=OF_TELLING | _OF_THE_CHOOSER),
        "notify": Alternative(keys={**NOTIFIED, **TIMES}, elsewhere=OF_NOTIFYING | _OF_THE_CHOOSER),
    },
    remedy=(
        "add 'agent' and 'prompt', 'publish' and 'filename', 'workflow' and 'with', 'event' and 'topic', "
        "or 'notify', 'to' and 'text'."
    ),
)

CHOOSE_STEP: Keys = {
    "choose": Key(kind=_FIELD_OF, required=True),
    "branches": Key(
        kind=Named(
            says="a mapping of the field's values to what is done then", name=_CHOSEN, kind=WAY, least=1
        ),
        required=True,
    ),
    "otherwise": Key(kind=WAY),
    **CALLED,
}
_OF_BRANCHES = dict.fromkeys(
    (*ASKED, *_PUBLISHED, *DELEGATED, *TOLD, *NOTIFIED, *TIMES),
    "it stands in a branch, with what is done there.",
)

STEP: Kind = Alternatives(
    says=(
        "a step: a mapping with 'name', 'output', and 'agent', 'publish', 'workflow', 'event', 'notify' "
        "or 'choose'"
    ),
    options={
        "agent": Alternative(keys=ASK_STEP, elsewhere=OF_ASKING),
        "publish": Alternative(keys=PUBLISH_STEP, elsewhere=OF_PUBLISHING),
        "workflow": Alternative(keys=WORKFLOW_STEP, elsewhere=OF_DELEGATING),
        "event": Alternative(keys=SEND_STEP, elsewhere=OF_TELLING),
        "notify": Alternative(keys=NOTIFY_STEP, elsewhere=OF_NOTIFYING),
        "choose": Alternative(keys=CHOOSE_STEP, elsewhere=_OF_BRANCHES),
    },
    remedy=(
        "add 'agent' and 'prompt', 'publish' and 'filename', 'workflow' and 'with', 'event' and 'topic', "
        "'notify', 'to' and 'text', or 'choose' and 'branches'."
    ),
)

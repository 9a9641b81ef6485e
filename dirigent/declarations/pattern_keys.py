"""Every key of a workflow: those that all have, and those of each pattern."""

from dirigent.declarations.alternatives import Alternative, Alternatives
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import (
    REFUSED,
    Anything,
    Choice,
    Fields,
    Key,
    Keys,
    Kind,
    Listed,
    Named,
    Number,
    Text,
)
from dirigent.declarations.nodes import Mapping, Node, Scalar
from dirigent.declarations.step_keys import (
    ANSWERS,
    ASKED,
    CALLED,
    DELEGATED,
    INPUT_FIELD,
    NOTIFIED,
    OF_ASKING,
    OF_DELEGATING,
    OF_NOTIFYING,
    OF_TELLING,
    RESULT,
    STEP,
    TIMES,
    TOLD,
    TOTAL,
)
from dirigent.declarations.values import AGENT_NAME, DURATION, IDENTIFIED, LINE, LONGEST_WAIT, PROSE
from dirigent.domain.elections import LONGEST_CHOICE

MOST_STEPS = 1_000
MOST_VOTERS = 200
MOST_WEIGHT = 1_000
#: Seconds that branches and voters have where nothing else is said.
DEADLINE = 30.0

_RECORD = CALLED["record"]
_THE_NAME = "the name, with `_` for `-`"
_ITS_OUTPUT = Key(kind=IDENTIFIED, default=_THE_NAME)
_PROMPT = Key(kind=PROSE)
_ANSWERS = Key(kind=ANSWERS)
_FEWEST = Key(kind=Number(low=1, high=MOST_STEPS, is_whole=True), default="1")

MEMBER: Keys = {
    "name": CALLED["name"],
    **ASKED,
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
}
NESTED_MEMBER: Keys = {
    "name": CALLED["name"],
    **DELEGATED,
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TOTAL,
}
BRANCH: Keys = {**MEMBER, "prompt": _PROMPT}
TELLING_BRANCH: Keys = {
    "name": CALLED["name"],
    **TOLD,
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
}
NOTIFYING_BRANCH: Keys = {
    "name": CALLED["name"],
    **NOTIFIED,
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
}

COMBINE: Keys = {
    "name": Key(kind=CALLED["name"].kind, default="`combine`"),
    "output": Key(kind=IDENTIFIED, default="`combined`"),
    "record": _RECORD,
    "template": Key(kind=PROSE),
    "agent": Key(kind=AGENT_NAME),
    "prompt": _PROMPT,
    "answers": _ANSWERS,
    "pick": Key(kind=Choice(options=("best",))),
    **TIMES,
}

BRIEF: Keys = {
    "prompt": Key(kind=PROSE, required=True),
    "answers": _ANSWERS,
    "output": Key(kind=IDENTIFIED, default=f"{_THE_NAME}, and `_brief`"),
    "record": _RECORD,
    **TIMES,
}


class _Member:
    """One of a team: somebody, another workflow, or a manager with a team of its own."""

    says = "a member: a mapping with 'name', and 'agent' or 'workflow'"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the member."""
        written = {entry.key for entry in node.entries} if isinstance(node, Mapping) else set()
        if "team" in written and "workflow" not in written:
            return Fields(keys=MANAGER, elsewhere=OF_ASKING).read(node, place, report)
        return _WORKER.read(node, place, report)


_OF_MANAGERS = dict.fromkeys(("brief", "deadline", "needed"), "it belongs to a manager, who has a `team`.")

_WORKER: Kind = Alternatives(
    says=_Member.says,
    options={
        "agent": Alternative(keys=MEMBER, elsewhere=OF_ASKING | _OF_MANAGERS),
        "workflow": Alternative(
            keys=NESTED_MEMBER,
            elsewhere=OF_DELEGATING | _OF_MANAGERS | {"team": "a workflow has its own."},
        ),
    },
    remedy="add 'agent' and 'prompt', or 'workflow' and 'with'.",
)

MANAGER: Keys = {
    "name": CALLED["name"],
    **ASKED,
    "team": Key(kind=Listed(says="a list of members", kind=_Member(), most=MOST_STEPS), required=True),
    "brief": Key(kind=Fields(keys=BRIEF, says="the keys of a brief")),
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
    "deadline": Key(kind=DURATION),
    "needed": _FEWEST,
}

_BRANCHES = Alternatives(
    says="a branch: a mapping with 'name', and 'agent', 'workflow', 'event' or 'notify'",
    options={
        "agent": Alternative(keys=BRANCH, elsewhere=OF_ASKING),
        "workflow": Alternative(keys=NESTED_MEMBER, elsewhere=OF_DELEGATING),
        "event": Alternative(keys=TELLING_BRANCH, elsewhere=OF_TELLING),
        "notify": Alternative(keys=NOTIFYING_BRANCH, elsewhere=OF_NOTIFYING),
    },
    remedy=(
        "add 'agent' and 'prompt', 'workflow' and 'with', 'event' and 'topic', or 'notify', 'to' and 'text'."
    ),
)

VOTER: Keys = {
    "name": CALLED["name"],
    "agent": ASKED["agent"],
    "weight": Key(kind=Number(low=1, high=MOST_WEIGHT, is_whole=True), default="1"),
    "prompt": _PROMPT,
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
}
_OF_THE_VOTE = dict.fromkeys(
    ("answers", "vote", "abstain"), "all voters answer alike: write it beside `voters`."
)

SAME: Keys = {
    "agent": ASKED["agent"],
    "prompt": _PROMPT,
    "name": Key(kind=CALLED["name"].kind, default="`same`"),
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
}
RESOLUTION: Keys = {
    "agent": ASKED["agent"],
    "prompt": ASKED["prompt"],
    "name": Key(kind=CALLED["name"].kind, default="`resolution`"),
    "output": _ITS_OUTPUT,
    "record": _RECORD,
    **TIMES,
}


class _Needed:
    """The weight a choice needs; two words say it for any number of voters."""

    _count = Number(low=1, high=MOST_WEIGHT * MOST_VOTERS, is_whole=True)
    says = f"`majority`, `unanimity`, or a {_count.says}"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The word or the number."""
        if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
            return self._count.read(node, place, report)
        if isinstance(node, Scalar) and node.value in ("majority", "unanimity"):
            return node.value
        written = repr(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else node.kind
        report.add(place, f"Must be {self.says}, not {written}.")
        return REFUSED


SEQUENTIAL: Keys = {
    "steps": Key(kind=Listed(says="a list of 1 to 1,000 steps", kind=STEP, most=MOST_STEPS), required=True),
}
FAN_OUT: Keys = {
    "branches": Key(
        kind=Listed(says="a list of 1 to 1,000 branches", kind=_BRANCHES, most=MOST_STEPS), required=True
    ),
    "deadline": Key(kind=DURATION, default="30"),
    "needed": _FEWEST,
    "select": Key(kind=IDENTIFIED),
    "prompt": _PROMPT,
    "answers": _ANSWERS,
    "combine": Key(kind=Fields(keys=COMBINE, says="the keys of a closing step", example="{output: text}")),
}
HIERARCHY: Keys = {
    "master": Key(
        kind=Fields(keys=MANAGER, says="the keys of a manager", elsewhere=OF_ASKING), required=True
    ),
}
QUORUM: Keys = {
    "voters": Key(
        kind=Listed(
            says=f"a list of 2 to {MOST_VOTERS} voters",
            kind=Fields(keys=VOTER, elsewhere=OF_ASKING | _OF_THE_VOTE | {"workflow": "only agents vote."}),
            least=2,
            most=MOST_VOTERS,
        ),
        required=True,
    ),
    "deadline": Key(kind=DURATION, default="30"),
    "needed": Key(kind=_Needed(), default="`majority`"),
    "prompt": _PROMPT,
    "answers": _ANSWERS,
    "vote": Key(kind=IDENTIFIED),
    "abstain": Key(
        kind=Text(says=f"a text of up to {LONGEST_CHOICE} characters", longest=LONGEST_CHOICE),
        default="`abstain`",
    ),
    "same": Key(kind=Fields(keys=SAME, says="the keys of a comparison", example="{agent: judge}")),
    "resolution": Key(
        kind=Fields(keys=RESOLUTION, says="the keys of a resolution", elsewhere=OF_ASKING | _OF_THE_VOTE)
    ),
}

PATTERNS: dict[str, Keys] = {
    "sequential": SEQUENTIAL,
    "fan_out": FAN_OUT,
    "hierarchy": HIERARCHY,
    "quorum": QUORUM,
}

WORKFLOW: Keys = {
    "description": Key(kind=LINE, required=True),
    "type": Key(kind=IDENTIFIED, required=True),
    "pattern": Key(kind=Choice(options=tuple(PATTERNS))),
    "input": Key(
        kind=Named(
            says="a mapping of input fields; `{}` for none",
            name=IDENTIFIED,
            kind=Fields(keys=INPUT_FIELD),
        ),
        required=True,
    ),
    "result": Key(kind=RESULT, required=True),
    "timeout": Key(kind=DURATION),
    "max_wait": Key(kind=Number(low=0, high=LONGEST_WAIT)),
    "sample": Key(kind=Anything(says="a mapping that fits the input")),
}


class _Workflow:
    """A workflow; its pattern says which keys it has besides those of all."""

    says = "a workflow"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the workflow."""
        pattern = _pattern(node)
        if pattern is not None:
            keys = WORKFLOW | PATTERNS[pattern]
            return Fields(keys=keys, elsewhere=_of_others(pattern)).read(node, place, report)
        # Of which pattern it was meant to be, nobody knows: no key is missing, and those of all are known.
        known = {name: Key(kind=key.kind) for keys in PATTERNS.values() for name, key in keys.items()}
        return Fields(keys=WORKFLOW | known).read(node, place, report)


def _pattern(node: Node) -> str | None:
    if not isinstance(node, Mapping):
        return "sequential"
    written = [entry.node for entry in node.entries if entry.key == "pattern"]
    if not written:
        return "sequential"
    value = written[0].value if isinstance(written[0], Scalar) else None
    return value if isinstance(value, str) and value in PATTERNS else None


def _of_others(pattern: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for other, keys in PATTERNS.items():
        for key in keys.keys() - PATTERNS[pattern].keys():
            found.setdefault(key, []).append(other)
    return {
        key: f"it belongs to {' and '.join(others)}, and this is {pattern}." for key, others in found.items()
    }


WORKFLOW_KIND: Kind = _Workflow()

"""Subscriptions: which events start a workflow, and what it is started with."""

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.givens import SAYS
from dirigent.declarations.kinds import NAME, REFUSED, Draft, Key, Keys, Number, Text
from dirigent.declarations.nodes import LONGEST_KEY, Mapping, Node, Scalar
from dirigent.declarations.outputs import Drafts, drafts_of
from dirigent.declarations.step_keys import Templates
from dirigent.declarations.values import EVENT_TYPE, LINE, LONGEST_WAIT, TOPIC, WORKFLOW_NAME
from dirigent.domain.events import TYPE, Property
from dirigent.domain.filters import LONGEST, equalling, problem
from dirigent.domain.prompts import malformed, single, sole, variables
from dirigent.domain.spelling import suggestion
from dirigent.domain.subscriptions import DATA, EVENT, EVENT_WAIT, FACTS, LONGEST_NAME, Subscription

#: More properties nobody asks for at once.
MOST_EQUAL = 50

_NAMES = (DATA, f"{DATA}.FIELD", *(f"{EVENT}.{fact}" for fact in FACTS))

SUBSCRIPTION_NAME = Text(
    says=f"a name of lower-case letters, digits and hyphens, of up to {LONGEST_NAME} characters",
    longest=LONGEST_NAME,
    pattern=NAME,
)


class _Filter:
    """A filter as Service Bus reads it; a mapping is short for properties that are all equal."""

    says = "a filter such as `priority > 3`, or a mapping of properties to their values"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The filter's text."""
        if isinstance(node, Mapping):
            return _equal(node, place, report)
        text = Text(says=self.says, longest=100_000).read(node, place, report)
        if not isinstance(text, str):
            return REFUSED
        why = problem(text.strip())
        if why is not None:
            report.add(place, f"The filter cannot be used: {why}")
            return REFUSED
        return text.strip()


def _equal(node: Mapping, place: Place, report: Report) -> object:
    count = len(node.entries)
    if not 1 <= count <= MOST_EQUAL:
        report.add(place, f"Has {count} entries: declare 1 to {MOST_EQUAL}.")
        return REFUSED
    before = len(report.findings)
    found: dict[str, Property] = {}
    for entry in node.entries:
        at = place.key(entry.key[:LONGEST_KEY], entry.line)
        if not entry.key.strip():
            report.add(at, "Is empty: write the name of a property.")
        value = entry.node.value if isinstance(entry.node, Scalar) else None
        if value is None or (isinstance(value, str) and entry.node.kind != "a text"):
            report.add(at, f"Must be a text, a number, true or false, not {entry.node.kind}: quote texts.")
        else:
            found[entry.key] = value
    return equalling(found) if len(report.findings) == before else REFUSED


SUBSCRIPTION: Keys = {
    "topic": Key(kind=TOPIC, required=True),
    "workflow": Key(kind=WORKFLOW_NAME, required=True),
    "event": Key(kind=EVENT_TYPE),
    "filter": Key(kind=_Filter()),
    "with": Key(kind=Templates(says="a mapping of the workflow's input fields to templates")),
    "max_wait": Key(kind=Number(low=0, high=LONGEST_WAIT)),
    "description": Key(kind=LINE),
}
ELSEWHERE = {
    "type": "the event's type is what `event` says.",
    "input": "what the workflow is started with stands in `with`.",
    "agent": "only workflows are started by events: make it a workflow of one step.",
}


def examine_subscription(name: str, draft: Draft, workflows: Drafts | None, report: Report) -> None:
    """Report what of a subscription does not fit the rest; None: workflows that nobody knows."""
    given = draft.values.get("with")
    if isinstance(given, Draft):
        _examine_templates(given, report)
    _examine_length(name, draft, report)
    workflow = draft.text("workflow")
    if workflow is None or workflows is None:
        return
    if workflow not in workflows:
        hint = suggestion(workflow, workflows, kind="workflows")
        report.add(draft.at("workflow"), f"No workflow is called {workflow!r}: {hint}")
    elif isinstance(given, Draft) and given.written:
        _examine_given(workflow, workflows[workflow], given, report)


def _examine_length(name: str, draft: Draft, report: Report) -> None:
    text = _filter_of(draft)
    if text is None:
        return
    rule = Subscription(name=name, topic="", workflow="", filter=text).rule
    if len(rule) > LONGEST:
        why = f"The filter has {len(rule):,} characters with what every subscription's says besides"
        report.add(draft.at("filter"), f"{why}: shorten it by {len(rule) - LONGEST:,}.")


def _filter_of(draft: Draft) -> str | None:
    event, own = draft.text("event"), draft.text("filter")
    if event is None:
        return own
    typed = equalling({TYPE: event})
    return typed if own is None else f"{typed} AND ({own})"


def _examine_templates(given: Draft, report: Report) -> None:
    if not given.written:
        why = "Nothing is given: add a field, or leave `with` out, and the event's data is the input."
        report.add(given.place, why)
    for key in given.values:
        template = given.text(key) or ""
        for odd in malformed(template):
            report.add(
                given.at(key), f"{odd!r} is no variable: write {{{{{DATA}.FIELD}}}}, or one of the event."
            )
        for name in single(template):
            if name.partition(".")[0] in (DATA, EVENT):
                report.add(given.at(key), f"{{{name}}} is no variable: write {{{{{name}}}}}.")
        for name in variables(template):
            _examine_name(name, given.at(key), report)


def _examine_name(name: str, place: Place, report: Report) -> None:
    head, _, tail = name.partition(".")
    if head == EVENT and tail and tail not in FACTS:
        hint = suggestion(tail, FACTS, kind="its fields")
        report.add(place, f"{EVENT!r} has no field {tail!r}: {hint}")
    elif head != DATA and not (head == EVENT and tail):
        hint = suggestion(name, _NAMES, kind="the names known here")
        report.add(place, f"Nothing is called {name!r}: {hint}")


def _examine_given(name: str, workflow: Draft, given: Draft, report: Report) -> None:
    fields = drafts_of(workflow, "input")
    if fields is None:
        return
    for key, field in fields.items():
        if key not in given.written and field.is_whole and field.values.get("required", True) is True:
            why = f"The workflow {name!r} needs {key!r}, and it is not given: add it to `with`."
            report.add(given.place, why)
    for key in given.values:
        if key not in fields:
            hint = suggestion(key, fields, kind="its fields")
            report.add(given.at(key), f"The workflow {name!r} has no input field {key!r}: {hint}")
        elif fields[key].is_whole:
            _examine_type(key, fields[key], given, report)


def _examine_type(key: str, field: Draft, given: Draft, report: Report) -> None:
    wanted = str(field.values.get("type", "string"))
    name = sole(given.text(key) or "")
    # Nobody knows what a field of the data holds; everything else makes a text.
    if wanted != "string" and (name is None or not name.startswith(f"{DATA}.")):
        why = f"The workflow's {key!r} must be {SAYS[wanted]}, and this makes a text"
        report.add(given.at(key), f"{why}: write one {{{{{DATA}.FIELD}}}} and nothing else.")


def build_subscription(name: str, draft: Draft) -> Subscription:
    """The subscription, of a draft in which nothing is wrong."""
    given, wait = draft.values.get("with"), draft.values.get("max_wait")
    return Subscription(
        name=name,
        topic=draft.text("topic") or "",
        workflow=draft.text("workflow") or "",
        description=draft.text("description") or "",
        filter=_filter_of(draft),
        given={key: given.text(key) or "" for key in given.values} if isinstance(given, Draft) else {},
        max_wait=wait if isinstance(wait, float) else EVENT_WAIT,
    )

"""What there is to read in a workflow: input fields, outputs, and the fields of those that are objects."""

from collections.abc import Mapping
from typing import Self

from msgspec import Struct

from dirigent.declarations.kinds import Draft
from dirigent.declarations.shapes import Part, Shape
from dirigent.domain.catalogue import WINNER

Drafts = dict[str, Draft]

#: What is known of an event that was told, and of a notice that was delivered.
TOLD = {"topic": "string", "type": "string", "id": "string", "correlation_id": "string"}
NOTIFIED = {"channel": "string", "to": "string", "address": "string", "simulated": "boolean"}

#: In the result of every workflow of other patterns than `sequential`.
TURNOUT = {"completed_agents": "integer", "timed_out": "boolean"}


class Output(Struct, frozen=True, kw_only=True):
    """What a step brings."""

    #: Its fields and their types, empty for a type nobody knows; None is a text.
    fields: Mapping[str, str] | None = None
    #: Whether anybody knows which fields it has.
    is_known: bool = True
    #: Its fields come from an agent that was told which to write.
    is_answer: bool = False


TEXT, UNKNOWN = Output(), Output(fields={}, is_known=False)


def drafts_of(draft: Draft, key: str) -> Drafts | None:
    """The entries of a mapping of names; None when it could not be read."""
    found = draft.values.get(key)
    if not isinstance(found, dict):
        return None
    return {name: inner for name, inner in found.items() if isinstance(inner, Draft)}


def output_of(part: Part, workflows: Drafts | None) -> Output:
    """What the step brings; of one that chooses, what all its branches have in common."""
    if part.kind == "tally" or part.extra.get("groups"):
        return UNKNOWN
    found = [_of_way(way, workflows) for way in part.ways()]
    if part.extra.get("picks") and found[0].is_known:
        return Output(fields={WINNER: "string", **(found[0].fields or {})})
    if part.kind != "choose":
        return found[0]
    if not found or not all(output.is_known for output in found):
        return UNKNOWN
    if all(output.fields is None for output in found):
        return TEXT
    first, *others = [output.fields or {} for output in found]
    return Output(
        fields={name: kind for name, kind in first.items() if all(name in other for other in others)}
    )


def _of_way(way: Draft, workflows: Drafts | None) -> Output:
    if "workflow" in way.written:
        name = way.text("workflow")
        other = None if workflows is None or name is None else workflows.get(name)
        return UNKNOWN if other is None else _of_workflow(other)
    for key, fields in (("event", TOLD), ("notify", NOTIFIED)):
        if key in way.written:
            return Output(fields=fields)
    if "answers" not in way.written and "answers" not in way.values:
        return TEXT
    answers = drafts_of(way, "answers")
    if answers is None:
        return UNKNOWN
    return Output(fields={name: _type(field) for name, field in answers.items()}, is_answer=True)


def _of_workflow(workflow: Draft) -> Output:
    result = drafts_of(workflow, "result")
    if result is None:
        return UNKNOWN
    inputs = drafts_of(workflow, "input") or {}
    told = {} if workflow.values.get("pattern", "sequential") == "sequential" else TURNOUT
    return Output(fields={name: _of_result(field, inputs) for name, field in result.items()} | told)


def _of_result(field: Draft, inputs: Drafts) -> str:
    value = field.text("value")
    if "words_of" in field.values:
        return "integer"
    return _type(inputs[value]) if value is not None and value in inputs else ""


def _type(field: Draft) -> str:
    kind = field.values.get("type", "string")
    # What was refused may have been meant as anything.
    return kind if isinstance(kind, str) and ("type" in field.values or "type" not in field.written) else ""


class Scope(Struct, frozen=True, kw_only=True):
    """The names of a workflow, and what each stands for."""

    fields: Drafts
    shape: Shape
    outputs: list[Output]
    producers: dict[str, int]

    @classmethod
    def of(cls, fields: Drafts, shape: Shape, workflows: Drafts | None) -> Self:
        """What the workflow's input and steps make of it."""
        producers: dict[str, int] = {}
        for position, part in enumerate(shape.parts):
            if (output := part.draft.text("output")) is not None:
                producers.setdefault(output, position)
        outputs = [output_of(part, workflows) for part in shape.parts]
        return cls(fields=fields, shape=shape, outputs=outputs, producers=producers)

    def output(self, name: str) -> Output | None:
        """What is behind the name of an output."""
        producer = self.producers.get(name.partition(".")[0])
        return None if producer is None else self.outputs[producer]

    def type_of(self, name: str) -> str:
        """The type of an input field, an output or a field of one; empty when nobody knows."""
        head, _, tail = name.partition(".")
        if head in self.fields:
            return _type(self.fields[head])
        output = self.output(head)
        if output is None or not output.is_known:
            return ""
        if output.fields is None:
            return "string"
        return output.fields.get(tail, "") if tail else "object"

"""What there is to read of an output."""

from dirigent.declarations.findings import Place
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import TEXT, UNKNOWN, Drafts, Output, Scope, output_of
from dirigent.declarations.shapes import Part, Shape

AT = Place(file="f.yaml")


def draft(**values: object) -> Draft:
    """A draft in which all of it was written."""
    return Draft(place=AT, values=values, written=frozenset(values))


ANSWER = draft(agent="a", output="said", answers={"kind": draft(), "count": draft(type="integer")})
OTHER = draft(
    input={"a": draft(type="list"), "b": draft()},
    result={"a": draft(value="a"), "words": draft(words_of="b"), "c": draft(value="d")},
)
WORKFLOWS: Drafts = {"other": OTHER, "team": draft(pattern="fan_out", result={"x": draft(value="y")})}


def test_an_answer_has_the_fields_that_are_declared() -> None:
    fields = {"kind": "string", "count": "integer"}

    assert output_of(Part(kind="agent", draft=ANSWER), WORKFLOWS) == Output(fields=fields, is_answer=True)
    assert output_of(Part(kind="agent", draft=ANSWER, extra={"picks": True}), WORKFLOWS) == Output(
        fields={"winner": "string", **fields}
    )
    assert output_of(Part(kind="agent", draft=draft(agent="a")), WORKFLOWS) == TEXT


def test_a_workflow_has_the_fields_of_its_result_and_of_its_turnout() -> None:
    nested = output_of(Part(kind="workflow", draft=draft(workflow="other")), WORKFLOWS)
    team = output_of(Part(kind="workflow", draft=draft(workflow="team")), WORKFLOWS)

    assert nested.fields == {"a": "list", "words": "integer", "c": ""}
    assert team.fields == {"x": "", "completed_agents": "integer", "timed_out": "boolean"}


def test_of_what_could_not_be_read_nobody_knows_the_fields() -> None:
    odd = Draft(place=AT, written=frozenset({"agent", "answers"}))

    assert output_of(Part(kind="agent", draft=odd), WORKFLOWS) is UNKNOWN
    assert output_of(Part(kind="workflow", draft=draft(workflow="none")), WORKFLOWS) is UNKNOWN
    assert output_of(Part(kind="workflow", draft=draft(workflow="other")), None) is UNKNOWN
    assert output_of(Part(kind="tally", draft=draft()), WORKFLOWS) is UNKNOWN


def test_a_choice_has_what_all_its_branches_have() -> None:
    both = draft(choose="x.y", branches={"a": ANSWER, "b": draft(agent="a", answers={"kind": draft()})})
    mixed = draft(choose="x.y", branches={"a": ANSWER}, otherwise=draft(agent="a"))
    plain = draft(choose="x.y", branches={"a": draft(publish="p")}, otherwise=draft(agent="a"))

    found = [output_of(Part(kind="choose", draft=each), WORKFLOWS) for each in (both, mixed, plain)]

    assert [output.fields for output in found] == [{"kind": "string"}, {}, None]


def test_a_name_has_a_type() -> None:
    shape = Shape(parts=[Part(kind="agent", draft=ANSWER)])
    scope = Scope.of(
        {"n": draft(type="number"), "odd": Draft(place=AT, written=frozenset({"type"}))}, shape, {}
    )

    names = ("n", "odd", "said", "said.kind", "said.count", "said.none", "nothing")
    assert [scope.type_of(name) for name in names] == ["number", "", "object", "string", "integer", "", ""]

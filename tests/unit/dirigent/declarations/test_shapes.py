"""What each step of a workflow can read, and how it came to be what it is."""

from dirigent.declarations.findings import Place
from dirigent.declarations.kinds import Draft
from dirigent.declarations.shapes import Part, called, common, completed, is_readable, kind_of, sequential

AT, THERE = Place(file="f.yaml", line=1), Place(file="f.yaml", line=2)


def draft(**values: object) -> Draft:
    """A draft in which all of it was written."""
    return Draft(place=AT, values=values, written=frozenset(values))


def test_a_step_sees_those_before_it() -> None:
    shape = sequential(draft(steps=[draft(agent="a", prompt="b"), draft(publish="c", filename="d")]))

    assert [(part.kind, list(part.sees)) for part in shape.parts] == [("agent", []), ("publish", [0])]
    assert shape.is_whole


def test_what_could_not_be_read_is_not_all_there_is() -> None:
    assert not sequential(draft(steps=[draft(agent="a")])).is_whole
    assert not sequential(draft(steps=[object()])).is_whole
    assert not sequential(draft()).is_whole
    assert not is_readable(draft(workflow="a", **{"with": Draft(place=AT, is_whole=False)}))
    assert not is_readable(draft(event="a", properties=Draft(place=AT, is_whole=False)))
    assert not is_readable(draft(notify="email", to="a"))
    assert is_readable(draft(event="a", topic="b"))
    assert is_readable(draft(notify="email", to="a", text="b"))


def test_what_is_written_stays_and_what_is_not_is_completed_with_its_place() -> None:
    step = completed(draft(name="a-b"), name=("c", THERE), prompt=("d", THERE))

    assert (step.values, step.at("prompt")) == ({"name": "a-b", "prompt": "d"}, THERE)


def test_an_output_is_called_as_its_step() -> None:
    assert called(draft(name="a-b-c")).text("output") == "a_b_c"
    assert called(draft(name="a", output="b")).text("output") == "b"
    assert called(draft()).text("output") is None


def test_prompt_and_answers_are_those_of_all_where_there_are_no_others() -> None:
    workflow = draft(prompt="all", answers={})

    assert common(draft(prompt="own"), workflow).values == {"prompt": "own", "answers": {}}
    assert common(draft(), draft()).values == {}


def test_a_choice_goes_all_of_its_ways() -> None:
    one, other = draft(agent="a"), draft(workflow="b")
    part = Part(kind="choose", draft=draft(choose="x.y", branches={"1": one, "2": object()}, otherwise=other))

    assert list(part.ways()) == [one, other]
    assert list(Part(kind="agent", draft=one).ways()) == [one]


def test_one_key_tells_what_a_step_does() -> None:
    assert [
        kind_of(each)
        for each in (
            draft(agent="a"),
            draft(choose="b"),
            draft(event="c", topic="d"),
            draft(notify="email"),
            draft(),
            draft(agent="a", publish="b"),
        )
    ] == [
        "agent",
        "choose",
        "event",
        "notify",
        "",
        "",
    ]

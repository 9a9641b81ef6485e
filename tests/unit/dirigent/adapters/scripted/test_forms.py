"""A form filled in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.scripted.forms import filled
from dirigent.domain.prompts import render
from dirigent.domain.steps import AnswerField

LETTER = "Invoice 17 is for the boat. Please pay 1,250.50 by Monday; it is urgent. Two invoices are open."
READ = f"Read this: <text>{LETTER}</text>"


def answered(
    *fields: AnswerField, prompt: str = READ, role: str = "You read letters.", limit: int = 9000
) -> Any:
    return json.loads(filled(instructions=role, prompt=prompt, limit=limit, fields=fields))


def value(prompt: str = READ, role: str = "You read letters.", **field: Any) -> Any:
    [found] = answered(AnswerField(**{"name": "answer", **field}), prompt=prompt, role=role).values()
    return found


def test_has_exactly_the_fields_in_their_order() -> None:
    names = ("zeal", "summary", "amount", "tags")

    assert list(answered(*(AnswerField(name=name) for name in names))) == list(names)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("string", str), ("integer", int), ("number", float), ("boolean", bool), ("list", list)],
)
def test_a_field_is_of_its_type(kind: Any, expected: type) -> None:
    assert type(value(type=kind, name="thing")) is expected


def test_chooses_what_the_material_speaks_of_most() -> None:
    assert value(one_of=("contract", "letter", "invoice")) == "invoice"


def test_words_joined_by_a_sign_count_each() -> None:
    assert value(one_of=("contract", "open_invoice", "invoice")) == "open_invoice"


def test_voters_of_any_role_agree_where_the_material_says_nothing() -> None:
    votes = {value(one_of=("north", "south", "west"), role=role) for role in "abcdef"}

    assert len(votes) == 1


def test_other_material_may_bring_another_vote() -> None:
    votes = {value(f"Where? <text>{n}</text>", one_of=("north", "south")) for n in range(20)}

    assert votes == {"north", "south"}


def test_the_name_of_the_branch_is_no_material() -> None:
    votes = {
        value(f"As <branch>{name}</branch>: {READ}", one_of=("north", "south"))
        for name in ("north", "south", "a", "b", "c")
    }

    assert len(votes) == 1


def test_roles_tell_other_things_of_a_topic() -> None:
    said = {
        value("Research <query>tidal power</query>", f"You read {paper}.", name="summary")
        for paper in ("papers", "posts", "the news", "books")
    }

    assert len(said) > 1
    assert all("tidal power" in text and len(text) <= 240 for text in said)


def test_a_text_about_material_is_taken_from_it() -> None:
    assert value(name="reason") in LETTER


def test_a_field_called_as_a_part_of_the_material_speaks_of_that_part() -> None:
    said = "## north\n\nTea is grown.\n\n## south (weight 2)\n\nRice is grown."

    found = answered(AnswerField(name="south"), AnswerField(name="north"), prompt=f"See <said>{said}</said>")

    assert found == {"south": "Rice is grown.", "north": "Tea is grown."}


def test_parts_that_say_the_same_get_the_same_label() -> None:
    said = "## a\n\nAlbany.\n\n## b\n\nThe city of Buffalo\n\n## c\n\nalbany"
    fields = [AnswerField(name=name, description="A label of a few words.") for name in "abc"]

    found = answered(*fields, prompt=f"Which mean the same? <ballots>{said}</ballots>")

    assert found == {"a": "albany", "b": "city buffalo", "c": "albany"}


def test_a_translation_is_whole_and_says_into_what() -> None:
    prompt = f"Translate into <branch>Danish</branch>: <text>{LETTER}</text>"

    assert value(prompt, name="translation").startswith("[Danish; scripted")
    assert LETTER in value(prompt, name="text")


def test_code_is_whole() -> None:
    assert value("Implement <task>slugs</task>", name="code").startswith("```python\ndef slugs(")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("urgent", True), ("is_urgent", True), ("friendly", False), ("approved", True)],
)
def test_a_truth_is_what_the_material_speaks_of_or_what_is_good(name: str, expected: bool) -> None:
    assert value(name=name, type="boolean") is expected


def test_a_sum_is_read_from_the_material() -> None:
    assert value(name="amount", type="number") == 1250.5


def test_a_number_keeps_to_the_range_that_is_described() -> None:
    found = [value(name=f"mark_{n}", type="integer", description="From 10 to 20.") for n in range(9)]

    assert all(10 <= number <= 20 for number in found)
    assert len(set(found)) > 1


def test_a_score_is_a_share() -> None:
    assert 0 < value(name="score", type="number") < 1


def test_a_list_holds_short_texts() -> None:
    assert value(name="tags", type="list") == ["Invoice", "boat", "Please"]
    assert value(name="findings", type="list", description="Two points.")[0] in LETTER


def test_a_list_that_may_be_empty_is() -> None:
    assert value(type="list", description="What is wrong; empty where nothing is.") == []


def test_figures_are_told_with_what_they_count() -> None:
    found = value(name="figures", type="list")

    assert found == [
        "Invoice 17 is for the boat.",
        "Please pay 1,250.50 by Monday; it is urgent.",
    ]


def test_a_table_has_the_columns_and_rows_that_are_there() -> None:
    prompt = render("Take in {{data}}", {"data": "id, city\n1,Oslo\n2,Bergen"})
    fields = (AnswerField(name="columns", type="list"), AnswerField(name="rows", type="integer"))

    assert answered(*fields, prompt=prompt) == {"columns": ["id", "city"], "rows": 2}


def test_says_the_same_again() -> None:
    field = AnswerField(name="summary")

    assert answered(field) == answered(field)


def test_texts_get_shorter_where_space_is_short() -> None:
    fields = (AnswerField(name="summary"), AnswerField(name="urgent", type="boolean"))

    short = answered(*fields, limit=60)

    assert list(short) == ["summary", "urgent"]
    assert len(short["summary"]) <= 40


def test_is_cut_off_where_no_space_is_left() -> None:
    assert filled(instructions="", prompt=READ, limit=5, fields=(AnswerField(name="summary"),)) == '{"sum'


def test_says_something_without_any_material() -> None:
    assert value("", "", name="summary")


KINDS: dict[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool, "list": list}
FIELDS = st.builds(
    AnswerField,
    name=st.sampled_from(("text", "score", "summary", "code", "translation", "is_open", "tags", "amount")),
    type=st.sampled_from(tuple(KINDS)),
    description=st.text(),
)


@given(st.text(), st.text(), st.lists(FIELDS, min_size=1, unique_by=lambda field: field.name))
def test_any_material_makes_a_valid_form(role: str, material: str, fields: list[AnswerField]) -> None:
    prompt = render("Look at {{material}}.", {"material": material})

    found = answered(*fields, prompt=prompt, role=role)

    assert {name: type(value) for name, value in found.items()} == {
        field.name: KINDS[field.type] for field in fields
    }


# Read once for each of its characters, such material would run into the time limit of the tests.
@pytest.mark.parametrize("piece", ["1", "1,", "1.", " to 1", "_ ", "- ", "\n", "a_", "1-1 ", "<a>"])
def test_hostile_material_is_read_only_a_few_times(piece: str) -> None:
    prompt = render("Translate {{text}}.", {"text": piece * (100_000 // len(piece))})
    fields = [AnswerField(name=f"{kind}_amount", type=kind) for kind in KINDS]  # type: ignore[arg-type]

    assert len(answered(*fields, AnswerField(name="translation"), prompt=prompt)) == len(fields) + 1

"""Structured answers: asked for in words, read with tolerance for form and none for content."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.answers import Misfit, instruction, read, written
from dirigent.domain.steps import AnswerField

KIND = AnswerField(name="kind", one_of=("invoice", "Sales Contract"), description="what it is")
REASON = AnswerField(name="reason")
FIELDS = (KIND, REASON)
WHOLE = '{"kind": "invoice", "reason": "it has a {total}"}'
FOUND = {"kind": "invoice", "reason": "it has a {total}"}


def of(kind: str) -> tuple[AnswerField, ...]:
    return (AnswerField(name="f", type=kind),)  # type: ignore[arg-type]


def test_asks_for_every_field_with_its_type_and_meaning() -> None:
    fields = (*FIELDS, AnswerField(name="n", type="integer"), AnswerField(name="ok", type="boolean"))

    assert instruction(fields).splitlines() == [
        "Answer with one JSON object and nothing else. Its fields, all of them needed:",
        '- "kind": exactly one of "invoice", "Sales Contract"; what it is',
        '- "reason": a text',
        '- "n": a whole number',
        '- "ok": true or false',
    ]


@pytest.mark.parametrize(
    "reply",
    [
        WHOLE,
        f"\n {WHOLE}\n",
        f"```json\n{WHOLE}\n```",
        f"Here it is:\n```\n{WHOLE}\n```\nAnything else?",
        f"Sure! {WHOLE} Anything else?",
        f"```JSON5\n{WHOLE}\n  ```",
    ],
)
def test_reads_the_object_wherever_a_model_puts_it(reply: str) -> None:
    assert read(reply, FIELDS) == FOUND


def test_a_fence_within_the_answer_is_no_end_of_it() -> None:
    code = {"kind": "invoice", "reason": "```py\nx\n```"}

    assert read(f"```json\n{written(code)}\n```", FIELDS) == code


def test_keeps_declared_fields_in_declared_order_and_no_others() -> None:
    found = read('{"more": 1, "reason": "r", "kind": "invoice"}', FIELDS)

    assert list(found.items()) == [("kind", "invoice"), ("reason", "r")]


@pytest.mark.parametrize("said", ["sales contract", " SALES  CONTRACT ", "Sales Contract"])
def test_a_choice_is_written_as_it_is_declared(said: str) -> None:
    assert read(written({"kind": said}), (KIND,)) == {"kind": "Sales Contract"}


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("string", "", ""),
        ("integer", 3, 3),
        ("integer", 3.0, 3),
        ("number", 3, 3),
        ("number", 3.5, 3.5),
        ("boolean", False, False),
        ("list", [1, "a"], [1, "a"]),
    ],
)
def test_takes_values_of_the_declared_type(kind: str, value: object, kept: object) -> None:
    found = read(written({"f": value}), of(kind))["f"]

    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", "3"),
        ("string", "[]"),
        ("string", "true"),
        ("integer", "true"),
        ("integer", "3.5"),
        ("integer", '"3"'),
        ("integer", "9007199254740993"),
        ("number", "false"),
        ("number", "1e999"),
        ("boolean", "1"),
        ("boolean", '"true"'),
        ("list", '"a"'),
        ("list", "{}"),
        ("list", "null"),
    ],
)
def test_refuses_values_of_other_types(kind: str, value: str) -> None:
    with pytest.raises(Misfit):
        read(f'{{"f": {value}}}', of(kind))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("no JSON at all", "the answer is no JSON object"),
        ("", "the answer is no JSON object"),
        ("[1]", "the answer is no JSON object"),
        ('{"kind": "invoice"', "the answer is no JSON object"),
        ('{"kind": NaN, "reason": ""}', "the answer is no JSON object"),
        ("[" * 100_000, "the answer is no JSON object"),
        ('{"a":' * 100_000 + "}" * 100_000, "the answer is no JSON object"),
        ('{"kind": "invoice"}', "the answer lacks the field 'reason'"),
        ('{"kind": null, "reason": ""}', "the answer lacks the field 'kind'"),
        (
            '{"kind": "letter"}',
            'the answer\'s field \'kind\' is not exactly one of "invoice", "Sales Contract"',
        ),
        ('{"kind": ["invoice"]}', "the answer's field 'kind' is not exactly one of"),
        ('{"kind": "invoice", "reason": 3}', "the answer's field 'reason' is not a text"),
    ],
)
def test_says_what_does_not_fit(reply: str, why: str) -> None:
    with pytest.raises(Misfit) as raised:
        read(reply, FIELDS)

    assert str(raised.value).startswith(why)


def test_halves_of_characters_do_not_hide_the_answer() -> None:
    assert read('{"reason": "half \ud800"}', (REASON,)) == {"reason": "half ?"}


@given(st.text())
def test_no_reply_makes_it_stumble(reply: str) -> None:
    try:
        found = read(reply, FIELDS)
    except Misfit:
        return

    assert found.keys() == {"kind", "reason"}


@given(st.fixed_dictionaries({"reason": st.text(), "kind": st.sampled_from(KIND.one_of)}))
def test_what_was_written_reads_the_same(answer: dict[str, object]) -> None:
    kept = written(read(msgspec.json.encode(answer).decode(), FIELDS))

    assert written(read(kept, FIELDS)) == kept

"""The delimited data of a prompt, told apart from its wording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.scripted.blocks import Block, separate
from dirigent.domain.prompts import render


def test_takes_the_values_out_of_the_wording() -> None:
    wording, blocks = separate("Edit <topic>tea</topic> now:\n<draft>\nOne.\nTwo.\n</draft>\nBriefly.")

    assert wording == "Edit  _  now:\n _ \nBriefly."
    assert blocks == (Block(name="topic", text="tea"), Block(name="draft", text="One.\nTwo."))


def test_tags_within_a_value_belong_to_it() -> None:
    _, blocks = separate("<draft>a <b>bold</b> <topic> word</draft>")

    assert blocks == (Block(name="draft", text="a <b>bold</b> <topic> word"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('["Pay.","Ask."]', "- Pay.\n- Ask."),
        ('{"kind":"bill","urgent":true,"items":["a",2]}', "kind: bill\nurgent: true\nitems:\n- a\n- 2"),
        ('## north\n\n{"said":"Rain."}', "## north\n\nsaid: Rain."),
        ("rows = [\n[1, 2]\n]", "rows = [\n[1, 2]\n]"),
        ("{not JSON}", "{not JSON}"),
        ("{}", "{}"),
        ("[]", "[]"),
    ],
)
def test_what_steps_wrote_as_json_is_told_line_by_line(text: str, told: str) -> None:
    _, blocks = separate(f"<found>{text}</found>")

    assert blocks == (Block(name="found", text=told),)


def test_a_tag_that_is_never_closed_is_wording() -> None:
    assert separate("if a <b> then <c>c</c> <b>") == ("if a <b> then  _  <b>", (Block(name="c", text="c"),))


@given(st.text(), st.text())
def test_finds_what_prompts_are_rendered_with(topic: str, draft: str) -> None:
    prompt = render("Write on {{topic}} from\n{{draft}}\nnow", {"topic": topic, "draft": draft})

    wording, blocks = separate(prompt)

    assert wording == "Write on  _  from\n _ \nnow"
    assert [block.name for block in blocks] == ["topic", "draft"]


@given(st.text())
def test_reads_whatever_it_is_given(prompt: str) -> None:
    wording, blocks = separate(prompt)

    # A list that is told line by line takes more room, and so may a number.
    assert len(wording) + sum(len(block.text) for block in blocks) <= 8 * len(prompt) + 3 * len(blocks)

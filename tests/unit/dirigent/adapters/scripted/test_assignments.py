"""One request, understood as far as words go."""

import pytest

from dirigent.adapters.scripted.assignments import Assignment


def understood(prompt: str) -> Assignment:
    return Assignment(instructions="", prompt=prompt)


@pytest.mark.parametrize(
    ("prompt", "topic"),
    [
        ("Write about <topic>Tea in Nepal.</topic> from <notes>short</notes>", "Tea in Nepal"),
        ("Research <headline>bees</headline>.", "bees"),
        ("Edit <draft># The old mill\n\nIt stands.</draft>", "The old mill"),
        ("Write an article about the sea and its moods. Be brief.", "the sea and its moods"),
        ("Explain entropy to a child.", "Explain entropy to a child"),
        ("<topic></topic>", "the matter at hand"),
    ],
)
def test_finds_the_topic(prompt: str, topic: str) -> None:
    assert understood(prompt).topic == topic


def test_what_is_more_than_a_name_is_quoted_within_a_sentence() -> None:
    assert understood("Write. <topic>What is tea?</topic>").said == "“What is tea?”"
    assert understood("Plan. <goal>Open a bakery</goal>").said == "“Open a bakery”"
    assert understood("Write. <topic>Tea in Nepal</topic>").said == "Tea in Nepal"
    assert understood("Write. <topic>The Nile</topic>").said == "the Nile"


def test_the_material_is_all_but_the_topic() -> None:
    asked = understood("Write. <topic>tea</topic> <a>One.</a> <b>Two.</b>")

    assert asked.material == "One.\n\nTwo."


def test_a_single_short_text_is_what_is_worked_on() -> None:
    assert understood("Edit: <draft>A very short text.</draft>").main == "A very short text."


def test_of_a_short_text_the_first_sentence_is_the_topic() -> None:
    asked = understood("Answer this. <mail>It is lost. Send another.</mail>")

    assert (asked.topic, asked.main) == ("It is lost", "It is lost. Send another.")


@pytest.mark.parametrize("wording", ["Be brief.", "Answer briefly.", "Say it in one sentence."])
def test_hears_that_few_words_are_wanted(wording: str) -> None:
    assert understood(f"{wording} <text>tea</text>").is_brief
    assert Assignment(instructions=wording, prompt="Go on.").is_brief
    assert not understood(f"Use short words. <text>{wording}</text>").is_brief


def test_counts_things_of_any_name_where_items_are_wanted() -> None:
    assert understood("Name the three weakest spots of this 5 steps plan: <plan>tea</plan>").count == 3


def test_works_on_what_is_named_a_text_rather_than_on_longer_notes() -> None:
    asked = understood(f"Edit. <notes>{'long ' * 99}</notes><draft>Short one.\nTwo.</draft>")

    assert asked.main == "Short one.\nTwo."


def test_hears_how_many_and_how_long() -> None:
    asked = understood("List the three most useful findings in at most 250 words. <topic>9 steps</topic>")

    assert (asked.count, asked.length) == (3, 250)


def test_hears_the_parts_an_answer_is_to_have() -> None:
    asked = understood("Give:\n1. In one sentence: what it is.\n2. Facts: five facts.\nIn 60 to 90 words.")

    assert asked.headings == ["In one sentence", "Facts"]
    assert (asked.count, asked.length) == (None, 60)


def test_hears_no_number_where_none_is_said() -> None:
    asked = understood("List findings on <topic>5 ideas in 100 words</topic>")

    assert (asked.count, asked.length) == (None, None)

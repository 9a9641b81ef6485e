"""What can be said of a text by counting and quoting, and small forms of its own."""

import ast

from dirigent.adapters.scripted import reports
from dirigent.adapters.scripted.assignments import Assignment

TEXT = (
    "# Tea\n\nTea grows in the hills. It likes rain.\n\nIt is very often picked by hand. Tea is sold in tins."
)


def asked(prompt: str) -> Assignment:
    return Assignment(instructions="", prompt=prompt)


def test_a_summary_quotes_the_first_sentence_of_each_part() -> None:
    text = reports.summary(asked(f"Summarise. <text>{TEXT}</text>"))

    assert text == "Tea grows in the hills. It is very often picked by hand."


def test_a_summary_in_bullets_is_in_bullets() -> None:
    text = reports.summary(asked(f"Summarise the text as one bullet list. <text>{TEXT}</text>"))

    assert text == "- Tea grows in the hills.\n- It is very often picked by hand."


def test_a_summary_keeps_to_its_length() -> None:
    assert reports.summary(asked(f"Summarise in 10 words. <text>{TEXT}</text>")) == "Tea grows in the hills."


def test_a_summary_of_nothing_says_something() -> None:
    assert "tea" in reports.summary(asked("Summarise what is known of <topic>tea</topic>"))


def test_a_plan_has_as_many_steps_as_asked_for() -> None:
    lines = reports.plan(asked("Plan in four steps: <goal>a tea house</goal>")).splitlines()

    assert lines[0] == "## Plan: a tea house"
    assert [line[:2] for line in lines[2:]] == ["1.", "2.", "3.", "4."]


def test_a_review_counts_and_advises() -> None:
    text = reports.review(asked(f"Review. <text>{TEXT}</text>"))

    assert "4 sentences" in text
    assert "“very”" in text
    assert "**Verdict:** revise, then publish." in text


def test_a_review_finds_nothing_in_a_clean_text() -> None:
    assert "ready to publish" in reports.review(asked("Review. <text>Tea grows.\nIt likes rain.</text>"))


def test_an_analysis_describes_each_source() -> None:
    text = reports.analysis(asked("Analyse. <north>Tea. Rain.</north><south>Tea.</south>"))

    assert "**North:** 2 words in 2 sentences." in text
    assert "**South:** 1 word in 1 sentence." in text
    assert "**Recurring words:** Tea and Rain." in text


def test_a_translation_does_not_pretend() -> None:
    text = reports.translation(asked("Translate to French. <text>Good day.</text>"))

    assert text == "[French; scripted, so the words are left as they were]\n\nGood day."


def test_the_language_may_be_data() -> None:
    text = reports.translation(asked("Translate. <language>Danish</language><text>Good day.</text>"))

    assert text.startswith("[Danish; ")
    assert text.endswith("Good day.")


def test_the_language_may_be_data_where_the_wording_names_it() -> None:
    text = reports.translation(asked("Translate <text>Good day.</text> into <branch>Danish</branch>."))

    assert text == "[Danish; scripted, so the words are left as they were]\n\nGood day."


def test_a_message_has_a_subject_and_carries_the_material() -> None:
    text = reports.message(
        asked("Write an e-mail. <topic>your order</topic><note>It has left the house.</note>")
    )

    assert text.startswith("Subject: Your order\n")
    assert "It has left the house." in text


def test_code_is_code() -> None:
    for prompt in ('Implement <spec>a "quoted" stack\\</spec>', "Write tests for <spec>a stack</spec>"):
        text = reports.code(asked(prompt))

        assert ast.parse(text.removeprefix("```python\n").removesuffix("\n```")).body


def test_code_stands_alone_where_no_fence_is_wanted() -> None:
    text = reports.code(asked("Implement <spec>a stack</spec>. Return it without a code fence."))

    assert text.startswith("def stack(")


def test_a_test_is_of_the_function_that_is_there() -> None:
    text = reports.code(asked("Write tests for <code>def stacked(items):\n    return items</code>"))

    assert "assert stacked(" in text


def test_a_comparison_tells_what_is_shared_from_what_is_not() -> None:
    text = reports.comparison(asked("Compare. <north>Tea and rain.</north><south>Tea and sun.</south>"))

    assert "**In all of them:** Tea." in text
    assert "Only here: rain." in text
    assert "Only here: sun." in text


def test_a_brief_review_is_two_sentences_long() -> None:
    text = reports.review(asked("Review it. Be brief. <text>Tea grows.</text>"))

    assert text == "The text has 2 words in 1 sentence. Read it aloud once before it is published."


def test_an_answer_has_as_many_sentences_as_asked_for() -> None:
    text = reports.reply(asked(f"Answer in two sentences. <text>{TEXT}</text>"))

    assert text == "Tea grows in the hills. It likes rain."


def test_a_reply_speaks_from_the_material() -> None:
    assert "Tea grows in the hills. It likes rain." in reports.reply(asked(f"Tell me. <text>{TEXT}</text>"))

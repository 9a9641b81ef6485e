"""Figures of a text as a table and a chart."""

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.charts import chart


def drawn(prompt: str) -> str:
    return chart(Assignment(instructions="", prompt=prompt))


def test_shows_each_figure_with_the_words_before_it() -> None:
    text = drawn("Show this. <data>Oslo sold 1,200 boats and Bergen 80.5. In 2023-04 nobody counted.</data>")

    assert text.splitlines() == [
        "| what | figure |",
        "|---|---|",
        "| Oslo sold | 1,200 |",
        "| boats and Bergen | 80.5 |",
        "",
        "```mermaid",
        "xychart-beta",
        '    x-axis ["Oslo sold", "boats and Bergen"]',
        "    bar [1200, 80.5]",
        "```",
    ]


def test_takes_the_text_that_holds_most_figures() -> None:
    text = drawn("Show. <note>There is a long note with many words and 1 figure.</note><data>a 1, b 2</data>")

    assert '["a", "b"]' in text


def test_without_figures_it_shows_how_long_the_texts_are() -> None:
    assert "| north | 2 |" in drawn("Show. <north>Much rain.</north>")


def test_shows_something_without_any_text() -> None:
    assert "bar [0]" in drawn("Draw a chart.")

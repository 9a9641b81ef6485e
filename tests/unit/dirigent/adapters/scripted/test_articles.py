"""Findings about a topic, and articles made of notes."""

from dirigent.adapters.scripted.articles import article, findings
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.phrases import LABEL

NOTES = """- **Soil:** Tea wants acid soil.
- **Height:** Gardens lie above 900 metres
- Rain: Monsoon brings most of it.
- People pick by hand."""


def asked(prompt: str, instructions: str = "") -> Assignment:
    return Assignment(instructions=instructions, prompt=prompt)


def test_gives_several_labelled_findings_on_the_topic() -> None:
    lines = [
        line for line in findings(asked("Research <topic>tea</topic>")).splitlines() if line.startswith("- ")
    ]

    assert len(lines) == 6
    assert all(line.startswith("- **") and "tea" in line for line in lines)


def test_puts_findings_under_the_headings_that_are_listed() -> None:
    text = findings(
        asked("Research <topic>tea</topic>:\n1. Facts: five.\n2. Gaps: what is unknown.\n3. Cases: two.")
    )

    parts = text.split("\n### ")[1:]
    assert [part.splitlines()[0] for part in parts] == ["Facts", "Gaps", "Cases"]
    assert all(part.count("\n- **") == 2 for part in parts)


def test_notes_under_headings_become_sections_of_these_names() -> None:
    notes = (
        "# All\n\n## Soil\n\nAcid soil.\n\n## Rain\nMuch rain.\n\n## Work\n\nBy hand.\n\n## Trade\n\nBy sea."
    )

    text = article(asked(f"Write an article. <topic>tea</topic><notes>\n{notes}\n</notes>"))

    assert [line for line in text.splitlines() if line.startswith("## ")][:-1] == [
        "## Soil",
        "## Rain",
        "## Work",
        "## Trade",
    ]


def test_gives_as_many_findings_as_asked_for() -> None:
    assert findings(asked("Give three findings on <topic>tea</topic>")).count("\n- ") == 3


def test_two_roles_find_different_things() -> None:
    prompt = "Research <topic>tea</topic>"

    assert findings(asked(prompt, "You scan the news.")) != findings(asked(prompt, "You read papers."))


def test_an_article_is_built_from_the_notes() -> None:
    text = article(asked(f"Write an article. <topic>tea</topic>\n<notes>\n{NOTES}\n</notes>"))

    assert text.startswith("# ")
    assert [line for line in text.splitlines() if line.startswith("## ")][:3] == [
        "## Soil",
        "## Height",
        "## Rain",
    ]
    assert "Tea wants acid soil. " in text
    assert "Gardens lie above 900 metres. " in text
    assert "People pick by hand. " in text


def test_an_article_from_few_notes_is_filled_up() -> None:
    text = article(asked("Write an article. <topic>tea</topic><notes>Tea was\ntraded by sea.\n\n</notes>"))

    assert text.count("\n## ") == 7
    assert "Tea was traded by sea." in text


def test_an_article_says_once_that_it_is_scripted() -> None:
    text = article(asked("Write an article. <topic>tea</topic>"))

    assert text.count("scripted") == text.count(LABEL) == 1


def test_an_article_is_as_long_as_asked_for_within_reason() -> None:
    short, long = (
        len(article(asked(f"Write an article of {number} words on <topic>tea</topic>")).split())
        for number in (250, 900)
    )

    assert short < 350
    assert long > 500


def test_a_question_is_its_own_title() -> None:
    assert article(asked("Write an article. <topic>how do bees see?</topic>")).startswith(
        "# How do bees see?\n"
    )


def test_findings_are_told_in_order() -> None:
    text = findings(asked("Give 12 findings on <topic>green tea</topic>"))

    places = [text.index(part) for part in ("Key terms", "What it covers", "What it costs", "Open questions")]
    assert places == sorted(places)


def test_different_topics_give_different_texts() -> None:
    bodies = {
        article(asked(f"Write an article. <topic>{topic}</topic>")).replace(topic, "")
        for topic in ("tea", "bees", "steel", "chess")
    }

    assert len(bodies) == 4

"""The stock of phrases."""

import pytest

from dirigent.adapters.scripted import phrases

TEMPLATES = [
    *(way for _, ways in phrases.ASPECTS for way in ways),
    *phrases.TITLES,
    *phrases.OPENINGS,
    *phrases.CLOSINGS,
    *phrases.STEPS,
    *phrases.EXPANSIONS,
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_phrase_takes_a_topic_and_nothing_else(template: str) -> None:
    assert "{" not in template.format(t="tea")


def test_every_aspect_has_a_short_label_and_can_be_put_in_different_ways() -> None:
    assert all(len(label) < 40 and ways[0] != ways[1] for label, ways in phrases.ASPECTS)


def test_every_finding_names_the_topic() -> None:
    assert all("{t}" in way for _, ways in phrases.ASPECTS for way in ways)

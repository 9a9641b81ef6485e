"""Sentences, words and choices that fall the same every time."""

from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.scripted.prose import (
    capital,
    counted,
    cut,
    keywords,
    listed,
    number_of,
    one_line,
    pick,
    sentences,
    shuffled,
    words,
)


def test_finds_sentences_without_headings_and_marks_of_lists() -> None:
    text = "# Title\n\nOne is here. Is two?\n- Three (at last.)\n2. “Four!” Five"

    found = sentences(text)

    assert found == ["One is here.", "Is two?", "Three (at last.)", "“Four!”", "Five"]


def test_cuts_at_the_last_whole_sentence() -> None:
    assert cut("One is 1.5 long. Two is longer.", 20) == "One is 1.5 long."


def test_keeps_a_sentence_that_just_fits() -> None:
    assert cut("Done. More follows.", 5) == "Done."


def test_cuts_at_a_word_where_no_sentence_ends() -> None:
    assert cut("several words without an end", 15) == "several words"


def test_cuts_a_word_that_is_longer_than_all_there_is() -> None:
    assert cut("Donaudampfschifffahrt", 5) == "Donau"


@given(st.text(min_size=1).filter(str.strip), st.integers(1, 50))
def test_what_is_cut_is_neither_empty_nor_too_long(text: str, limit: int) -> None:
    assert 0 < len(cut(text, limit)) <= limit


@given(st.lists(st.text(), min_size=1), st.text())
def test_shuffles_and_picks_the_same_for_a_seed(options: list[str], seed: str) -> None:
    order = shuffled(options, seed)

    assert sorted(order) == sorted(options)
    assert order == shuffled(options, seed)
    assert pick(options, seed) == pick(options, seed)


def test_other_seeds_pick_otherwise() -> None:
    assert {pick(("a", "b", "c"), f"{number}") for number in range(50)} == {"a", "b", "c"}


def test_the_words_that_carry_a_text_come_by_frequency() -> None:
    assert keywords("The bee and the tree: a bee in the old tree, one bee", 2) == ["bee", "tree"]


def test_the_words_that_carry_a_text_keep_their_capitals() -> None:
    assert keywords("Tea from Nepal: tea, Nepal, tea", 2) == ["tea", "Nepal"]


def test_a_word_may_have_marks_within() -> None:
    assert words("It's well-known (42 times)!") == ["It's", "well-known", "42", "times"]


def test_says_lists_numbers_and_beginnings_as_a_text_does() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert [counted(6), counted(40)] == ["six", "40"]
    assert [number_of(1, "day"), number_of(0, "day")] == ["1 day", "0 days"]
    assert capital("éclair Bar") == "Éclair Bar"
    assert one_line(" a\n\n b\t c ") == "a b c"

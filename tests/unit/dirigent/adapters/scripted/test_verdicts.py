"""A judgement in few words."""

import pytest

from dirigent.adapters.scripted import verdicts
from dirigent.adapters.scripted.assignments import Assignment


def asked(prompt: str) -> Assignment:
    return Assignment(instructions="", prompt=prompt)


def test_the_fullest_of_several_is_chosen() -> None:
    text = verdicts.choice(asked("Judge which is best. <first>One.</first><second>One and two.</second>"))

    assert text.splitlines()[0] == "second"


def test_a_vote_without_a_list_is_a_plain_one() -> None:
    assert verdicts.choice(asked("Vote on <motion>more tea</motion>")).startswith("Yes.")


@pytest.mark.parametrize(
    ("prompt", "label"),
    [
        ("Classify it as news, opinion or advertising. <text>My opinion: no.</text>", "opinion"),
        ("Classify it. <text>Parcels, parcels and rain.</text>", "parcels"),
        ("Classify it. <text>...</text>", "other"),
    ],
)
def test_a_label_is_one_word(prompt: str, label: str) -> None:
    assert verdicts.label(asked(prompt)) == label


def test_a_feeling_is_labelled_as_one() -> None:
    assert verdicts.label(asked("Classify the mood. <text>Rain.</text>")) in (
        "positive",
        "negative",
        "neutral",
    )


def test_a_number_alone_is_given_where_no_more_is_asked_for() -> None:
    assert verdicts.score(asked("Rate it. Return only the number. <text>Tea grows.</text>")) == "8"


@pytest.mark.parametrize(
    ("wording", "best"),
    [
        ("Rate it.", 10),
        ("Rate it from 1 to 5.", 5),
        ("Score it out of 20.", 20),
        ("Score it between 0 and 100.", 100),
        ("Rate it (1-6).", 6),
    ],
)
def test_a_score_keeps_to_its_scale_and_falls_with_what_is_to_mend(wording: str, best: int) -> None:
    clean, wordy = (
        verdicts.score(asked(f"{wording} <text>{text}</text>"))
        for text in ("Tea grows.", "Tea is very good.")
    )

    assert clean.startswith(f"{round(best * 0.8)} of {best}: The text has 2 words in 1 sentence.")
    assert int(wordy.split()[0]) < round(best * 0.8)
    assert "“very”" in wordy

"""What voters said, for people."""

from typing import Any

import pytest

from dirigent.cli.ballots import LONGEST_REASON, are_ballots, ballots_table


def test_tells_each_voters_ballot_and_beneath_why() -> None:
    said = {"verdict": "Allow", "reason": "It is\npolite."}
    ballots: list[dict[str, Any]] = [
        {"voter": "gpt", "agent": "a", "weight": 2, "said": "choice", "choice": "allow", "answer": said},
        {"voter": "claude", "said": "failed", "category": "TIMEOUT", "because": "no answer\nin 30 s."},
        {"voter": "gemini", "weight": 1, "said": "unheard", "choice": None, "answer": None},
    ]

    assert are_ballots(ballots)
    assert ballots_table(ballots) == [
        "voter   agent  weight  said     choice",
        "gpt     a           2  choice   allow",
        "claude  -           1  failed   -",
        "gemini  -           1  unheard  -",
        "",
        "  gpt     reason: It is polite.",
        "  claude  TIMEOUT: no answer in 30 s",
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("**Allow.**", []),
        ({"verdict": "allow"}, []),
        ("Allow, for it is short.", ["", "  gpt  Allow, for it is short."]),
        ({"verdict": "allow", "sure": 0.5, "why": "-"}, ["", "  gpt  sure: 0.5; why: -"]),
        ("x" * 300, ["", f"  gpt  {'x' * (LONGEST_REASON - 1)}…"]),
    ],
)
def test_tells_what_an_answer_says_besides_the_choice(answer: object, told: list[str]) -> None:
    ballot = {"voter": "gpt", "said": "choice", "choice": "allow", "answer": answer}

    assert ballots_table([ballot])[2:] == told


@pytest.mark.parametrize("value", [None, "text", [], ["a"], [{"voter": "a"}], {"voter": "a", "said": "b"}])
def test_knows_other_values_from_ballots(value: Any) -> None:
    assert are_ballots(value) is False

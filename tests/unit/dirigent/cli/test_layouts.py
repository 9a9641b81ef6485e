"""Values of results, laid out."""

from typing import Any

import pytest

from dirigent.cli.layouts import are_branches, branches_text, laid_out


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("One.\nTwo.", "One.\nTwo."),
        (3, "3"),
        (["a", "b"], '["a", "b"]'),
        ([], "[]"),
        ({}, "{}"),
        ({"kind": "invoice", "sure": True}, "kind: invoice\nsure: true"),
        ({"text": "One.\nTwo.", "empty": ""}, "text:\n  One.\n  Two.\nempty:"),
        ({"inner": {"a": 1}, "tags": ["x"]}, 'inner:\n  a: 1\ntags: ["x"]'),
        ([{"a": 1, "b": 2}, {"a": 3}], "- a: 1\n  b: 2\n- a: 3"),
        ({"list": [{"a": 1, "b": 2}]}, "list:\n  - a: 1\n    b: 2"),
        (["x" * 50, "y\nz" * 20], f"- {'x' * 50}\n- y\n" + "  zy\n" * 19 + "  z"),
        ([{"a": 1}, "b"], '[{"a": 1}, "b"]'),
    ],
)
def test_lays_out_objects_field_by_field(value: object, told: str) -> None:
    assert laid_out(value) == told


def test_knows_ballots_and_branches_within_a_result() -> None:
    ballots = [{"voter": "gpt", "said": "choice", "choice": "allow"}]
    told = laid_out({"votes": ballots, "found": [{"agent": "web", "data": {"text": "One."}}]})

    assert told.splitlines() == [
        "votes:",
        "  voter  agent  weight  said    choice",
        "  gpt    -           1  choice  allow",
        "found:",
        "  web",
        "    One.",
    ]


def test_tells_what_each_brought_and_a_teams_members_beneath_it() -> None:
    branches: list[dict[str, Any]] = [
        {"agent": "web", "data": {"text": "One.\nTwo."}},
        {
            "agent": "team",
            "data": {"summary": "Both.", "tags": ["a"]},
            "reports": [{"agent": "in", "data": {}}],
        },
        {"agent": "odd", "data": "A text."},
    ]

    assert are_branches(branches)
    assert branches_text(branches) == (
        'web\n  One.\n  Two.\n\nteam\n  summary: Both.\n  tags: ["a"]\n  in\n\nodd\n  A text.'
    )


@pytest.mark.parametrize("value", [None, "text", [], ["a"], [{"agent": "a"}], {"agent": "a", "data": {}}])
def test_knows_other_values_from_what_branches_brought(value: Any) -> None:
    assert are_branches(value) is False

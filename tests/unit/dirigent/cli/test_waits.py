"""What a run that goes on waits for."""

from typing import Any

from dirigent.cli.waits import waits_section

WAIT: dict[str, Any] = {
    "step": "write",
    "attempts": 2,
    "next_try": "2030-01-01T00:00:12.250Z",
    "category": "RATE_LIMIT",
    "because": "the model\nanswered 429.",
}


def test_every_wait_is_a_line_with_its_reason_and_its_next_try() -> None:
    waits = [WAIT, WAIT | {"step": None, "attempts": 0, "because": "all starts are had"}]

    assert waits_section({"waits": waits}) == [
        "Waits",
        "  write  RATE_LIMIT: the model answered 429; tried 2 times, again at 2030-01-01T00:00:12Z",
        "  start  RATE_LIMIT: all starts are had; again at 2030-01-01T00:00:12Z",
    ]


def test_where_nothing_waits_nothing_is_told() -> None:
    assert waits_section({}) == []
    assert waits_section({"waits": []}) == []

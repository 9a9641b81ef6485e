"""Showing how gates were passed."""

from datetime import UTC, datetime

from dirigent.domain.breakers import State
from dirigent.domain.passages import Level, Passage, Refusal, Why, micros
from triggers.passage_view import passage_view

AT = datetime(2030, 1, 1, tzinfo=UTC)


def test_tells_refusals_in_times_and_sentences() -> None:
    open_ = Refusal(level=Level.DEPLOYMENT, key="gpt", why=Why.OPEN, come_back_at=micros(AT))
    full = Refusal(level=Level.AGENT, key="writer", why="day", limit=0)
    passage = Passage(
        level=Level.DEPLOYMENT,
        key="gpt",
        state=State.HALF_OPEN,
        refused=2,
        waited=60.5,
        refusals=(open_, full),
    )

    assert passage_view(passage) == {
        "level": "deployment",
        "key": "gpt",
        "state": "half_open",
        "refused": 2,
        "waited": 60.5,
        "refusals": [
            {
                "level": "deployment",
                "key": "gpt",
                "why": "open",
                "limit": None,
                "come_back_at": AT,
                "sentence": open_.sentence,
            },
            {
                "level": "agent",
                "key": "writer",
                "why": "day",
                "limit": 0,
                "come_back_at": None,
                "sentence": full.sentence,
            },
        ],
    }

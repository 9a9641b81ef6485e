"""Showing who is missing."""

from datetime import UTC, datetime

from dirigent.domain.outcomes import Category, Missing, Turnout
from triggers.turnout_view import missing_view, turnout_view

AT = datetime(2030, 1, 1, tzinfo=UTC)
WEB = Missing(branch="web", agent="crawler", category=Category.TIMEOUT, because="late", since=AT)


def test_tells_how_many_brought_something() -> None:
    assert turnout_view(Turnout(completed_agents=4)) == {"completed_agents": 4, "timed_out": False}


def test_tells_who_is_missing_and_why() -> None:
    turnout = Turnout(completed_agents=2, timed_out=True, missing=(WEB, WEB.within("deep")))

    assert turnout_view(turnout)["missing"] == missing_view(turnout)
    assert missing_view(turnout) == [
        {"branch": "web", "agent": "crawler", "category": "TIMEOUT", "because": "late", "since": AT},
        {"branch": "deep/web", "agent": "crawler", "category": "TIMEOUT", "because": "late", "since": AT},
    ]


def test_names_no_agent_where_a_workflow_is_missing() -> None:
    nobody = Missing(branch="deep", category=Category.PERMANENT, because="gone", since=AT)

    assert missing_view(Turnout(missing=(nobody,))) == [
        {"branch": "deep", "category": "PERMANENT", "because": "gone", "since": AT}
    ]

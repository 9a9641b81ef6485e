"""What whoever merges sees of those who worked side by side."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.catalogue import InputField, Pattern, Workflow
from dirigent.domain.outcomes import Category, Missing, Turnout
from dirigent.domain.runs import Held
from dirigent.domain.steps import AskStep, CombineStep, Step, WorkflowStep
from dirigent.domain.teams import Team
from dirigent.ports.records import Page, Row
from dirigent.records.texts import TextLost


def ask(name: str, **step: Any) -> AskStep:
    return AskStep(name=name, agent=f"{name}-agent", prompt="", output=name.replace("-", "_"), **step)


def workflow(pattern: Pattern, steps: Iterable[Step], team: Team, select: str | None = None) -> Workflow:
    return Workflow(
        name="w",
        description="",
        type="t",
        input=(InputField(name="agents", type="list", required=False),),
        steps=tuple(steps),
        result={},
        pattern=pattern,
        team=team,
        select=select,
    )


FAN = workflow(
    "fan_out",
    (
        ask("web"),
        WorkflowStep(name="deep", workflow="other", output="deep"),
        ask("slow"),
        CombineStep(name="sum", output="sum"),
    ),
    Team(name="w", members=("web", "deep", "slow"), merge="sum"),
    select="agents",
)
INNER = Team(name="m", members=("x", "y"), merge="m", brief="m-brief")
OUTER = Team(name="top", members=("a", INNER), merge="top", brief="top-brief")
TREE = workflow("hierarchy", map(ask, OUTER.steps()), OUTER)


def missing(*branches: str) -> Turnout:
    since = datetime(2031, 1, 1, tzinfo=UTC)
    gaps = (
        Missing(branch=branch, category=Category.TIMEOUT, because="no result within 30 s", since=since)
        for branch in branches
    )
    return Turnout(completed_agents=1, timed_out=True, missing=tuple(gaps))


LATE = "is missing: no answer in time]"


@pytest.fixture
def fan(job: Any) -> Any:
    """A fan-out whose branches have all brought something, one of them perhaps too late."""
    job.adopt(FAN)
    job.open(input=Held(text="{}"))
    outline = job.outline()
    job.did(outline, "slow", "Too late.")
    job.did(outline, "deep", '{"n":1}', is_json=True)
    job.did(outline, "web", "Bees.")
    return job


@pytest.fixture
def tree(job: Any) -> Any:
    """A hierarchy whose every step but the last is done."""
    job.adopt(TREE)
    job.open()
    outline = job.outline()
    for step in ("top-brief", "a", "m-brief", "x", "y", "m"):
        job.did(outline, step, f"{step} says")
    return job


def test_branches_come_in_declared_order(fan: Any) -> None:
    scene = fan.scene("sum", turnout=Turnout(completed_agents=3))

    assert asyncio.run(scene.value("branches")) == [
        {"agent": "web", "data": {"text": "Bees."}},
        {"agent": "deep", "data": {"n": 1}},
        {"agent": "slow", "data": {"text": "Too late."}},
    ]
    assert asyncio.run(scene.text("branches")) == (
        '## web\n\nBees.\n\n## deep\n\n{"n":1}\n\n## slow\n\nToo late.'
    )
    assert asyncio.run(scene.finished()) == ("web", "deep", "slow")


def test_who_is_missing_stays_so_though_its_record_is_there(fan: Any) -> None:
    scene = fan.scene("sum", turnout=missing("slow"))

    assert [one["agent"] for one in asyncio.run(scene.value("branches"))] == ["web", "deep"]
    assert asyncio.run(scene.text("branches")).endswith(f"[slow {LATE}")
    assert asyncio.run(scene.text("slow")) == f"[slow {LATE}"
    assert asyncio.run(scene.value("slow")) is None
    assert asyncio.run(scene.texts(("slow", "web"))) == {"slow": f"[slow {LATE}", "web": "Bees."}
    assert asyncio.run(scene.finished()) == ("web", "deep")
    assert not scene.counts("slow")


def test_what_is_missing_inside_a_branch_is_told_behind_it(fan: Any) -> None:
    scene = fan.scene("sum", turnout=missing("deep/inner"))

    assert f'## deep\n\n{{"n":1}}\n\n[deep/inner {LATE}\n\n## slow' in asyncio.run(scene.text("branches"))
    assert asyncio.run(scene.value("deep.n")) == 1


def test_who_was_not_asked_is_not_told_of(fan: Any) -> None:
    fan.open(run="run-2", input=Held(text='{"agents":["web"]}'))
    fan.did(fan.outline(), "web", "Bees.")
    scene = fan.scene("sum", turnout=Turnout(completed_agents=1))

    assert asyncio.run(scene.text("branches")) == "## web\n\nBees."
    assert asyncio.run(scene.text("deep.n")) == "[deep was not asked]"
    assert asyncio.run(scene.finished()) == ("web",)


def test_a_branch_that_is_neither_there_nor_missing_is_an_error(fan: Any) -> None:
    fan.open(run="run-2", input=Held(text="{}"))

    with pytest.raises(TextLost):
        asyncio.run(fan.scene("sum").value("branches"))


def test_a_branch_knows_its_name(fan: Any) -> None:
    assert asyncio.run(fan.scene("web").text("branch")) == "web"


def test_reports_hold_those_of_the_members(tree: Any) -> None:
    scene = tree.scene("top", turnout=Turnout(completed_agents=4))

    assert asyncio.run(scene.value("reports")) == [
        {"agent": "a", "data": {"text": "a says"}},
        {
            "agent": "m",
            "data": {"text": "m says"},
            "reports": [{"agent": name, "data": {"text": f"{name} says"}} for name in "xy"],
        },
    ]
    assert asyncio.run(scene.text("reports")) == "## a\n\na says\n\n## m\n\nm says"


def test_a_manager_sees_its_own_team(tree: Any) -> None:
    scene = tree.scene("m", turnout=missing("y"))

    assert asyncio.run(scene.text("reports")) == f"## x\n\nx says\n\n[y {LATE}"
    assert asyncio.run(scene.texts(("top_brief", "m_brief", "x", "y"))) == {
        "top_brief": "top-brief says",
        "m_brief": "m-brief says",
        "x": "x says",
        "y": f"[y {LATE}",
    }


def test_what_a_lost_managers_members_brought_reaches_the_top(tree: Any) -> None:
    scene = tree.scene("top", turnout=missing("m", "m/y"))

    assert asyncio.run(scene.value("reports"))[1] == {
        "agent": "m",
        "data": None,
        "reports": [{"agent": "x", "data": {"text": "x says"}}],
    }
    text = asyncio.run(scene.text("reports"))
    assert text.index(f"[m {LATE}") < text.index("x says") < text.index(f"[m/y {LATE}")
    assert "m says" not in text
    assert "y says" not in text
    assert asyncio.run(scene.text("m")) == f"[m {LATE}"


def test_members_of_a_lost_manager_that_were_never_asked_are_not_looked_for(job: Any) -> None:
    job.adopt(TREE)
    job.open()
    job.did(job.outline(), "a", "a says")
    scene = job.scene("top", turnout=missing("m"))

    assert asyncio.run(scene.text("reports")) == f"## a\n\na says\n\n[m {LATE}"
    assert asyncio.run(scene.text("x")) == "[x was not asked]"
    assert asyncio.run(scene.value("x")) is None


class CountedRecords(SqliteRecords):
    """Remembers how it was asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []

    async def query(self, table: str, **asked: Any) -> Page:
        self.asked.append("query")
        return await super().query(table, **asked)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.asked.append("get")
        return await super().get(table, partition, key)


def test_hundreds_of_branches_are_read_with_one_query(job: Any, tmp_path: Path) -> None:
    names = tuple(f"b{number}" for number in range(300))
    steps: list[Step] = [*map(ask, names), CombineStep(name="sum", output="sum")]
    records = CountedRecords(tmp_path / "counted.db")
    job.parts = replace(job.parts, records=records)
    job.adopt(workflow("fan_out", steps, Team(name="w", members=names, merge="sum")))
    job.open()
    outline = job.outline()
    for name in names:
        job.did(outline, name, f"{name} says")
    records.asked.clear()

    assert len(asyncio.run(job.scene("sum").value("branches"))) == 300
    assert records.asked == ["query"]
    records.close()

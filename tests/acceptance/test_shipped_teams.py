"""Shipped workflows whose agents work side by side: everybody's part is in the result, in declared order."""

from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from shipped import ended, ran, sample

SOURCES = ["web", "academic", "news", "social"]


def names(entries: Any) -> list[str]:
    """Of those who brought something."""
    return [entry["agent"] for entry in entries]


def test_research_has_what_each_source_says_and_one_answer(tmp_path: Path) -> None:
    result = ran(tmp_path, "multi-source-research")["result"]

    said = [source["data"]["summary"] for source in result["sources"]]
    assert list(result) == ["query", "sources", "summary", "completed_agents", "timed_out"]
    assert result["query"] == sample("multi-source-research")["query"]
    assert names(result["sources"]) == SOURCES
    assert len(set(said)) == len(SOURCES)
    assert result["summary"].strip()
    assert (result["completed_agents"], result["timed_out"]) == (4, False)


def test_research_asks_those_it_is_told_to(tmp_path: Path) -> None:
    task = ran(tmp_path, "multi-source-research", query="swifts", agents=["social", "web"])

    assert names(task["result"]["sources"]) == ["web", "social"]
    assert task["result"]["completed_agents"] == 2


def test_research_refuses_a_source_it_has_not(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        reply = host.host.request(
            "POST", "/api/workflows/multi-source-research", json={"query": "swifts", "agents": ["radio"]}
        )

    assert reply.status == 400
    assert "radio" in reply.json()["error"]


def test_a_source_that_keeps_silent_is_missing_at_the_deadline(tmp_path: Path) -> None:
    silent = {"faults": [{"agent": "news-researcher", "fault": "timeout"}]}

    with content_host(tmp_path, script=silent) as host:
        result = ended(host, "multi-source-research")["result"]

    assert names(result["sources"]) == ["web", "academic", "social"]
    assert (result["completed_agents"], result["timed_out"]) == (3, True)
    [missing] = result["missing"]
    assert (missing["branch"], missing["agent"], missing["category"]) == (
        "news",
        "news-researcher",
        "TIMEOUT",
    )


def test_the_best_analysis_is_one_of_three_models(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        task = ended(host, "competitive-analysis")
        trace = host.host.request("GET", f"/api/task/{task['id']}/trace").json()

    result = task["result"]
    by_name = {entry["agent"]: entry["data"]["text"] for entry in result["proposals"]}
    models = {step["name"]: step["model"] for step in trace["steps"]}
    assert list(by_name) == ["strategist", "ethnographer", "sceptic"]
    assert result["analysis"] == by_name[result["winner"]]
    assert result["reason"]
    assert len({models[name] for name in by_name}) == 3


def test_the_judge_decides_which_is_the_best(tmp_path: Path) -> None:
    answer = {"winner": "ethnographer", "reason": "It compares."}

    result = ran(tmp_path, "competitive-analysis", {"agent": "market-judge", "answer": answer})["result"]

    assert (result["winner"], result["reason"]) == ("ethnographer", "It compares.")
    assert result["analysis"] == result["proposals"][1]["data"]["text"]


@pytest.mark.parametrize("languages", [["german", "french", "japanese"], ["polish"]])
def test_a_text_is_there_in_each_language_that_was_asked_for(tmp_path: Path, languages: list[str]) -> None:
    text = "The bridge is closed."

    result = ran(tmp_path, "translation", text=text, languages=languages)["result"]

    assert names(result["translations"]) == languages
    assert all(
        language in entry["data"]["text"] and text in entry["data"]["text"]
        for language, entry in zip(languages, result["translations"], strict=True)
    )
    assert [line[3:] for line in result["page"].splitlines() if line.startswith("## ")] == languages


def test_a_contract_is_read_by_three_for_three_things(tmp_path: Path) -> None:
    result = ran(tmp_path, "contract-reading")["result"]

    assert names(result["findings"]) == ["obligations", "risks", "dates"]
    assert all(entry["data"]["findings"] for entry in result["findings"])
    assert result["page"].strip()


def test_a_newsroom_reports_level_by_level(tmp_path: Path) -> None:
    result = ran(tmp_path, "newsroom")["result"]

    assert {entry["agent"]: names(entry["reports"]) for entry in result["reports"]} == {
        "research-manager": ["web-scraper", "paper-analyst"],
        "content-manager": ["writer", "editor"],
    }
    assert result["piece"].startswith("# ")
    assert result["topic"] in result["piece"]
    assert result["words"] == len(result["piece"].split())
    assert (result["completed_agents"], result["timed_out"]) == (6, False)


def test_a_newsroom_does_without_a_worker_and_says_so(tmp_path: Path) -> None:
    script = {"faults": [{"agent": "paper-analyst", "fault": {"status": 400}}]}

    with content_host(tmp_path, script=script) as host:
        result = ended(host, "newsroom")["result"]

    research, content = result["reports"]
    assert (names(research["reports"]), names(content["reports"])) == (["web-scraper"], ["writer", "editor"])
    assert [(gap["branch"], gap["category"]) for gap in result["missing"]] == [
        ("research-manager/paper-analyst", "PERMANENT")
    ]

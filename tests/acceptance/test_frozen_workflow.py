"""A run keeps the workflow it was started with."""

import shutil
from pathlib import Path

from content_host import content_host
from driver import ROOT


def test_editing_the_catalogue_changes_later_runs_only(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue"
    shutil.copytree(ROOT / "catalogue", catalogue)
    waiting = {"faults": [{"agent": "writer", "times": 1, "fault": {"status": 429, "retry_after": 300}}]}
    with content_host(tmp_path, script=waiting, catalogue=catalogue) as host:
        run = host.start()["task_id"]
        host.host.settle()
        assert [step["name"] for step in host.task(run)["steps"]] == ["research"]

    [file] = (catalogue / "workflows").glob("content-creation.yaml")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("editing", "polishing").replace("final_article", "text"), encoding="utf-8")
    with content_host(tmp_path, catalogue=catalogue) as host:
        old = host.ended(run)
        new = host.ended(host.start()["task_id"])

    assert [step["name"] for step in old["steps"]] == ["research", "writing", "editing", "publishing"]
    assert sorted(old["result"]) == ["final_article", "topic", "word_count"]
    assert [step["name"] for step in new["steps"]] == ["research", "writing", "polishing", "publishing"]
    assert sorted(new["result"]) == ["text", "topic", "word_count"]

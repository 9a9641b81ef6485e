"""Accounts kept apart: behind both fronts, with none declared, and with leaks planted."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import account_story
import pytest
from account_story import CLAIMS, FRONTS, LEAKS, WAITS, Claim, Front, gateways, play, principal
from content_host import content_host
from driver import ROOT
from test_http_api import SERVED, conversation, fits, typed


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_accounts_are_kept_apart(tmp_path: Path, claim: Claim, front: Front) -> None:
    play(claim, front, tmp_path)


def test_without_a_declared_front_nobodys_headers_name_an_account(tmp_path: Path) -> None:
    forged = principal(tid="rival", oid="boss") | gateways("rival", "boss")
    with content_host(tmp_path, script=WAITS) as app:
        run = app.start(**forged)["task_id"]
        app.host.settle()
        task = app.host.request("GET", f"/api/task/{run}", headers=forged)
        listed = app.host.request("GET", "/api/tasks", headers=forged).json()["tasks"]

    assert task.json()["account"] == "default"
    assert [(line["id"], line["account"]) for line in listed] == [(run, "default")]


@pytest.mark.embedded_only(
    "it hosts copies of the app, and the model server would load the app itself before"
)
def test_every_planted_leak_is_noticed(tmp_path: Path) -> None:
    """In a process of its own: this one may have loaded the app's modules, which copies would then run."""
    done = subprocess.run(
        [sys.executable, account_story.__file__, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == dict.fromkeys(LEAKS, True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the document's commands need curl")
def test_accounts_can_be_tried_out_as_it_is_written(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"^```json\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(r"^```console [^\n]*\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    with content_host(tmp_path, **json.loads(f"{{{settings}}}")) as app:
        told = [
            (command, typed(command.replace(SERVED, app.host.url), {}), expected)
            for command, expected in conversation(block)
        ]

    assert len(told) == 2
    assert [
        (command, printed) for command, printed, expected in told if not fits(printed, expected, {})
    ] == []

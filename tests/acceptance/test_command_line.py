"""The command line against the app in a process of its own, and what the app says when it cannot start."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import surroundings
from driver import ROOT, Server

from dirigent.modelserver import ModelServer

NEVER = "http://127.0.0.1:9"


def settings(folder: Path, **values: str) -> str:
    """A settings file for the app."""
    path = folder / "local.settings.json"
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8")
    return str(path)


def script(folder: Path, text: str) -> str:
    path = folder / "script.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


FAULTS = """
pace: 0.2
faults:
  - {contains: forbidden fruit, fault: {status: 400}}
"""


@pytest.fixture(scope="module")
def server(surrounded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with a model that takes its time and refuses one topic."""
    folder = tmp_path_factory.mktemp("app")
    with surroundings.present().apart(folder, {"DIRIGENT_SCRIPT": script(folder, FAULTS)}) as values:
        running = Server(str(ROOT), "sticky", folder, "--settings", settings(folder, **values))
        yield running
        assert running.stop() == 0


def typed(server: Server | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    url = NEVER if server is None else server.address.geturl()
    return subprocess.run(
        [sys.executable, "-m", "dirigent.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "DIRIGENT_URL": url, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


def test_follows_a_run_to_its_result(server: Server) -> None:
    done = typed(server, "start", "content-creation", "topic=harbour cranes", "--watch")

    assert done.returncode == 0, done.stderr
    assert re.findall(r"^  ✓ (\w+) +\d", done.stderr, re.M) == [
        "research",
        "writing",
        "editing",
        "publishing",
    ]
    assert re.search(r"is completed after \d+\.\d s\. Simulated:", done.stderr)
    assert done.stdout.startswith("topic       harbour cranes\nword_count  ")
    assert "final_article:" in done.stdout


def test_a_script_gets_ids_and_json(server: Server) -> None:
    task = typed(server, "start", "content-creation", "topic=tides").stdout.strip()
    watched = typed(server, "watch", task, "--json")
    shown, traced = typed(server, "show", task), typed(server, "trace", task, "--json")
    listed = typed(server, "tasks", "--workflow", "content-creation", "--limit", "200", "--json")

    assert json.loads(watched.stdout)["result"]["topic"] == "tides"
    assert f"task      {task}" in shown.stdout
    assert json.loads(traced.stdout)["pipeline"] == "research → write → edit → publish"
    assert task in [found["id"] for found in json.loads(listed.stdout)["tasks"]]


def test_the_same_key_starts_one_run(server: Server) -> None:
    tasks = {typed(server, "start", "content-creation", "topic=one", "--key", "k1").stdout for _ in range(2)}

    assert len(tasks) == 1


def test_lists_go_on_where_they_ended(server: Server) -> None:
    ids = [typed(server, "start", "content-creation", f"topic={n}").stdout.strip() for n in range(2)]
    for task in ids:
        typed(server, "watch", task)

    first = json.loads(typed(server, "tasks", "--limit", "1", "--json").stdout)
    token = first["continuation_token"]
    second = json.loads(typed(server, "tasks", "--limit", "1", "--continuation", token, "--json").stdout)

    assert [first["tasks"][0]["id"], second["tasks"][0]["id"]] == ids[::-1]


def test_a_run_that_fails_ends_with_1(server: Server) -> None:
    done = typed(server, "start", "content-creation", "topic=forbidden fruit", "--watch")

    assert done.returncode == 1, done.stderr
    assert "Failed in step 'research' after 1 try (PERMANENT): " in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["start", "content-creation"], "Refused: Topic required"),
        (["start", "content-creation", "topic:=7"], "must be a text, not the number 7"),
        (["start", "content-creation", "topic:=7", "depth=2"], "  topic: The field 'topic' must be a text"),
        (["start", "content-creation", "topic=a", "depth=2"], "The workflow knows no field 'depth'"),
        (["start", "content-creatio", "topic=a"], "did you mean 'content-creation'?"),
        (["show", "nobody"], "There is no task 'nobody'"),
        (["watch", "nobody"], "There is no task 'nobody'"),
        (["tasks", "--status", "done"], "which no task has"),
    ],
)
def test_what_the_app_refuses_ends_with_2(server: Server, arguments: list[str], told: str) -> None:
    done = typed(server, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_reads_why_it_was_refused(server: Server) -> None:
    done = typed(server, "start", "content-creation", "topic:=7", "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout)["errors"][0]["field"] == "topic"
    assert done.stderr.startswith("Refused: ")


def test_an_app_that_is_not_there_ends_with_3() -> None:
    done = typed(None, "tasks")

    assert (done.returncode, done.stdout) == (3, "")
    assert re.match(rf"{re.escape(NEVER)} cannot be reached: .*[^.]\.\n", done.stderr)
    assert "make serve" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_app_without_its_records_refuses_and_logs_a_line_for_each_request(tmp_path: Path) -> None:
    storage = "DefaultEndpointsProtocol=http;AccountName=away;AccountKey=YWJj"
    storage += "".join(f";{kind}Endpoint={NEVER}/away" for kind in ("Blob", "Queue", "Table"))
    values = {"AzureWebJobsStorage": storage, "DIRIGENT_RECORDS": "azure-tables"}
    server = Server(str(ROOT), "sticky", tmp_path, "--settings", settings(tmp_path, **values))

    done, shown = typed(server, "tasks", "--json"), typed(server, "show", "nobody")
    assert server.stop() == 0

    why = "The records do not answer. Try again in 5 seconds."
    assert (done.returncode, done.stderr) == (shown.returncode, shown.stderr) == (2, f"Refused: {why}\n")
    assert (json.loads(done.stdout)["status"], json.loads(done.stdout)["error"]) == (503, why)
    log = server.log.read_text(encoding="utf-8")
    assert len(re.findall(r" WARNING .* A request could not be answered: The account 'away', ", log)) == 2
    assert "Traceback" not in log


def test_another_service_at_the_address_ends_with_3() -> None:
    with ModelServer() as other:
        done = typed(None, "tasks", "--url", other.url.removesuffix("/v1"))

    assert (done.returncode, done.stdout) == (3, "")
    assert re.search(r"cannot be reached: it answered 404 \(.*\), and not as this app does\.\n", done.stderr)
    assert not re.search(r"[{}]|Traceback|\.\.", done.stderr)


def test_checks_the_catalogue_without_an_app() -> None:
    assert typed(None, "catalogue", "check").returncode == 0


def test_the_workflow_that_the_readme_shows_fits_the_models(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Write a workflow of your own\n")[2].partition("\n## ")[0]
    agent, workflow = re.findall(r"^```yaml\n(.*?)^```$", section, re.M | re.S)
    # Beside the models alone: whoever follows the README has its agent in the catalogue already.
    shutil.copy(ROOT / "catalogue" / "models.yaml", tmp_path)
    for folder, text in (("agents", agent), ("workflows", workflow)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.yaml").write_text(text, encoding="utf-8")

    done = typed(None, "catalogue", "check", str(tmp_path))

    assert done.returncode == 0, done.stdout
    assert "critique" in done.stdout


def test_draws_progress_on_a_terminal(server: Server) -> None:
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dirigent.cli", "start", "content-creation", "topic=a", "--watch"],
        cwd=ROOT,
        env={
            **os.environ,
            "DIRIGENT_URL": server.address.geturl(),
            "TERM": "xterm",
            "PYTHONIOENCODING": "utf-8",
        },
        stdout=subprocess.DEVNULL,
        stderr=screen,
    )
    os.close(screen)
    seen = read_all(keyboard)

    assert process.wait(timeout=10) == 0
    assert "\r\x1b[K" in seen
    assert re.search(r"[█░]{20} \d/4  \w+  \d+\.\d s", seen)


def read_all(descriptor: int) -> str:
    """What a terminal showed until whoever wrote to it ended."""
    shown, deadline = b"", time.monotonic() + 20
    while time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(descriptor, 4096)
        except OSError:
            # Linux tells the end of a terminal by an error.
            break
        if not piece:
            break
        shown += piece
    os.close(descriptor)
    return shown.decode()


def refused(folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """The app under the local host with these settings."""
    command = [sys.executable, "-m", "devhost", "--app", str(ROOT), "--port", "0", "--state", str(folder)]
    return subprocess.run(
        [*command, "--settings", settings(folder, **values)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_start_with_wrong_settings_names_them_all(tmp_path: Path) -> None:
    done = refused(tmp_path, AZURE_FUNCTIONS_ENVIRONMENT="Production", DIRIGENT_BODY_LIMIT="much")

    assert (done.returncode, done.stdout) == (2, "")
    assert "SettingRefused: these settings will not do:" in done.stderr
    assert "Traceback" not in done.stderr
    assert ".py" not in done.stderr.replace("function_app.py", "")
    assert "mend the app" not in done.stderr
    stand_ins = ("DIRIGENT_MODEL", "DIRIGENT_RECORDS", "DIRIGENT_ARTIFACTS", "DIRIGENT_BUS")
    for variable in (*stand_ins, "DIRIGENT_BODY_LIMIT"):
        assert re.search(rf"^  {variable} .*: set it", done.stderr, re.M), done.stderr


def test_a_start_with_a_wrong_catalogue_names_every_mistake(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue"
    (catalogue / "agents").mkdir(parents=True)
    (catalogue / "models.yaml").write_text("gpt:\n  deploymnt: gpt-4o\n", encoding="utf-8")
    (catalogue / "agents" / "a.yaml").write_text("bo:\n  model: gone\n", encoding="utf-8")

    done = refused(tmp_path, DIRIGENT_CATALOGUE=str(catalogue))

    assert (done.returncode, done.stdout) == (2, "")
    assert f"The catalogue in {catalogue} cannot be used" in done.stderr
    assert re.search(r"^  models\.yaml:2: .*deploymnt", done.stderr, re.M), done.stderr
    assert re.search(r"^  agents/a\.yaml:2: ", done.stderr, re.M), done.stderr

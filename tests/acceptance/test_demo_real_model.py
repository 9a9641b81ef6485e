"""Demo and service with a model behind OpenAI's protocol: they use it, say which it is, and why it fails."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from driver import ROOT, Server, polled

pytestmark = pytest.mark.embedded_only("its model is behind HTTP in any case")

KEY = "k-of-this-test"
#: Whatever whoever runs the tests has set for models or an app of their own.
THEIRS = ("AZURE_OPENAI_", "DIRIGENT_", "OPENAI_")
OURS = {name: value for name, value in os.environ.items() if not name.startswith(THEIRS)}

Start = Callable[..., str]


@contextmanager
def model_server(folder: Path, script: str) -> Iterator[str]:
    """`python -m dirigent.modelserver`; its address."""
    (folder / "script.yaml").write_text(script, encoding="utf-8")
    log = folder / "server.log"
    command = [sys.executable, "-m", "dirigent.modelserver", "--port", "0", "--key", KEY]
    with log.open("wb") as printed:
        process = subprocess.Popen(
            [*command, "--script", str(folder / "script.yaml")],
            cwd=ROOT,
            env=OURS,
            stdout=printed,
            stderr=printed,
        )

    def announced() -> str | None:
        said = log.read_text(encoding="utf-8")
        assert process.poll() is None, said
        found = re.search(r"^Listening on (\S+)\n", said, re.MULTILINE)
        return None if found is None else found[1]

    try:
        yield polled(announced)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a model server with that script; its address."""
    with ExitStack() as running:
        yield lambda script="{}": running.enter_context(model_server(tmp_path, script))


def play(data: Path, own: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """The demo, with both of its streams in one, beside that text of a local.settings.json."""
    file = data.parent / "local.settings.json"
    if own:
        file.write_text(own, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(ROOT / "demo.py"), "tides", str(data), str(file)],
        env=OURS | {"PYTHONIOENCODING": "utf-8"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_demo_asks_the_model_that_the_environment_names(tmp_path: Path, start: Start) -> None:
    url = start()

    demo = play(tmp_path / "data", OPENAI_BASE_URL=url, OPENAI_API_KEY=KEY)

    place = url.removeprefix("http://").removesuffix("/v1")
    assert demo.returncode == 0, demo.stdout
    assert f"Asking for an article on 'tides' with gpt-4o at {place}.\n" in demo.stdout
    assert re.search(r"^  ✓ publishing ", demo.stdout, re.MULTILINE)
    counts = Request(f"http://{place}/counts", headers={"Authorization": f"Bearer {KEY}"})
    with urlopen(counts) as answer:  # noqa: S310 - an address of this machine
        assert json.load(answer)["total"]["answered"] == 3
    assert KEY not in demo.stdout


def test_the_demo_asks_the_model_of_the_local_settings_and_keeps_what_it_writes_here(
    tmp_path: Path, start: Start
) -> None:
    url = start()
    values = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": KEY}
    values |= {"DIRIGENT_MODEL": "openai", "DIRIGENT_MODEL_HEADERS": "false"}
    values |= {
        "DIRIGENT_RECORDS": "azure-tables",
        "DIRIGENT_ARTIFACTS": "azure-blob",
        "DIRIGENT_DATA": "gone",
    }

    # The environment wins, as with `make serve`.
    demo = play(tmp_path / "data", json.dumps({"Values": values}), OPENAI_BASE_URL=url)

    place = url.removeprefix("http://").removesuffix("/v1")
    assert demo.returncode == 0, demo.stdout
    assert f"Asking for an article on 'tides' with gpt-4o at {place}.\n" in demo.stdout
    assert f"The article is stored at {(tmp_path / 'data').as_uri()}/artifacts/" in demo.stdout


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ('{"Values": {"DIRIGENT_MODEL": "scripted"}}', "take DIRIGENT_MODEL out of local.settings.json.\n"),
        ("// ours\n{}", "set OPENAI_API_KEY, OPENAI_BASE_URL or AZURE_OPENAI_ENDPOINT.\n"),
    ],
)
def test_the_demo_says_where_the_model_is_named(tmp_path: Path, own: str, told: str) -> None:
    demo = play(tmp_path / "data", own)

    assert demo.returncode == 0, demo.stdout
    assert told in demo.stdout


def test_local_settings_that_cannot_be_read_end_the_demo(tmp_path: Path) -> None:
    demo = play(tmp_path / "data", "{'a'}")

    assert demo.returncode == 1
    assert demo.stdout.startswith(f"The demo cannot start: {tmp_path / 'local.settings.json'}, line 1")
    assert "Traceback" not in demo.stdout


@pytest.mark.parametrize(
    ("script", "key", "told"),
    [
        ("{}", "k-wrong", "AUTHENTICATION\\): .* answered 401 .*: set OPENAI_API_KEY to a key that is valid"),
        (
            "faults: [{fault: {status: 404}}]",
            KEY,
            "PERMANENT\\): .*: name a deployment that exists in models.yaml",
        ),
    ],
)
def test_a_model_that_refuses_ends_the_demo_with_reason_and_remedy(
    tmp_path: Path, start: Start, script: str, key: str, told: str
) -> None:
    demo = play(tmp_path / "data", OPENAI_BASE_URL=start(script), OPENAI_API_KEY=key)

    assert demo.returncode == 1
    assert re.search(rf"^Failed in step 'research' after 1 try \({told}", demo.stdout, re.M)
    assert "Traceback" not in demo.stdout
    assert key not in demo.stdout


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"DIRIGENT_MODEL": "openai"},
            "DIRIGENT_MODEL is 'openai', and nothing says where it is reached: set ",
        ),
        (
            {"OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": "https://house.openai.azure.com"},
            "AZURE_OPENAI_ENDPOINT is set beside OPENAI_API_KEY, and nobody can say who is to answer: ",
        ),
        ({"OPENAI_BASE_URL": "localhost:1/v1"}, "OPENAI_BASE_URL is no address: write it as https://host"),
    ],
)
def test_settings_that_lead_to_no_model_end_the_demo_at_once(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    demo = play(tmp_path / "data", **settings)

    assert demo.returncode == 1
    assert demo.stdout.startswith(f"The demo cannot start, for these settings will not do:\n  {told}")
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"DIRIGENT_DATA": "gone"}, "set OPENAI_API_KEY, OPENAI_BASE_URL or AZURE_OPENAI_ENDPOINT"),
        ({"DIRIGENT_MODEL": "scripted", "OPENAI_API_KEY": KEY}, "take DIRIGENT_MODEL away"),
    ],
)
def test_the_demo_says_that_the_model_is_scripted_and_how_to_have_a_real_one(
    tmp_path: Path, settings: dict[str, str], remedy: str
) -> None:
    demo = play(tmp_path / "data", **settings)

    assert demo.returncode == 0, demo.stdout
    assert f" with the scripted model; for a real one {remedy}.\n" in demo.stdout


def test_the_service_says_which_model_it_asks(tmp_path: Path, start: Start) -> None:
    url = start()
    values = {"DIRIGENT_MODEL": "openai", "OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": values | {"DIRIGENT_DATA": str(tmp_path)}}), encoding="utf-8")

    server = Server(str(ROOT), "sticky", tmp_path, "--settings", str(file))
    health = server.request("GET", "/api/health", None, {}).json()
    server.stop()

    place = url.removeprefix("http://").removesuffix("/v1")
    told = (
        f"The model is openai at {place}; records are in sqlite, artifacts in files; "
        "events go to the local host's bus."
    )
    log = server.log.read_text(encoding="utf-8")
    assert log.count(told) == 1
    assert KEY not in log
    assert health["adapters"] == {
        "model": "openai",
        "records": "sqlite",
        "artifacts": "files",
        "bus": "local",
        "channels": "outbox",
    }

"""Outside development nothing local is used that nobody asked for: the app does not start, and says why."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from driver import ROOT

THEIRS = ("AZURE_", "AzureWebJobs", "DIRIGENT_", "OPENAI_", "ServiceBus", "WEBSITE_")
OURS = {name: value for name, value in os.environ.items() if not name.startswith(THEIRS)}
AZURE = {
    "DIRIGENT_MODEL": "openai",
    "DIRIGENT_RECORDS": "azure-tables",
    "DIRIGENT_ARTIFACTS": "azure-blob",
    "DIRIGENT_BUS": "service-bus",
}
LOCAL = {
    "DIRIGENT_MODEL": "scripted",
    "DIRIGENT_RECORDS": "sqlite",
    "DIRIGENT_ARTIFACTS": "files",
    "DIRIGENT_BUS": "local",
    "DIRIGENT_CHANNELS": "outbox",
}


def refused(folder: Path, **settings: str) -> str:
    """What the app says that is started so, outside development."""
    empty = folder / "local.settings.json"
    empty.write_text('{"Values": {}}', encoding="utf-8")
    command = [sys.executable, "-m", "devhost", "--app", str(ROOT), "--port", "0", "--state", str(folder)]
    done = subprocess.run(
        [*command, "--settings", str(empty)],
        cwd=ROOT,
        env=OURS | {"AZURE_FUNCTIONS_ENVIRONMENT": "Production"} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_app_that_is_told_nothing_names_all_that_it_misses(tmp_path: Path) -> None:
    told = re.findall(r"^  (\w+) is not set: set it to ", refused(tmp_path), re.MULTILINE)

    assert told == ["DIRIGENT_MODEL", "DIRIGENT_RECORDS", "DIRIGENT_ARTIFACTS", "DIRIGENT_BUS"]


def test_an_app_that_is_to_use_azure_names_all_that_would_lead_there(tmp_path: Path) -> None:
    told = refused(tmp_path, AzureWebJobsStorage="UseDevelopmentStorage=true", **AZURE)

    assert "DIRIGENT_MODEL is 'openai', and nothing says where it is reached: set AZURE_OPENAI_" in told
    assert "AzureWebJobsStorage names storage on one machine, which is for local runs: name an acc" in told
    assert (
        "ServiceBusConnection__fullyQualifiedNamespace is not set while DIRIGENT_BUS is 'service-bus'" in told
    )


def test_an_app_whose_catalogue_has_events_and_notices_says_what_carries_them(tmp_path: Path) -> None:
    told = refused(tmp_path, **LOCAL | {"DIRIGENT_BUS": "none", "DIRIGENT_CHANNELS": ""})

    assert "DIRIGENT_BUS is 'none', and the subscription " in told
    assert "DIRIGENT_CHANNELS is not set, and the workflow " in told


def test_an_app_on_azure_has_no_local_bus(tmp_path: Path) -> None:
    told = refused(tmp_path, WEBSITE_HOSTNAME="house.azurewebsites.net", **LOCAL)

    assert (
        "DIRIGENT_BUS is 'local', and WEBSITE_HOSTNAME names no local host: set it to 'service-bus'" in told
    )


def test_an_app_whose_catalogue_names_more_endpoints_than_there_are_says_which(tmp_path: Path) -> None:
    catalogue = Path(shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue"))
    with (catalogue / "models.yaml").open("a", encoding="utf-8") as models:
        models.write("elsewhere:\n  deployment: sonnet\n  endpoint: other-maker\n")
    local = LOCAL | {"DIRIGENT_MODEL": "openai"}
    reached = {"AZURE_OPENAI_ENDPOINT": "https://house.openai.azure.com"}

    told = refused(tmp_path, DIRIGENT_CATALOGUE=str(catalogue), **local, **reached)

    assert "DIRIGENT_ENDPOINT_OTHER_MAKER_URL is not set, and the catalogue's model 'elsewhere' would" in told

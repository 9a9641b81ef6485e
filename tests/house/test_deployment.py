"""What is deployed is the app: its doors, its rooms and its catalogue, and nothing that work on it needs."""

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

DEPLOYED = {
    "activities",
    "catalogue",
    "dirigent",
    "entities",
    "function_app.py",
    "host.json",
    "orchestrators",
    "requirements.txt",
    "triggers",
}
#: On one machine only, and never tracked.
LOCAL = (
    ".devhost/devhost.db",
    ".dirigent/records.db",
    ".venv/bin/python",
    ".azurite/node_modules/azurite/package.json",
    ".peers/bin/python",
    "__pycache__/a.pyc",
    "calls.jsonl",
    "dirigent/__pycache__/a.pyc",
    "local.settings.json",
    "script.yaml",
)


def left_out(names: Iterable[str], rules: Path, scratch: Path) -> set[str]:
    """Those of the names that .funcignore leaves out; git applies them, for its own rules read the same."""
    (scratch / ".gitignore").write_text(rules.read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", str(scratch)], check=True)
    found = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=scratch,
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    return set(found.stdout.splitlines())


def tracked(root: Path) -> list[str]:
    """Every file of the project; what else lies in somebody's checkout is their own."""
    found = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if found.returncode != 0 or not found.stdout:
        pytest.skip("git knows nothing of this folder, so nobody can tell the project's files from others")
    return found.stdout.rstrip("\0").split("\0")


def test_the_app_is_deployed_and_nothing_else(root: Path, tmp_path: Path) -> None:
    names = [*tracked(root), *LOCAL]

    sent = set(names) - left_out(names, root / ".funcignore", tmp_path)

    assert {Path(name).parts[0] for name in sent} == DEPLOYED
    assert "dirigent/settings/__init__.py" in sent
    assert not any(name.startswith("dirigent/modelserver/") for name in sent)
    assert not any(name.startswith("dirigent/cli/") for name in sent)
    assert any(name.startswith("catalogue/workflows/") for name in sent)


def test_declarations_are_deployed_whatever_they_are_called(root: Path, tmp_path: Path) -> None:
    name = "catalogue/workflows/script.yaml"

    assert left_out([name], root / ".funcignore", tmp_path) == set()


def test_what_a_local_build_installs_is_deployed(root: Path, tmp_path: Path) -> None:
    name = ".python_packages/lib/site-packages/msgspec/__init__.py"

    assert left_out([name], root / ".funcignore", tmp_path) == set()


def test_the_settings_of_local_runs_hold_no_secret_and_leave_the_model_open(root: Path) -> None:
    values = json.loads((root / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]

    assert values["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
    assert not [name for name in values if "KEY" in name.upper()]
    # Whoever has the key of a model says so in the environment, which this would not let them.
    assert "DIRIGENT_MODEL" not in values


def test_the_host_is_asked_for_what_the_app_relies_on(root: Path) -> None:
    host = json.loads((root / "host.json").read_text(encoding="utf-8"))
    durable = host["extensions"]["durableTask"]

    # Orchestration versions need this bundle at least.
    assert host["extensionBundle"]["version"] == "[4.30.0, 5.0.0)"
    assert durable["hubName"].isalnum()
    assert durable["defaultVersion"]
    assert durable["tracing"]["traceInputsAndOutputs"] is False
    assert host["telemetryMode"] == "OpenTelemetry"


def test_every_setting_is_described(root: Path) -> None:
    modules = sorted((root / "dirigent" / "settings").glob("*.py"))
    read = {name for module in modules for name in variables(module.read_text(encoding="utf-8"))}
    described = (root / "docs" / "settings.md").read_text(encoding="utf-8")

    assert {"DIRIGENT_MODEL", "OPENAI_API_KEY", "AzureWebJobsStorage"} <= read
    assert read == {
        re.sub(r"<NAME>.*", "", name) for name in re.findall(r"^\| `([^`]+)` \|", described, re.MULTILINE)
    }


def variables(source: str) -> set[str]:
    """Environment variables that are named in quotes of their own."""
    of_others = "OPENAI|AZURE_OPENAI|WEBSITE|AZURE_FUNCTIONS"
    found = re.findall(rf'"((?:DIRIGENT|{of_others})_\w+)"', source)
    connections = re.findall(r'"(AzureWebJobsStorage|ServiceBusConnection)"', source)
    ended = re.findall(r'"(__[a-z]\w+)"', source)
    return {*found, *connections, *(f"{name}{end}" for name in connections for end in ended)}

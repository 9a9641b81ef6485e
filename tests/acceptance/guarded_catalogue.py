"""Catalogues for stories about guards: each workflow is one question to one agent or a few in a row."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from driver import ROOT

#: Whom nothing limits: so that only the limit a story is about refuses anybody.
FREE = {"default": {"limits": "unlimited", "users": "unlimited"}}
ONCE = {"max_attempts": 1}

Declared = Mapping[str, Mapping[str, Any]]


def declare(
    folder: Path,
    *,
    agents: Declared,
    workflows: Declared,
    models: Declared | None = None,
    accounts: Declared | None = None,
) -> Path:
    """Write the catalogue; models are called as their deployments, agents try once and know no limit."""
    root = folder / "catalogue"
    for room in ("agents", "workflows"):
        (root / room).mkdir(parents=True, exist_ok=True)
    used = {agent["model"] for agent in agents.values()} | set(models or {})
    spoken = {name: {"deployment": name, **(models or {}).get(name, {})} for name in sorted(used)}
    _write(root / "models.yaml", spoken)
    _write(root / "accounts.yaml", FREE if accounts is None else accounts)
    _write(root / "agents" / "all.yaml", {name: _agent(name, agent) for name, agent in agents.items()})
    _write(root / "workflows" / "all.yaml", {name: _workflow(**asked) for name, asked in workflows.items()})
    return root


def unguarded(folder: Path) -> Path:
    """The app's own catalogue without limits, for stories that start many runs and ask for something else."""
    root = folder / "unguarded"
    shutil.copytree(ROOT / "catalogue", root)
    _write(root / "accounts.yaml", FREE)
    for file in (root / "agents").iterdir():
        agents = yaml.safe_load(file.read_text(encoding="utf-8"))
        _write(file, {name: {**agent, "limits": "unlimited"} for name, agent in agents.items()})
    return root


def _agent(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    usual = {"instructions": f"You are {name}. Answer briefly.", "retry": ONCE, "limits": "unlimited"}
    return {"description": f"Answers as {name}.", "timeout": 60, **usual, **said}


def _workflow(asks: str | tuple[str, ...], **said: Any) -> dict[str, Any]:
    names = (asks,) if isinstance(asks, str) else asks
    outputs = [name.replace("-", "_") for name in names]
    steps = [
        # A catalogue refuses outputs that nobody reads.
        {"name": name, "agent": name, "output": output, "prompt": f"Explain {{{{{before}}}}}."}
        for name, output, before in zip(names, outputs, ["topic", *outputs], strict=False)
    ]
    return {
        "description": "Asks one after another.",
        "type": "question",
        "input": {"topic": {"description": "What it is about."}},
        "steps": steps,
        "result": {"answer": steps[-1]["output"]},
        **said,
    }


def _write(file: Path, declared: Mapping[str, Any]) -> None:
    # Through JSON, for what stands there twice would be written as an anchor, which catalogues refuse.
    file.write_text(yaml.safe_dump(json.loads(json.dumps(declared))), encoding="utf-8")

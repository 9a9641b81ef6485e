"""Catalogues for stories about patterns: small workflows, and everybody they ask."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from guarded_catalogue import FREE

#: Of every workflow here.
TOPIC = {"topic": {"description": "What it is about."}}
#: A template for whoever is asked.
ABOUT = "Explain {{topic}} in two sentences."

Declared = Mapping[str, Mapping[str, Any]]


def compose(folder: Path, workflows: Declared, **agents: Mapping[str, Any]) -> Path:
    """Write the workflows and all agents they name; each has a model of its own, and nothing limits it."""
    root = folder / "catalogue"
    for room in ("agents", "workflows"):
        (root / room).mkdir(parents=True, exist_ok=True)
    names = sorted({*_agents(workflows.values())})
    said = {name.replace("_", "-"): values for name, values in agents.items()}
    usual = {"limits": "unlimited", "timeout": 60}
    people = {
        name: {
            "description": f"Answers as {name}.",
            "instructions": f"You are {name}. Answer briefly.",
            "model": name,
            **usual,
            **said.get(name, {}),
        }
        for name in names
    }
    _write(root / "models.yaml", {name: {"deployment": name} for name in names})
    _write(root / "accounts.yaml", FREE)
    _write(root / "agents" / "all.yaml", people)
    _write(root / "workflows" / "all.yaml", {name: _whole(name, one) for name, one in workflows.items()})
    return root


def _whole(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": f"Does {name}.", "type": name.replace("-", "_"), "input": TOPIC, **said}


def _agents(declared: Any) -> Iterator[str]:
    """Whoever is named anywhere."""
    if isinstance(declared, Mapping):
        if isinstance(declared.get("agent"), str):
            yield declared["agent"]
        declared = declared.values()
    if not isinstance(declared, str) and hasattr(declared, "__iter__"):
        for one in declared:
            yield from _agents(one)


def _write(file: Path, declared: Mapping[str, Any]) -> None:
    # Through JSON, for what stands there twice would be written as an anchor, which catalogues refuse.
    file.write_text(yaml.safe_dump(json.loads(json.dumps(declared)), sort_keys=False), encoding="utf-8")

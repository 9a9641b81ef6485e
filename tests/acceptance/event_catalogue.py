"""Catalogues for stories about events: who hears of what, and the small workflows that it starts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pattern_catalogue import ABOUT, Declared, compose

TOPIC = {"topic": "{{data.topic}}"}


def asking(agent: str, **said: Any) -> dict[str, Any]:
    """A workflow that asks one agent about its topic."""
    step = {"name": "ask", "agent": agent, "prompt": ABOUT, "output": "answer"}
    return {"steps": [step], "result": {"topic": "topic", "answer": "answer"}, **said}


def subscribed(
    folder: Path, workflows: Declared, subscriptions: Declared, **agents: Mapping[str, Any]
) -> Path:
    """Write the workflows, all agents they name, and who subscribes to what."""
    root = compose(folder, workflows, **agents)
    (root / "subscriptions").mkdir(exist_ok=True)
    # Through JSON, for what stands there twice would be written as an anchor, which catalogues refuse.
    declared = yaml.safe_dump(json.loads(json.dumps(subscriptions)), sort_keys=False)
    (root / "subscriptions" / "all.yaml").write_text(declared, encoding="utf-8")
    return root

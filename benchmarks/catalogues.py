"""Catalogues to measure with: workflows of any length, and limits so wide that nobody is refused."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from dirigent import declarations
from dirigent.domain.catalogue import Catalogue

ROOT = Path(__file__).parents[1]
#: Hundreds of runs at once are to be measured, and not how they are held up. Gates are asked all the same.
WIDE = "unlimited"
ACCOUNTS = {"default": {"limits": WIDE, "users": WIDE}}
#: Who is asked where it does not matter who.
ASKED = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A workflow, and where it is declared."""

    folder: Path
    catalogue: Catalogue
    name: str


def shipped(workflow: str, folder: Path) -> Flow:
    """The app's own catalogue with wide limits, and a workflow of it."""
    shutil.copytree(ROOT / "catalogue", folder)
    for file in sorted((folder / "agents").glob("*.yaml")):
        agents = yaml.safe_load(file.read_text(encoding="utf-8"))
        _write(file, {name: {**agent, "limits": WIDE} for name, agent in agents.items()})
    _write(folder / "accounts.yaml", ACCOUNTS)
    return Flow(folder=folder, catalogue=declarations.read(folder), name=workflow)


def declared(
    workflows: Mapping[str, Mapping[str, object]],
    folder: Path,
    *,
    agents: Iterable[str] = (ASKED,),
    timeout: float = 30,
) -> Mapping[str, Flow]:
    """These workflows, each of which is started with a topic; all agents speak with one deployment."""
    agent = {"description": "Is asked.", "instructions": "Answer in a line."}
    bounds = {"model": "fast", "limits": WIDE, "timeout": timeout}
    common = {"description": "Is measured.", "type": "measured", "input": {"topic": {"type": "string"}}}
    _write(folder / "models.yaml", {"fast": {"deployment": "fast"}})
    _write(folder / "accounts.yaml", ACCOUNTS)
    _write(folder / "agents/asked.yaml", dict.fromkeys(agents, agent | bounds))
    for name, workflow in workflows.items():
        _write(folder / f"workflows/{name}.yaml", {name: common | dict(workflow)})
    catalogue = declarations.read(folder)
    return {name: Flow(folder=folder, catalogue=catalogue, name=name) for name in workflows}


def chain_of(steps: int, folder: Path) -> Flow:
    """A workflow of so many agents asked one after another."""
    return declared({"chain": chain(steps)}, folder)["chain"]


def chain(steps: int) -> Mapping[str, object]:
    """So many agents one after another, each reading the input or the one before it."""
    first = "Write a line about {{topic}}."
    prompts = [first, *(f"Go on: {{{{o{number}}}}}" for number in range(steps - 1))]
    asked = [
        {"name": f"step-{number}", "agent": ASKED, "prompt": prompt, "output": f"o{number}"}
        for number, prompt in enumerate(prompts)
    ]
    return {"steps": asked, "result": {"last": {"value": f"o{steps - 1}"}}}


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # As JSON, which is YAML, too: it spells out what several names share.
    file.write_text(json.dumps(content), encoding="utf-8")

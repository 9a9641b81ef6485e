"""Catalogues to measure with: as long as one likes, and with limits so wide that nobody is refused."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from dirigent import declarations
from dirigent.domain.catalogue import Definition

ROOT = Path(__file__).parents[1]
#: Hundreds of runs at once are to be measured, and not how they are held up. Gates are asked all the same.
WIDE = "unlimited"
ACCOUNTS = {"default": {"limits": WIDE, "users": WIDE}}


def shipped(workflow: str, folder: Path) -> tuple[Path, Definition]:
    """The app's own catalogue with wide limits, and a workflow of it."""
    shutil.copytree(ROOT / "catalogue", folder)
    for file in sorted((folder / "agents").glob("*.yaml")):
        agents = yaml.safe_load(file.read_text(encoding="utf-8"))
        _write(file, {name: {**agent, "limits": WIDE} for name, agent in agents.items()})
    _write(folder / "accounts.yaml", ACCOUNTS)
    return folder, declarations.read(folder).definition(workflow)


def chain_of(steps: int, folder: Path) -> tuple[Path, Definition]:
    """A workflow of so many agents asked one after another, each reading the input and the one before it."""
    first = "Write a line about {{topic}}."
    prompts = [first, *(f"Go on: {{{{o{number}}}}}" for number in range(steps - 1))]
    return _asking(prompts, {"last": {"value": f"o{steps - 1}"}}, folder)


def wave_of(steps: int, folder: Path) -> tuple[Path, Definition]:
    """A workflow of so many agents that read nothing of each other, and so can be asked at once."""
    outputs = {f"o{number}": {"value": f"o{number}"} for number in range(steps)}
    return _asking(["Write a line."] * steps, {"topic": {"value": "topic"}, **outputs}, folder)


def _asking(prompts: list[str], result: Mapping[str, object], folder: Path) -> tuple[Path, Definition]:
    agent = {"description": "Is asked.", "instructions": "Answer in a line.", "model": "fast", "limits": WIDE}
    workflow = {
        "description": "Asks again and again.",
        "type": "long",
        "input": {"topic": {"type": "string"}},
        "steps": [
            {"name": f"step-{number}", "agent": "asked", "prompt": prompt, "output": f"o{number}"}
            for number, prompt in enumerate(prompts)
        ],
        "result": dict(result),
    }
    _write(folder / "models.yaml", {"fast": {"deployment": "fast"}})
    _write(folder / "accounts.yaml", ACCOUNTS)
    _write(folder / "agents/asked.yaml", {"asked": agent})
    _write(folder / "workflows/long.yaml", {"long": workflow})
    return folder, declarations.read(folder).definition("long")


def _write(file: Path, declared: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(dict(declared), sort_keys=False), encoding="utf-8")

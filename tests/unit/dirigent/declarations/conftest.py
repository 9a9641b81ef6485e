"""A catalogue in which nothing is wrong, to break it in one place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import CatalogueRefused, Finding, read
from dirigent.domain.catalogue import Catalogue

MODELS = "main: {deployment: gpt}\n"
AGENT = """\
baker:
  description: Bakes
  instructions: You bake.
  model: main
"""
WORKFLOW = """\
bread:
  description: Bakes a loaf.
  type: baking
  input:
    grain: {missing: Grain required}
  steps:
    - name: knead
      agent: baker
      prompt: Knead {{grain}}.
      output: dough
    - name: bake
      agent: baker
      prompt: Bake {{dough}}.
      output: loaf
    - name: sell
      publish: loaf
      filename: "{{grain}}.md"
      output: shelf
  result:
    grain: grain
    words: {words_of: loaf}
  sample: {grain: rye}
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., Path]:
    """Writes the catalogue, with some files written otherwise."""

    def write(**files: str | bytes) -> Path:
        good: dict[str, str | bytes] = {"models": MODELS, "agents/desk": AGENT, "workflows/bread": WORKFLOW}
        for name, text in (good | files).items():
            path = tmp_path / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return tmp_path

    return write


@pytest.fixture
def findings(declare: Callable[..., Path]) -> Callable[..., list[Finding]]:
    """What is found in the catalogue with some files written otherwise; nothing when it is fine."""

    def find(**files: str | bytes) -> list[Finding]:
        try:
            read(declare(**files))
        except CatalogueRefused as refused:
            return list(refused.findings)
        return []

    return find


@pytest.fixture
def broken(findings: Callable[..., list[Finding]]) -> Callable[[str, str], list[Finding]]:
    """What is found when one line of the good catalogue reads otherwise."""

    def find(old: str, new: str) -> list[Finding]:
        good = {"models": MODELS, "agents/desk": AGENT, "workflows/bread": WORKFLOW}
        (name,) = (name for name, text in good.items() if old in text)
        return findings(**{name: good[name].replace(old, new, 1)})

    return find


@pytest.fixture
def good(declare: Callable[..., Path]) -> Catalogue:
    """The catalogue in which nothing is wrong."""
    return read(declare())

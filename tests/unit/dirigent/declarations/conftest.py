"""A catalogue in which nothing is wrong, to break it in one place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import CatalogueRefused, Finding, read
from dirigent.domain.catalogue import Catalogue, Workflow

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

#: A workflow of each pattern in which nothing is wrong, to break it in one place.
PATTERNS = {
    "sequential": """\
day:
  description: Sorts an order and does what it asks for.
  type: day
  input:
    order: {}
    count: {type: integer, required: false}
  steps:
    - name: sort
      agent: baker
      prompt: Sort {{order}} {{count}}.
      output: sorted
      answers:
        kind: {one_of: [bread, cake]}
        grain: {}
        urgent: {type: boolean}
        amount: {type: integer}
    - name: make
      choose: sorted.kind
      branches:
        bread:
          workflow: bread
          with:
            grain: "{{sorted.grain}}"
        cake:
          agent: baker
          prompt: Bake {{order}}.
      output: made
    - name: again
      workflow: bread
      with: {grain: "Not {{sorted.grain}}"}
      output: second
  result:
    made: made
    kind: sorted.kind
    words: second.words
""",
    "fan_out": """\
fair:
  description: Bakes several cakes.
  type: fair
  pattern: fan_out
  timeout: 100
  input:
    wish: {}
    chosen: {type: list, required: false}
  deadline: 20
  needed: 2
  select: chosen
  prompt: You are {{branch}}. Bake {{wish}}.
  answers: {cake: {}, price: {type: number}}
  branches:
    - {name: plain, agent: baker}
    - name: rich-cake
      agent: baker
      prompt: Bake {{wish}} with nuts.
    - name: bought
      workflow: bread
      with: {grain: "{{wish}}"}
  combine:
    name: judge
    output: verdict
    agent: baker
    prompt: "Judge {{branches}}: {{plain.cake}} or {{bought.grain}}."
    answers: {why: {}}
    pick: best
  result: {cakes: branches, winner: winner, best: best, why: verdict.why}
  sample: {wish: plums, chosen: [plain, bought]}
""",
    "hierarchy": """\
inn:
  description: Cooks a dinner.
  type: inn
  pattern: hierarchy
  timeout: 100
  input: {guest: {}}
  master:
    name: host
    agent: baker
    brief:
      prompt: Divide the work for {{guest}}.
      answers: {kitchen: {}, cellar: {}}
    prompt: Serve {{reports}} as in {{host_brief.cellar}}.
    output: dinner
    deadline: 50
    team:
      - name: head-cook
        agent: baker
        prompt: Merge {{reports}}, above all {{soup_cook}}.
        deadline: 40
        needed: 2
        team:
          - name: soup-cook
            agent: baker
            prompt: Cook {{host_brief.kitchen}}.
          - name: oven
            workflow: bread
            with: {grain: "{{guest}}"}
      - name: waiter
        agent: baker
        prompt: Lay a table for {{guest}}.
  result: {dinner: dinner, reports: reports}
""",
    "quorum": """\
jury:
  description: Judges a loaf.
  type: jury
  pattern: quorum
  timeout: 100
  input: {loaf: {}}
  deadline: 20
  prompt: You are {{branch}}. Is {{loaf}} done?
  answers:
    verdict: {one_of: [done, raw, unsure]}
    reason: {}
  vote: verdict
  abstain: unsure
  needed: 3
  voters:
    - {name: eye, agent: baker, weight: 2}
    - {name: nose, agent: baker}
    - name: ear
      agent: baker
      prompt: Does {{loaf}} sound done?
  resolution:
    agent: baker
    prompt: Decide on {{loaf}} by {{ballots}}.
  result: {decision: decision, outcome: outcome, ballots: ballots, tally: tally}
""",
}


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


@pytest.fixture
def workflow(declare: Callable[..., Path]) -> Callable[[str], Workflow]:
    """The workflow of that pattern in which nothing is wrong."""

    def find(pattern: str) -> Workflow:
        catalogue = read(declare(**{"workflows/more": PATTERNS[pattern]}))
        (found,) = (workflow for name, workflow in catalogue.workflows.items() if name != "bread")
        return found

    return find


@pytest.fixture
def spoilt(findings: Callable[..., list[Finding]]) -> Callable[[str, str, str], list[Finding]]:
    """What is found when a part of the workflow of that pattern reads otherwise."""

    def find(pattern: str, old: str, new: str) -> list[Finding]:
        text = PATTERNS[pattern]
        assert old in text
        return findings(**{"workflows/more": text.replace(old, new, 1)})

    return find


@pytest.fixture
def patterns() -> dict[str, str]:
    """A workflow of each pattern in which nothing is wrong, as it is written."""
    return PATTERNS

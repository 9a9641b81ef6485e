"""Workflows of many who work side by side: fan-outs, nested runs, hierarchies and votes of any width."""

from collections.abc import Mapping

from benchmarks.catalogues import ASKED

#: Seconds within which all that is measured here has its answers.
AMPLE = 600
PROMPT = "Write a line about {{topic}}."
#: Who votes, where nobody else is named.
VOTER = "voter"
VOTE = "verdict"

Declared = Mapping[str, object]


def fan_out(branches: int) -> Declared:
    """So many calls at once, put one below the other without asking anybody."""
    names = [f"b{number}" for number in range(branches)]
    return _fanned(
        [{"name": name, "agent": ASKED} for name in names], prompt=f"Branch {{{{branch}}}}. {PROMPT}"
    )


def called(number: int) -> str:
    """By what a branch of a fan-out is told from the others in its prompt."""
    return f"<branch>b{number}</branch>"


def nested(branches: int, workflow: str) -> Declared:
    """The same of runs of another workflow."""
    given = {"topic": "{{topic}}"}
    return _fanned(
        [{"name": f"b{number}", "workflow": workflow, "with": given} for number in range(branches)]
    )


def _fanned(branches: list[dict[str, object]], **more: object) -> Declared:
    return {
        "pattern": "fan_out",
        "deadline": AMPLE,
        "branches": branches,
        "result": {"together": {"value": "combined"}},
        **more,
    }


def hierarchy(managers: int, workers: int) -> Declared:
    """A master over so many managers with so many workers each; master and managers merge by a call each."""
    merge = "Merge this: {{reports}}"
    teams = [
        {
            "name": f"m{manager}",
            "agent": ASKED,
            "prompt": merge,
            "team": [
                {"name": f"m{manager}-w{worker}", "agent": ASKED, "prompt": PROMPT}
                for worker in range(workers)
            ],
        }
        for manager in range(managers)
    ]
    return {
        "pattern": "hierarchy",
        "master": {"name": "master", "agent": ASKED, "prompt": merge, "output": "merged", "team": teams},
        "result": {"merged": {"value": "merged"}},
    }


def quorum(*agents: str, needed: str | int) -> Declared:
    """A vote of these agents, each a voter of its own."""
    return {
        "pattern": "quorum",
        "deadline": AMPLE,
        "prompt": PROMPT,
        "answers": {VOTE: {"one_of": ["allow", "remove"]}},
        "vote": VOTE,
        "needed": needed,
        "voters": [{"name": f"v{number}", "agent": agent} for number, agent in enumerate(agents)],
        "result": {"decision": {"value": "decision"}},
    }

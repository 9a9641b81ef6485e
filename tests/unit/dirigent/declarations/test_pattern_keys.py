"""Each pattern has keys of its own, and knows where others' keys belong."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        (
            "sequential",
            "  steps:",
            "  voters: []\n  steps:",
            "voters",
            "it belongs to quorum, and this is sequential.",
        ),
        (
            "sequential",
            "  steps:",
            "  deadline: 5\n  steps:",
            "deadline",
            "it belongs to fan_out and quorum, and this",
        ),
        ("fan_out", "  needed: 2", "  steps: []", "steps", "it belongs to sequential, and this is fan_out."),
        ("fan_out", "  needed: 2", "  master: {}", "master", "it belongs to hierarchy, and this is fan_out."),
        ("fan_out", "needed: 2", "needed: most", "needed", "Must be a whole number from 1 to 1,000"),
        ("fan_out", "pick: best", "pick: worst", "combine.pick", "'worst' cannot be chosen"),
        ("fan_out", "workflow: bread", "agent: baker\n      workflow: bread", "branches[2]", "Has both"),
        ("fan_out", "  workflow: bread", "  timeout: 5", "branches[2]", "Says not what to do"),
        (
            "hierarchy",
            "  master:",
            "  needed: 1\n  master:",
            "needed",
            "it belongs to fan_out and quorum, and this is",
        ),
        (
            "hierarchy",
            "waiter\n",
            "waiter\n        needed: 1\n",
            "master.team[1].needed",
            "belongs to a manager",
        ),
        (
            "hierarchy",
            "workflow: bread",
            "workflow: bread\n            team: []",
            "master.team[0].team[1].team",
            "its own",
        ),
        (
            "hierarchy",
            "      answers: {k",
            "      agent: a\n      answers: {k",
            "master.brief.agent",
            "Unknown key",
        ),
        ("quorum", "  needed: 3", "  select: a", "select", "it belongs to fan_out, and this is quorum."),
        ("quorum", "needed: 3", "needed: true", "needed", "not the truth value true"),
        ("quorum", "needed: 3", "needed: [3]", "needed", "not a list"),
        ("quorum", "needed: 3", "needed: 2.5", "needed", "not the number 2.5"),
        (
            "quorum",
            "resolution:\n",
            "resolution:\n    vote: a\n",
            "resolution.vote",
            "write it beside `voters`",
        ),
    ],
)
def test_refuses_a_key_where_it_does_not_belong(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    assert says in " ".join(
        finding.message for finding in found if finding.path.partition(".")[2].endswith(f".{path}")
    )

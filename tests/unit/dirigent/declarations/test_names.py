"""No name is given twice, and none that has a meaning already."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        (
            "sequential",
            "name: again",
            "name: make",
            "steps[2].name",
            "has the name 'make' (line 17): rename one",
        ),
        ("sequential", "output: second", "output: Made", "steps[2].output", "has the output 'Made'"),
        (
            "sequential",
            "output: second",
            "output: Order",
            "steps[2].output",
            "There is an input field 'Order'",
        ),
        (
            "sequential",
            "order: {}",
            "order: {}\n    Degraded: {}",
            "input.Degraded",
            "results are marked by it",
        ),
        ("sequential", "output: second", "output: missing", "steps[2].output", "results are marked by it"),
        ("sequential", "words:", "timed_out:", "result.timed_out", "results are marked by it"),
        ("sequential", "words:", "completed_agents:", "result.completed_agents", "results are marked by it"),
        ("fan_out", "rich-cake", "judge", "combine.name", "has the name 'judge' (line 16)"),
        ("fan_out", "rich-cake", "3d", "branches[1].name", "for it begins with a digit: add an `output`"),
        (
            "fan_out",
            "wish: {}",
            "wish: {}\n    branch: {}",
            "input.branch",
            "it has a meaning in this pattern",
        ),
        ("fan_out", "rich-cake", "winner", "branches[1].name", "it has a meaning in this pattern"),
        ("fan_out", "verdict\n", "branches\n", "combine.output", "it has a meaning in this pattern"),
        (
            "hierarchy",
            "head-cook",
            "host-brief",
            "master.team[0].name",
            "has the name 'host-brief' (line 10)",
        ),
        ("hierarchy", "waiter", "head-cook", "master.team[1].name", "has the name 'head-cook' (line 17)"),
        ("hierarchy", "waiter", "reports", "master.team[1].name", "it has a meaning in this pattern"),
        ("quorum", "nose", "tally", "voters[1].name", "has the name 'tally'"),
        ("quorum", "nose", "resolution", "resolution", "has the name 'resolution' (line 17)"),
        ("quorum", "nose", "decision", "voters[1].name", "it has a meaning in this pattern"),
    ],
)
def test_refuses_a_name_that_is_taken(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    assert says in " ".join(finding.message for finding in found if finding.path.endswith(f".{path}"))


def test_an_output_that_is_called_as_its_step_is_told_of_once(spoilt: Spoilt) -> None:
    found = spoilt("fan_out", "name: rich-cake", "name: plain")

    assert [finding.message for finding in found] == [
        "Another step has the name 'plain' (line 15): rename one."
    ]


def test_what_one_pattern_reserves_is_free_in_another(spoilt: Spoilt) -> None:
    assert spoilt("quorum", "name: nose", "name: reports") == []
    assert spoilt("hierarchy", "name: waiter", "name: ballots") == []

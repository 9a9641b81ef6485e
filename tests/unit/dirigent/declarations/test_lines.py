"""A line says how the steps of a workflow follow one another."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dirigent.declarations import line
from dirigent.domain.catalogue import Workflow
from dirigent.domain.steps import AskStep, ChooseStep


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("sequential", "sort \u2192 make (bread | cake) \u2192 again"),
        ("fan_out", "[plain, rich-cake, bought] \u2192 judge"),
        ("hierarchy", "host-brief \u2192 [[soup-cook, oven] \u2192 head-cook, waiter] \u2192 host"),
        ("quorum", "[eye, nose, ear] \u2192 resolution \u2192 tally"),
    ],
)
def test_who_works_side_by_side_stands_in_brackets(
    workflow: Callable[[str], Workflow], pattern: str, told: str
) -> None:
    assert line(workflow(pattern)) == told


def test_tells_of_the_way_of_all_other_values(workflow: Callable[[str], Workflow]) -> None:
    ask = AskStep(name="go", agent="a", prompt="p", output="o")
    step = ChooseStep(name="go", choose="a.b", output="o", branches={"x": ask}, otherwise=ask)

    assert line(replace(workflow("sequential"), steps=(step,))) == "go (x | otherwise)"

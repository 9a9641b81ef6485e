"""Which branches are sent out."""

from typing import Any

import pytest

from dirigent.domain.catalogue import InputField, Workflow
from dirigent.domain.inputs import InputRefused
from dirigent.domain.selections import MOST_NAMES, checked, left_out
from dirigent.domain.teams import Team


def research(names: tuple[str, ...] = ("web", "news", "deep"), needed: int = 1) -> Workflow:
    """A workflow whose input may name some of its branches."""
    fields = (
        InputField(name="query"),
        InputField(name="agents", type="list", required=False),
        InputField(name="tone", required=False),
    )
    return Workflow(
        name="research",
        description="-",
        type="research",
        input=fields,
        steps=(),
        result={},
        pattern="fan_out",
        select="agents",
        team=Team(name="", members=names, merge="summary", needed=needed),
    )


def refused(workflow: Workflow, agents: Any) -> dict[str, str]:
    """Why these will not do, by field."""
    with pytest.raises(InputRefused) as error:
        checked(workflow, {"query": "q", "agents": agents})
    return {problem.field: problem.message for problem in error.value.problems}


@pytest.mark.parametrize("more", [{}, {"agents": None}, {"agents": " "}])
def test_sends_out_all_where_none_are_named(more: dict[str, object]) -> None:
    values = checked(research(), {"tone": "dry", "query": "q"} | more)

    assert values == {"query": "q", "agents": ["web", "news", "deep"], "tone": "dry"}
    assert list(values) == ["query", "agents", "tone"]
    assert left_out(research(), values) == frozenset()


def test_tells_those_that_are_named_in_declared_order() -> None:
    values = checked(research(), {"query": "q", "agents": ["deep", "web"]})

    assert values["agents"] == ["web", "deep"]
    assert left_out(research(), values) == frozenset({"news"})


def test_refuses_a_name_that_no_branch_has() -> None:
    assert refused(research(), ["web", "wbe", 5]) == {
        "agents[1]": "The field 'agents[1]' is 'wbe', which is no branch of the workflow: send some of "
        "'web', 'news', 'deep', each once, or leave the field out for all.",
        "agents[2]": "The field 'agents[2]' is '5', which is no branch of the workflow: send some of "
        "'web', 'news', 'deep', each once, or leave the field out for all.",
    }


def test_refuses_a_branch_that_is_named_twice() -> None:
    found = refused(research(), ["web", "news", "web"])

    assert list(found) == ["agents[2]"]
    assert found["agents[2]"].startswith("The field 'agents[2]' names 'web' once more: send some of 'web'")


def test_refuses_to_send_out_nobody() -> None:
    found = refused(research(), [])

    assert found["agents"].startswith("The field 'agents' is empty: send some of 'web', 'news', 'deep'")


def test_refuses_fewer_than_a_result_needs() -> None:
    found = refused(research(needed=2), ["news"])

    assert found["agents"].startswith("The field 'agents' names 1, and a result needs at least 2: ")


def test_lists_no_more_names_than_anybody_reads() -> None:
    names = tuple(f"b{number}" for number in range(MOST_NAMES + 2))
    [told] = refused(research(names), ["x"]).values()

    assert f"'b{MOST_NAMES - 1}' and 2 more, each once" in told


def test_refuses_what_is_no_list_as_everywhere() -> None:
    assert refused(research(), 5) == {"agents": "The field 'agents' must be a list, not the number 5."}


def test_leaves_workflows_alone_that_let_nobody_choose() -> None:
    workflow = Workflow(name="w", description="", type="w", input=(), steps=(), result={})

    assert checked(workflow, None) == {}
    assert left_out(workflow, {}) == frozenset()

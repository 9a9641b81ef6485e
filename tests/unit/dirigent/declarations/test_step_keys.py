"""A step has the keys of its kind, and knows where the others' belong."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        (
            "  workflow: bread\n      with",
            "  workflow: bread\n      prompt: a\n      with",
            "steps[2].prompt",
            "asks an",
        ),
        (
            "  workflow: bread\n      with",
            "  workflow: bread\n      timeout: 1\n      with",
            "steps[2].timeout",
            "`total_",
        ),
        (
            "  workflow: bread\n      with",
            "  workflow: bread\n      input: {}\n      with",
            "steps[2].input",
            "in `with`",
        ),
        (
            "  workflow: bread\n      with",
            "  workflow: Bread\n      with",
            "steps[2].workflow",
            "does not fit",
        ),
        (
            "  workflow: bread\n      with",
            "  agent: baker\n      with",
            "steps[2].with",
            "a step with `workflow`",
        ),
        (
            "- name: sort\n",
            "- name: sort\n      filename: a.md\n",
            "steps[0].filename",
            "a step that publishes",
        ),
        ("- name: sort\n", "- name: sort\n      branches: {}\n", "steps[0].branches", "a step with `choose`"),
        (
            "  choose: sorted.kind",
            "  choose: sorted.kind\n      prompt: a",
            "steps[1].prompt",
            "stands in a branch",
        ),
        (
            "  choose: sorted.kind",
            "  choose: sorted.kind\n      agent: a",
            "steps[1]",
            "Has both 'agent' and 'choose'",
        ),
        (
            "    cake:\n",
            "    cake:\n          output: a\n",
            "branches.cake.output",
            "what the step with `choose` has",
        ),
        (
            "kind: {one_of: [bread, cake]}",
            "kind: {one_of: [yes, no]}",
            "answers.kind.one_of[0]",
            "put it in quotes",
        ),
        (
            "kind: {one_of: [bread, cake]}",
            "kind: {type: text}",
            "answers.kind.type",
            "'text' cannot be chosen",
        ),
        ("kind: {one_of: [bread, cake]}", "kind: text", "answers.kind", "Must be a mapping"),
        ("kind: {one_of: [bread, cake]}", "a.b: {}", "answers.a.b", "'a.b' does not fit"),
        ("made: made", "made: made.a.b", "result.made", "an output and one of its fields"),
        ("made: made", "made: {words_of: made.a}", "result.made.words_of", "does not fit"),
    ],
)
def test_refuses_a_key_of_another_kind_of_step(spoilt: Spoilt, case: tuple[str, str, str, str]) -> None:
    old, new, path, says = case

    found = spoilt("sequential", old, new)

    assert says in " ".join(finding.message for finding in found if finding.path.endswith(f".{path}"))


@pytest.mark.parametrize("given", ["5", "[a]", "{grain: 5}", "{grain: [a]}", "{grain: ''}"])
def test_what_is_given_is_field_by_field_a_template(spoilt: Spoilt, given: str) -> None:
    found = spoilt("sequential", '{grain: "Not {{sorted.grain}}"}', given)

    assert [finding.path.partition("[2].")[2].split(".")[0] for finding in found] == ["with"]

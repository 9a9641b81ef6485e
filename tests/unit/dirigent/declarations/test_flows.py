"""Every name a step reads must have been produced before, once, and for somebody."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Broken = Callable[[str, str], list[Finding]]
STEPS = "workflows.bread.steps"


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        (
            "{{dough}}",
            "{{dough}} {{grian}}",
            f"{STEPS}[1].prompt",
            "Nothing is called 'grian': did you mean 'grain'?",
        ),
        ("{{dough}}", "{{dough}} {{x.y}}", f"{STEPS}[1].prompt", "'{{x.y}}' is no variable: write {{name}}"),
        ("{{dough}}", "{{dough}} {{loaf}}", f"{STEPS}[1].prompt", "The step reads its own output 'loaf'"),
        (
            "{{dough}}",
            "{{dough}} {{shelf}}",
            f"{STEPS}[1].prompt",
            "in a cycle: bake \u2192 sell \u2192 bake (each needs the next)",
        ),
        ("{{dough}}", "{dough}", f"{STEPS}[1].prompt", "{dough} is no variable: write {{dough}}."),
        (
            "{{dough}}",
            "{{dough}} { grain }",
            f"{STEPS}[1].prompt",
            "{grain} is no variable: write {{grain}}.",
        ),
        ("{{grain}}.md", "{{grane}}.md", f"{STEPS}[2].filename", "Nothing is called 'grane'"),
        ("{{grain}}.md", "{{g()}}.md", f"{STEPS}[2].filename", "'{{g()}}' is no variable"),
        ("publish: loaf", "publish: laof", f"{STEPS}[2].publish", "did you mean 'loaf'?"),
        ("publish: loaf", "publish: shelf", f"{STEPS}[2].publish", "its own output"),
        ("publish: loaf", "publish: grain", f"{STEPS}[2].publish", "only an output can be published"),
        ("grain: grain", "grain: grian", "workflows.bread.result.grain", "did you mean 'grain'?"),
        ("words_of: loaf", "words_of: oaf", "workflows.bread.result.words.words_of", "did you mean 'loaf'?"),
        ("name: bake", "name: knead", f"{STEPS}[1].name", "Another step has the name 'knead' (line 7)"),
        (
            "name: bake",
            "name: bake\n      record: knead",
            f"{STEPS}[1].record",
            "has the record 'knead' (line 7)",
        ),
        ("output: shelf", "output: Dough", f"{STEPS}[2].output", "has the output 'Dough' (line 10)"),
        ("output: shelf", "output: Grain", f"{STEPS}[2].output", "There is an input field 'Grain'"),
    ],
)
def test_refuses_a_name_that_cannot_be(broken: Broken, old: str, new: str, path: str, says: str) -> None:
    (found,) = broken(old, new)

    assert (found.file, found.path) == ("workflows/bread.yaml", path)
    assert says in found.message


def test_lets_braces_be_that_hold_no_name_of_the_workflow(broken: Broken) -> None:
    assert broken("Bake {{dough}}.", "'Bake {{dough}} as JSON: {\"a\": {b}, {} }'") == []


def test_tells_of_a_field_nothing_reads(broken: Broken) -> None:
    (found,) = broken("    grain: {", "    salt: {required: false}\n    grain: {")

    assert found.path == "workflows.bread.input.salt"
    assert found.message.startswith("Nothing reads this field")


def test_tells_of_an_answer_nothing_reads(broken: Broken) -> None:
    (found,) = broken("Bake {{dough}}.", "Bake.")

    assert found.path == f"{STEPS}[0].output"
    assert found.message.startswith("Nothing reads 'dough'")


def test_tells_of_fields_that_differ_in_capitals_only(broken: Broken) -> None:
    found = broken("    grain: {", "    Grain: {required: false}\n    grain: {")

    assert "differs from 'Grain' in capitals only" in found[1].message


def test_tells_a_step_that_comes_too_late_from_a_cycle(broken: Broken) -> None:
    early = """    - name: taste
      agent: baker
      prompt: Taste {{dough}}.
      output: verdict
    - name: hang
      publish: verdict
      filename: verdict.md
      output: wall
"""

    (found,) = broken("    - name: knead", f"{early}    - name: knead")

    assert found.message == "'dough' is produced only later, by the step knead: move that step up."


def test_names_a_long_cycle_whole(broken: Broken) -> None:
    found = broken("Knead {{grain}}.", "Knead {{grain}} {{shelf}}.")

    assert [finding.message.partition(": ")[2] for finding in found] == [
        "knead \u2192 sell \u2192 bake \u2192 knead (each needs the next); break it in one place."
    ]


def test_what_could_not_be_read_hides_no_other_mistake(broken: Broken) -> None:
    found = broken("prompt: Knead {{grain}}.", "prompt: 5")

    assert [finding.path for finding in found] == [f"{STEPS}[0].prompt"]

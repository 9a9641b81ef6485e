"""Every name a step reads must have been produced before, once, and for somebody."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Broken = Callable[[str, str], list[Finding]]
Spoilt = Callable[[str, str, str], list[Finding]]
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
        ("{{dough}}", "{{dough}} {{x.y.z}}", f"{STEPS}[1].prompt", "'{{x.y.z}}' is no variable: write"),
        ("{{dough}}", "{{dough}} {{x.y}}", f"{STEPS}[1].prompt", "Nothing is called 'x'"),
        ("{{dough}}", "{{dough.kind}}", f"{STEPS}[1].prompt", "'dough' is a text and has no field 'kind'"),
        ("{{dough}}", "{{dough}} {{grain.x}}", f"{STEPS}[1].prompt", "'grain' is an input field and has no"),
        ("{{dough}}", "{{dough}} {grain.x}", f"{STEPS}[1].prompt", "{grain.x} is no variable: write"),
        ("words_of: loaf", "value: loaf.x", "workflows.bread.result.words.value", "has no field 'x'"),
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


@pytest.mark.parametrize(
    "case",
    [
        (
            "sequential",
            "Sort {{order}}",
            "Sort {{order}} {{made}}",
            "steps[0].prompt",
            "sort \u2192 make \u2192 sort",
        ),
        ("sequential", "kind: sorted.kind", "kind: sorted.knd", "result.kind", "did you mean 'kind'?"),
        ("sequential", "kind: sorted.kind", "kind: made.kind", "result.kind", "whichever branch is taken"),
        ("sequential", "second.words", "second.wrds", "result.words", "did you mean 'words'?"),
        ("sequential", "Bake {{order}}.", "Bake {{sorted.knd}}.", "steps[1].branches.cake.prompt", "'kind'?"),
        ("sequential", "made: made", "made: kind", "result.made", "Nothing is called 'kind'"),
        (
            "fan_out",
            "with nuts",
            "with {{plain}}",
            "branches[1].prompt",
            "plain works beside it, after it, or",
        ),
        (
            "fan_out",
            "with nuts",
            "with {{branches}}",
            "branches[1].prompt",
            "only to steps that merge and to the",
        ),
        ("fan_out", "with nuts", "with {{winner}}", "branches[1].prompt", "only to the result: leave it out"),
        ("fan_out", '{{wish}}"}', '{{plain.cake}}"}', "branches[2].with.grain", "plain works beside it"),
        ("fan_out", "{{plain.cake}}", "{{plain.cke}}", "combine.prompt", "did you mean 'cake'?"),
        ("fan_out", "{{branches}}", "{{branches.plain}}", "combine.prompt", "is no output and has no field"),
        ("fan_out", "{{branches}}", "{{branch}}", "combine.prompt", "Nothing is called 'branch'"),
        ("fan_out", "winner: winner", "winner: ballots", "result.winner", "Nothing is called 'ballots'"),
        ("fan_out", "best: best", "best: best.cake", "result.best", "is no output and has no field"),
        ("hierarchy", "table for {{guest}}", "{{soup_cook}}", "master.team[1].prompt", "or in another team"),
        (
            "hierarchy",
            "table for {{guest}}",
            "{{head_cook}}",
            "master.team[1].prompt",
            "head-cook works beside it",
        ),
        ("hierarchy", "Serve {{reports}}", "See {{soup_cook}}", "master.prompt", "soup-cook works beside it"),
        (
            "hierarchy",
            "Serve {{reports}}",
            "Serve",
            "master.prompt",
            "It reads nothing of what it is to merge",
        ),
        (
            "hierarchy",
            "Serve {{reports}} as",
            "See {{host_brief.celar}}",
            "master.prompt",
            "did you mean 'cellar'?",
        ),
        ("hierarchy", "work for {{guest}}", "{{reports}}", "master.brief.prompt", "only to steps that merge"),
        (
            "hierarchy",
            "work for {{guest}}",
            "{{dinner}}",
            "master.brief.prompt",
            "host works beside it, after it",
        ),
        (
            "hierarchy",
            "Cook {{host_brief.kitchen}}",
            "See {{oven}}",
            "master.team[0].team[0].prompt",
            "oven works",
        ),
        ("quorum", "sound done?", "sound {{eye}}?", "voters[2].prompt", "eye works beside it"),
        ("quorum", "by {{ballots}}", "by {{decision}}", "resolution.prompt", "only to the result"),
    ],
)
def test_nobody_reads_what_is_not_there_for_him(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    assert says in " ".join(finding.message for finding in found if finding.path.endswith(f".{path}"))


@pytest.mark.parametrize(
    ("pattern", "old", "new"),
    [
        ("sequential", "made: made", "made: made\n    again: second\n    urgent: sorted.urgent"),
        ("fan_out", "Judge {{branches}}: {{plain.cake}}", "Judge {{plain}} and {{rich_cake.price}}"),
        ("fan_out", "why: verdict.why", "why: verdict\n    cake: plain.cake"),
        ("hierarchy", "Cook {{host_brief.kitchen}}", "Cook {{host_brief}} for {{guest}}"),
        ("hierarchy", "reports: reports", "reports: reports\n    soup: soup_cook\n    brief: host_brief"),
        ("quorum", "by {{ballots}}", "by {{eye.verdict}} and {{nose}}"),
        ("quorum", "tally: tally", "tally: tally\n    eye: eye.reason\n    arbiter: resolution.verdict"),
    ],
)
def test_what_is_there_may_be_read(spoilt: Spoilt, pattern: str, old: str, new: str) -> None:
    result = new.replace("\n    ", ", ") if "result: {" in new or pattern != "sequential" else new

    assert spoilt(pattern, old, result) == []


def test_an_answer_that_no_merging_step_reads_is_told_of(
    findings: Callable[..., list[Finding]], patterns: dict[str, str]
) -> None:
    text = patterns["fan_out"].replace("{cakes: branches, ", "{").replace("Judge {{branches}}: ", "Judge ")

    (found,) = findings(**{"workflows/more": text})

    assert found.message.startswith("Nothing reads 'rich_cake'")
    assert found.path == "workflows.fair.branches[1].name"

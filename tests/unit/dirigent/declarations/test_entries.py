"""Entries are held against one another, and become what they declare."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding
from dirigent.domain.catalogue import (
    Agent,
    AskStep,
    Catalogue,
    InputField,
    Model,
    PublishStep,
    ResultField,
    Workflow,
)

Broken = Callable[[str, str], list[Finding]]


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        (
            "model: main",
            "model: mian",
            "agents.baker.model",
            "No model is called 'mian': did you mean 'main'?",
        ),
        (
            "agent: baker",
            "agent: cook",
            "workflows.bread.steps[0].agent",
            "No agent is called 'cook': agents are 'baker'.",
        ),
        (
            "model: main",
            "model: main\n  retry: {max_delay: 1}",
            "agents.baker.retry",
            "max_delay (1) is less than initial_delay (5)",
        ),
        ("{grain: rye}", "{grain: 5}", "workflows.bread.sample.grain", "must be a text, not the number 5"),
        ("{grain: rye}", "{grian: rye, grain: a}", "workflows.bread.sample.grian", "did you mean 'grain'?"),
        ("{grain: rye}", "{}", "workflows.bread.sample.grain", "Grain required"),
    ],
)
def test_refuses_what_does_not_fit_the_rest(broken: Broken, old: str, new: str, path: str, says: str) -> None:
    (found,) = broken(old, new)

    assert found.path == path
    assert says in found.message


@pytest.mark.parametrize(
    "field", ["{type: int}", "{required: 'no'}", "{requird: false}", "5", "{type: lst, max_length: 0}"]
)
def test_a_sample_is_not_blamed_for_a_field_that_is_wrong(broken: Broken, field: str) -> None:
    found = broken(
        "    grain: {missing: Grain required}", f"    grain: {{}}\n    salt: {field}\n    pan: {{type: list}}"
    )

    paths = [finding.path for finding in found]
    assert "workflows.bread.input.salt" in paths[0] or paths[0].startswith("workflows.bread.input.salt")
    assert not [path for path in paths if path.startswith("workflows.bread.sample.salt")]
    # The other field, which can be read, is missing from the sample.
    assert "workflows.bread.sample.pan" in paths


@pytest.mark.parametrize("models", ["- main", "main", "5"])
def test_models_that_are_none_are_told_once(findings: Callable[..., list[Finding]], models: str) -> None:
    found = findings(models=models)

    assert [(finding.file, finding.path) for finding in found] == [("models.yaml", "models")]


def test_a_file_that_cannot_be_read_is_not_told_again_by_those_who_need_it(broken: Broken) -> None:
    found = broken("main: {deployment: gpt}", "main: {")

    assert [finding.file for finding in found] == ["models.yaml"]


def test_becomes_what_was_declared(good: Catalogue) -> None:
    assert good == Catalogue(
        models={"main": Model(name="main", deployment="gpt")},
        agents={"baker": Agent(name="baker", description="Bakes", instructions="You bake.", model="main")},
        workflows={
            "bread": Workflow(
                name="bread",
                description="Bakes a loaf.",
                type="baking",
                input=(InputField(name="grain", missing="Grain required"),),
                steps=(
                    AskStep(name="knead", agent="baker", prompt="Knead {{grain}}.", output="dough"),
                    AskStep(name="bake", agent="baker", prompt="Bake {{dough}}.", output="loaf"),
                    PublishStep(name="sell", publish="loaf", filename="{{grain}}.md", output="shelf"),
                ),
                result={"grain": ResultField(value="grain"), "words": ResultField(words_of="loaf")},
                sample={"grain": "rye"},
            )
        },
    )

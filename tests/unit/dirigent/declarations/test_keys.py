"""The keys are those of the types, with limits one can live with."""

from collections.abc import Callable

import msgspec
import pytest

from dirigent.declarations import Finding
from dirigent.declarations.keys import (
    AGENT,
    ASK_STEP,
    INPUT_FIELD,
    MODEL,
    PUBLISH_STEP,
    RESULT_FIELD,
    RETRY,
    WORKFLOW,
)
from dirigent.declarations.kinds import Keys
from dirigent.domain.catalogue import (
    Agent,
    AskStep,
    InputField,
    Model,
    PublishStep,
    ResultField,
    Workflow,
)
from dirigent.domain.retries import RetryPolicy

Broken = Callable[[str, str], list[Finding]]


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (MODEL, Model),
        (AGENT, Agent),
        (RETRY, RetryPolicy),
        (WORKFLOW, Workflow),
        (INPUT_FIELD, InputField),
        (ASK_STEP, AskStep),
        (PUBLISH_STEP, PublishStep),
        (RESULT_FIELD, ResultField),
    ],
)
def test_the_keys_are_those_of_the_type(keys: Keys, kind: type[msgspec.Struct]) -> None:
    fields = {field.name: field.required for field in msgspec.structs.fields(kind)}
    # Entries of a mapping are named by their key there; a step is an item of a list and names itself.
    if "name" not in keys:
        fields.pop("name", None)

    assert {name: key.required for name, key in keys.items()} == fields


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("model: main", "model: main\n  temperature: 2.1", "agents.baker.temperature"),
        ("model: main", "model: main\n  token_limit: 0", "agents.baker.token_limit"),
        ("model: main", "model: main\n  timeout: 0", "agents.baker.timeout"),
        ("model: main", "model: main\n  timeout: 0.0000001", "agents.baker.timeout"),
        ("output: dough", "output: dough\n      timeout: 0.09", "workflows.bread.steps[0].timeout"),
        ("type: baking", "type: baking\n  timeout: 0.05", "workflows.bread.timeout"),
        ("model: main", "model: main\n  timeout: 1801", "agents.baker.timeout"),
        ("model: main", "model: main\n  retry: {max_attempts: 0}", "agents.baker.retry.max_attempts"),
        ("model: main", "model: main\n  retry: {max_attempts: 1.5}", "agents.baker.retry.max_attempts"),
        ("model: main", "model: main\n  retry: {initial_delay: -1}", "agents.baker.retry.initial_delay"),
        (
            "model: main",
            "model: main\n  retry: {exponential_base: 0.5}",
            "agents.baker.retry.exponential_base",
        ),
        ("model: main", "model: main\n  retry: {max_delay: 901}", "agents.baker.retry.max_delay"),
        ("model: main", "model: main\n  retry: [1]", "agents.baker.retry"),
        ("model: main", "modl: main", "agents.baker.modl"),
        ("description: Bakes\n", "description: yes\n", "agents.baker.description"),
        ("baker:\n", "Baker_1:\n", "agents.Baker_1"),
        ("type: baking", "type: baking\n  timeout: 604801", "workflows.bread.timeout"),
        ("type: baking", "type: baking bread", "workflows.bread.type"),
        ("type: baking", "type: baking\n  pattern: parallel", "workflows.bread.pattern"),
        ("{missing: Grain required}", "{max_length: 0}", "workflows.bread.input.grain.max_length"),
        ("{missing: Grain required}", "{required: maybe}", "workflows.bread.input.grain.required"),
        ("{missing: Grain required}", "{type: text}", "workflows.bread.input.grain.type"),
        ("{missing: Grain required}", "", "workflows.bread.input.grain"),
        ("name: knead", "name: Knead", "workflows.bread.steps[0].name"),
        ("output: shelf", "output: the-shelf", "workflows.bread.steps[2].output"),
        ("{{grain}}.md", "a/{{grain}}.md", "workflows.bread.steps[2].filename"),
        ("{{grain}}.md", ".md", "workflows.bread.steps[2].filename"),
        ("{{grain}}.md", "{{grain}}", "workflows.bread.steps[2].filename"),
        (
            "output: shelf",
            "output: shelf\n      content_type: markdown",
            "workflows.bread.steps[2].content_type",
        ),
        ("publish: loaf", "agent: baker\n      publish: loaf", "workflows.bread.steps[2]"),
        ("{words_of: loaf}", "{words_of: loaf, value: loaf}", "workflows.bread.result.words"),
        ("{words_of: loaf}", "{}", "workflows.bread.result.words"),
        ("{grain: rye}", "rye", "workflows.bread.sample"),
        ("main: {", "main: {speed: 5, ", "models.main.speed"),
        ("{deployment: gpt}", "{}", "models.main"),
    ],
)
def test_refuses_a_value_at_its_key(broken: Broken, old: str, new: str, path: str) -> None:
    assert path in [finding.path for finding in broken(old, new)]


def test_a_step_says_what_it_does(broken: Broken) -> None:
    found = broken("publish: loaf", "record: x")

    assert [finding.message.partition(":")[0] for finding in found] == ["Says not what to do"]


@pytest.mark.parametrize(("steps", "path"), [("[]", ""), ("5", ""), ("[5]", "[0]")])
def test_a_workflow_has_steps(findings: Callable[..., list[Finding]], steps: str, path: str) -> None:
    workflow = f"bread: {{description: d, type: t, input: {{}}, steps: {steps}, result: {{a: b}}}}"

    (found,) = findings(**{"workflows/bread": workflow})

    assert found.path == f"workflows.bread.steps{path}"

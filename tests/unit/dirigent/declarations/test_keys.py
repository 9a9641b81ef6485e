"""The keys are those of the types, with limits one can live with."""

import json
from collections.abc import Callable

import msgspec
import pytest

from dirigent.declarations import Finding
from dirigent.declarations.keys import ACCOUNT, AGENT, BREAKER, DIALECT, FALLBACK, LIMITS, MODEL, RETRY
from dirigent.declarations.kinds import Keys
from dirigent.declarations.pattern_keys import WORKFLOW
from dirigent.declarations.step_keys import (
    ANSWER_FIELD,
    ASK_STEP,
    CHOOSE_STEP,
    INPUT_FIELD,
    PUBLISH_STEP,
    RESULT_FIELD,
    WORKFLOW_STEP,
)
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.catalogue import Agent, Fallback, InputField, Model, ResultField, Workflow
from dirigent.domain.dialects import Dialect
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.steps import AnswerField, AskStep, ChooseStep, PublishStep, WorkflowStep
from dirigent.domain.windows import Limits
from dirigent.settings import is_name

Broken = Callable[[str, str], list[Finding]]


#: What is no key of its own: patterns say it, each in its way.
OF_PATTERNS = {"steps", "team", "election", "select"}
#: What a key says in another word, or the key beside it.
OF_OTHERS = {"picks", "groups"}


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (MODEL, Model),
        (DIALECT, Dialect),
        (AGENT, Agent),
        (RETRY, RetryPolicy),
        (BREAKER, BreakerRules),
        (LIMITS, Limits),
        (FALLBACK, Fallback),
        (ACCOUNT, AccountRules),
        (WORKFLOW, Workflow),
        (INPUT_FIELD, InputField),
        (ANSWER_FIELD, AnswerField),
        (ASK_STEP, AskStep),
        (PUBLISH_STEP, PublishStep),
        (WORKFLOW_STEP, WorkflowStep),
        (CHOOSE_STEP, ChooseStep),
        (RESULT_FIELD, ResultField),
    ],
)
def test_the_keys_are_those_of_the_type(keys: Keys, kind: type[msgspec.Struct]) -> None:
    fields = {field.name: field.required for field in msgspec.structs.fields(kind)}
    left = {name: needed for name, needed in fields.items() if name not in OF_PATTERNS | OF_OTHERS}
    # Entries of a mapping are named by their key there; a step is an item of a list and names itself.
    if "name" not in keys:
        left.pop("name", None)

    assert {"given" if name == "with" else name: key.required for name, key in keys.items()} == left


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
        ("model: main", "model: main\n  limits: 5", "agents.baker.limits"),
        ("model: main", "model: main\n  limits: unlimted", "agents.baker.limits"),
        ("model: main", "model: main\n  limits: {minute: 0}", "agents.baker.limits.minute"),
        ("model: main", "model: main\n  limits: {burst: 1000000001}", "agents.baker.limits.burst"),
        ("model: main", "model: main\n  limits: {hour: 1.5}", "agents.baker.limits.hour"),
        ("model: main", "model: main\n  limits: {day: none}", "agents.baker.limits.day"),
        ("model: main", "model: main\n  limits: {day: }", "agents.baker.limits.day"),
        ("model: main", "model: main\n  limits: {day: [1]}", "agents.baker.limits.day"),
        ("model: main", "model: main\n  limits: {second: 1}", "agents.baker.limits.second"),
        ("model: main", "model: main\n  fallback: main", "agents.baker.fallback"),
        ("model: main", "model: main\n  fallback: {}", "agents.baker.fallback"),
        ("model: main", "model: main\n  fallback: {agent: a, value: b}", "agents.baker.fallback"),
        ("model: main", "model: main\n  fallback: {value: ''}", "agents.baker.fallback.value"),
        ("gpt}", "gpt, breaker: {failures: 0}}", "models.main.breaker.failures"),
        ("gpt}", "gpt, breaker: {failures: 1001}}", "models.main.breaker.failures"),
        ("gpt}", "gpt, breaker: {cool_down: 0}}", "models.main.breaker.cool_down"),
        ("gpt}", "gpt, breaker: {cool_down: 86401}}", "models.main.breaker.cool_down"),
        ("gpt}", "gpt, breaker: {trials: 101}}", "models.main.breaker.trials"),
        ("gpt}", "gpt, breaker: {success_threshold: 0}}", "models.main.breaker.success_threshold"),
        ("gpt}", "gpt, endpoint: Claude}", "models.main.endpoint"),
        ("gpt}", "gpt, endpoint: my_gateway}", "models.main.endpoint"),
        ("gpt}", "gpt, endpoint: 'https://a.example/v1'}", "models.main.endpoint"),
        ("gpt}", "gpt, dialect: {temperature: 0}}", "models.main.dialect.temperature"),
        ("gpt}", "gpt, dialect: {temperature: 'false'}}", "models.main.dialect.temperature"),
        ("gpt}", "gpt, dialect: {tokens: 4096}}", "models.main.dialect.tokens"),
        ("gpt}", "gpt, dialect: {structure: yes}}", "models.main.dialect.structure"),
        ("gpt}", "gpt, dialect: {structure: }}", "models.main.dialect.structure"),
        ("gpt}", "gpt, dialect: {top_p: 1}}", "models.main.dialect.top_p"),
        ("type: baking", "type: baking\n  max_wait: -1", "workflows.bread.max_wait"),
        ("type: baking", "type: baking\n  max_wait: 86401", "workflows.bread.max_wait"),
        ("output: dough", "output: dough\n      total_timeout: 0", "workflows.bread.steps[0].total_timeout"),
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


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "model: main",
            "model: main\n  fallback: {agent: a, value: b}",
            "Has 'agent' and 'value', of which only one may stand here: keep one and remove the rest.",
        ),
        (
            "{words_of: loaf}",
            "{words_of: loaf, value: loaf}",
            "Has 'value' and 'words_of', of which only one may stand here: keep one and remove the rest.",
        ),
        (
            "model: main",
            "model: main\n  fallback: {}",
            "Must have one of 'agent', 'model' and 'value': say who or what answers.",
        ),
        (
            "model: main",
            "model: main\n  fallback: helper",
            "Must be a mapping such as {agent: editor}, not a text.",
        ),
        ("gpt}", "gpt, breaker: 5}", "Must be a mapping such as {failures: 5}, not the number 5."),
        (
            "model: main",
            "model: main\n  breaker: {failures: 3}",
            "Unknown key: a breaker stands with its model, in models.yaml.",
        ),
        (
            "model: main",
            "model: main\n  endpoint: claude",
            "Unknown key: an endpoint stands with its model, in models.yaml.",
        ),
        (
            "gpt}",
            "gpt, endpoint: Claude}",
            "'Claude' does not fit: write a name of lower-case letters, digits and hyphens.",
        ),
        (
            "gpt}",
            "gpt, dialect: openai}",
            "Must be a mapping such as {temperature: false}, not a text.",
        ),
        (
            "gpt}",
            "gpt, dialect: {temperature: 0}}",
            "Must be true or false, not the number 0: write one of the two without quotes.",
        ),
        (
            "gpt}",
            "gpt, dialect: {structure: json_scheme}}",
            "'json_scheme' cannot be chosen: did you mean 'json_schema'?",
        ),
    ],
)
def test_a_refusal_says_what_to_write_instead(broken: Broken, old: str, new: str, told: str) -> None:
    assert told in [finding.message for finding in broken(old, new)]


@pytest.mark.parametrize(
    ("minute", "told"),
    [
        ("1.5", "Must be a {}, not the number 1.5."),
        ("yes", "Must be a {}, not the truth value yes."),
        ("", "Must be a {}, not nothing."),
        ("none", "Must be a {}, not 'none'."),
        ("0", "0 is out of bounds: write a {}."),
    ],
)
def test_a_refused_limit_hears_that_there_may_be_none(broken: Broken, minute: str, told: str) -> None:
    (found,) = broken("model: main", f"model: main\n  limits: {{minute: {minute}}}")

    assert found.message.startswith(told.format("whole number from 1 to 1,000,000,000, or `unlimited`"))


def test_a_step_says_what_it_does(broken: Broken) -> None:
    found = broken("publish: loaf", "record: x")

    assert [finding.message.partition(":")[0] for finding in found] == ["Says not what to do"]


@pytest.mark.parametrize(("steps", "path"), [("[]", ""), ("5", ""), ("[5]", "[0]")])
def test_a_workflow_has_steps(findings: Callable[..., list[Finding]], steps: str, path: str) -> None:
    workflow = f"bread: {{description: d, type: t, input: {{}}, steps: {steps}, result: {{a: b}}}}"

    (found,) = findings(**{"workflows/bread": workflow})

    assert found.path == f"workflows.bread.steps{path}"


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        *(("a" * 500, True), ("night shift", True), ("5f1c", True), ("ø", True)),
        *(("a" * 501, False), (" a", False), ("a ", False), (" ", False), ("a\\\\b", False)),
        *((f"a{sign}b", False) for sign in "/#?%"),
        *((f"a\\u{code}b", False) for code in ("0007", "000a", "007f", "00a0", "200b")),
    ],
)
def test_an_account_is_called_what_an_account_can_be_called(
    findings: Callable[..., list[Finding]], name: str, is_taken: bool
) -> None:
    found = findings(accounts=f'"{name}": {{}}')

    assert (found == []) is is_taken
    assert is_name(json.loads(f'"{name}"')) is is_taken

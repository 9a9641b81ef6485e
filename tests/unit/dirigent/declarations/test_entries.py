"""Entries are held against one another, and become what they declare."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.catalogue import Agent, Catalogue, Fallback, InputField, Model, ResultField, Workflow
from dirigent.domain.dialects import Dialect
from dirigent.domain.steps import AskStep, PublishStep
from dirigent.domain.windows import Limits

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
        (
            "output: shelf",
            "output: degraded",
            "workflows.bread.steps[2].output",
            "'degraded' is reserved, results are marked by it: choose another name.",
        ),
        ("words: {", "degraded: {", "workflows.bread.result.degraded", "'degraded' is reserved"),
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


def agents_of(declare: Callable[..., Path], text: str) -> Agent:
    """The baker, with this line in addition."""
    line = f"baker:\n  description: d\n  instructions: i\n  model: main\n  {text}\n"
    models = "main: {deployment: gpt}\nspare: {deployment: mini}\n"
    return read(declare(**{"agents/desk": line, "models": models})).agents["baker"]


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("temperature: 0", Limits(burst=10, minute=60, hour=1_000, day=10_000)),
        ("limits: {minute: 5, day: unlimited}", Limits(burst=10, minute=5, hour=1_000, day=None)),
        ("limits: unlimited", Limits(burst=None, minute=None, hour=None, day=None)),
        ("limits: {hour: 1000000000, day: 1000000000}", Limits(hour=1_000_000_000, day=1_000_000_000)),
    ],
)
def test_an_agents_window_has_its_default_where_none_is_written(
    declare: Callable[..., Path], text: str, limits: Limits
) -> None:
    assert agents_of(declare, text).limits == limits


@pytest.mark.parametrize(
    ("text", "fallback"),
    [
        ("temperature: 0", None),
        ("fallback: {model: spare}", Fallback(model="spare")),
        ("fallback: {value: Buy bread.}", Fallback(value="Buy bread.")),
    ],
)
def test_an_agent_has_the_fallback_that_is_written(
    declare: Callable[..., Path], text: str, fallback: Fallback | None
) -> None:
    assert agents_of(declare, text).fallback == fallback


def test_a_model_has_the_breaker_that_is_written(declare: Callable[..., Path]) -> None:
    models = "main: {deployment: gpt, breaker: {failures: 2, cool_down: 0.5}}"

    breaker = read(declare(models=models)).models["main"].breaker

    assert breaker == BreakerRules(failures=2, cool_down=0.5, trials=1, success_threshold=1)


@pytest.mark.parametrize(
    ("written", "endpoint", "dialect"),
    [
        ("", None, Dialect(temperature=True, tokens="max_completion_tokens", structure="json_schema")),
        (", endpoint: claude, dialect: {structure: none}", "claude", Dialect(structure="none")),
        (
            ", dialect: {temperature: false, tokens: max_tokens, structure: json_object}",
            None,
            Dialect(temperature=False, tokens="max_tokens", structure="json_object"),
        ),
    ],
)
def test_a_model_is_where_it_is_declared_and_told_what_it_understands(
    declare: Callable[..., Path], written: str, endpoint: str | None, dialect: Dialect
) -> None:
    model = read(declare(models=f"main: {{deployment: gpt{written}}}")).models["main"]

    assert (model.endpoint, model.dialect) == (endpoint, dialect)


def test_a_workflow_and_its_steps_have_the_times_that_are_written(declare: Callable[..., Path]) -> None:
    text = (declare() / "workflows/bread.yaml").read_text()
    patient = text.replace("type: baking", "type: baking\n  max_wait: 0").replace(
        "output: dough", "output: dough\n      total_timeout: 90"
    )

    workflow = read(declare(**{"workflows/bread": patient})).workflows["bread"]

    assert workflow.max_wait == 0
    assert [getattr(step, "total_timeout", 0) for step in workflow.steps] == [90.0, None, None]


def test_an_account_takes_what_it_leaves_out_from_the_default_window_by_window(
    declare: Callable[..., Path],
) -> None:
    accounts = """\
night shift: {limits: {minute: 5}}
5f1c: {users: unlimited}
2024-01-01: {}
default: {limits: {minute: 30, day: unlimited}, users: {burst: 1}}
"""

    catalogue = read(declare(accounts=accounts))

    usual = AccountRules(limits=Limits(minute=30, day=None), users=Limits(burst=1))
    endless = Limits(burst=None, minute=None, hour=None, day=None)
    assert catalogue.accounts == {
        "night shift": AccountRules(limits=Limits(minute=5, day=None), users=usual.users),
        "5f1c": AccountRules(limits=usual.limits, users=endless),
        "2024-01-01": usual,
        "default": usual,
    }


def test_without_a_default_an_account_has_the_usual_limits(declare: Callable[..., Path]) -> None:
    catalogue = read(declare(accounts="acme: {limits: {minute: 5}}"))

    assert catalogue.account("acme") == AccountRules(limits=Limits(minute=5))
    assert catalogue.account("other") == AccountRules()


@pytest.mark.parametrize(("timeout", "is_refused"), [("60.5", True), ("30", False), ("29", False)])
def test_refuses_a_timeout_that_the_steps_whole_time_cuts_short(
    broken: Callable[[str, str], list[Finding]], timeout: str, is_refused: bool
) -> None:
    found = broken("output: dough", f"output: dough\n      timeout: {timeout}\n      total_timeout: 30")

    why = "timeout (60.5) is more than total_timeout (30), so no attempt could last that long: "
    told = [("workflows.bread.steps[0].timeout", f"{why}raise total_timeout or lower timeout.")]
    assert [(finding.path, finding.message) for finding in found] == (told if is_refused else [])

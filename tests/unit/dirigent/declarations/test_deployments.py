"""Models of one deployment that say different things of it are refused where they stand."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Find = Callable[..., list[Finding]]


@pytest.mark.parametrize(
    ("twin", "line"),
    [
        ("{deployment: gpt, breaker: {failures: 6}}", 3),
        ("{deployment: gpt, breaker: {cool_down: 60.5}}", 3),
        ("\n  deployment: gpt\n  breaker:\n    trials: 2", 5),
    ],
)
def test_refuses_two_breakers_of_one_deployment(findings: Find, twin: str, line: int) -> None:
    (found,) = findings(models=f"main: {{deployment: gpt}}\nother: {{deployment: mini}}\ntwin: {twin}\n")

    assert (found.path, found.line) == ("models.twin.breaker", line)
    assert found.message.startswith("Has another breaker than 'main' (models.yaml:1), which is the same depl")


def test_refuses_deployments_that_differ_in_capitals_only(findings: Find) -> None:
    (found,) = findings(models="main: {deployment: gpt-4o}\ntwin: {deployment: GPT-4o}\n")

    assert (found.path, found.line) == ("models.twin.deployment", 2)
    assert found.message.startswith("Differs from the deployment 'gpt-4o' in capitals only")


def test_refuses_a_model_that_leaves_out_the_breaker_its_twin_has(findings: Find) -> None:
    (found,) = findings(models="main: {deployment: gpt, breaker: {trials: 2}}\ntwin: {deployment: gpt}\n")

    assert found.path == "models.twin"


@pytest.mark.parametrize(
    "twin",
    [
        "{deployment: gpt, breaker: {failures: 5, cool_down: 60}}",
        "{deployment: gpt, breaker: {}}",
        "{deployment: mini, breaker: {failures: 6}}",
    ],
)
def test_lets_breakers_be_that_come_to_the_same_or_stand_elsewhere(findings: Find, twin: str) -> None:
    assert findings(models=f"main: {{deployment: gpt}}\ntwin: {twin}\n") == []


@pytest.mark.parametrize("breaker", ["5", "{failures: 0}", "{failures: 0, trials: 3}", "{failure: 6}"])
def test_a_breaker_that_could_not_be_read_is_not_another(findings: Find, breaker: str) -> None:
    main = "main: {deployment: gpt, breaker: {trials: 2}}"

    (found,) = findings(models=f"{main}\ntwin: {{deployment: gpt, breaker: {breaker}}}\n")

    assert found.path.startswith("models.twin.breaker")
    assert "another breaker" not in found.message


@pytest.mark.parametrize(
    ("main", "twin", "path"),
    [
        ("deployment: gpt", "deployment: gpt, endpoint: azure", "models.twin.endpoint"),
        ("deployment: gpt, endpoint: azure", "deployment: gpt", "models.twin"),
        ("deployment: gpt, endpoint: azure", "deployment: gpt, endpoint: proxy", "models.twin.endpoint"),
        ("deployment: gpt", "deployment: GPT, endpoint: azure", "models.twin.endpoint"),
    ],
)
def test_refuses_one_name_for_deployments_at_two_endpoints(
    findings: Find, main: str, twin: str, path: str
) -> None:
    (found,) = findings(models=f"main: {{{main}}}\nother: {{deployment: mini}}\ntwin: {{{twin}}}\n")

    assert (found.path, found.line) == (path, 3)
    assert found.message == (
        "Is at another endpoint than 'main' (models.yaml:1), whose deployment is called the same, so both "
        "would share a circuit and limits: name the same endpoint in both, or call one of the deployments "
        "otherwise at its provider."
    )


def test_what_deployments_at_two_endpoints_say_is_not_held_against_each_other(findings: Find) -> None:
    more = "breaker: {trials: 2}, dialect: {tokens: max_tokens}"

    found = findings(models=f"main: {{deployment: gpt}}\ntwin: {{deployment: gpt, endpoint: a, {more}}}\n")

    assert [finding.path for finding in found] == ["models.twin.endpoint"]


def test_lets_models_of_one_deployment_be_at_one_endpoint(findings: Find) -> None:
    claude = "{deployment: claude-sonnet, endpoint: claude}"

    assert findings(models=f"main: {{deployment: gpt}}\nclaude: {claude}\ntwin: {claude}\n") == []


@pytest.mark.parametrize("endpoint", ["5", "Azure", "''", "[azure]"])
def test_an_endpoint_that_could_not_be_read_is_not_another(findings: Find, endpoint: str) -> None:
    twin = f"{{deployment: gpt, endpoint: {endpoint}, breaker: {{trials: 2}}}}"

    found = findings(models=f"main: {{deployment: gpt}}\ntwin: {twin}\n")

    assert [finding.path for finding in found] == ["models.twin.endpoint"]
    assert "another endpoint" not in found[0].message


@pytest.mark.parametrize(
    ("main", "twin", "path"),
    [
        ("", ", dialect: {temperature: false}", "models.twin.dialect"),
        (", dialect: {temperature: false}", "", "models.twin"),
        (", dialect: {tokens: max_tokens}", ", dialect: {structure: json_object}", "models.twin.dialect"),
    ],
)
def test_refuses_two_dialects_of_one_deployment(findings: Find, main: str, twin: str, path: str) -> None:
    (found,) = findings(models=f"main: {{deployment: o3{main}}}\ntwin: {{deployment: o3{twin}}}\n")

    assert (found.path, found.line) == (path, 2)
    assert found.message == (
        "Has another dialect than 'main' (models.yaml:1), which is the same deployment and understands the "
        "same: write the same dialect in both."
    )


@pytest.mark.parametrize(
    "twin",
    [
        "{deployment: gpt, dialect: {temperature: true, tokens: max_completion_tokens}}",
        "{deployment: gpt, dialect: {}}",
        "{deployment: mini, dialect: {structure: none}}",
    ],
)
def test_lets_dialects_be_that_come_to_the_same_or_stand_elsewhere(findings: Find, twin: str) -> None:
    assert findings(models=f"main: {{deployment: gpt}}\ntwin: {twin}\n") == []


@pytest.mark.parametrize(
    "dialect", ["5", "{temperature: 0}", "{tokens: max_token, structure: none}", "{x: y}"]
)
def test_a_dialect_that_could_not_be_read_is_not_another(findings: Find, dialect: str) -> None:
    main = "main: {deployment: gpt, dialect: {temperature: false}}"

    (found,) = findings(models=f"{main}\ntwin: {{deployment: gpt, dialect: {dialect}}}\n")

    assert found.path.startswith("models.twin.dialect")
    assert "another dialect" not in found.message

"""Limits and fallbacks that would have no effect are refused where they stand."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Find = Callable[..., list[Finding]]
Broken = Callable[[str, str], list[Finding]]

AGENT = "baker: {{description: d, instructions: i, model: main{}}}"
TWO_MODELS = "main: {deployment: gpt}\nspare: {deployment: mini}\ntwin: {deployment: gpt}\n"


def of_agent(find: Find, more: str) -> list[tuple[str, str]]:
    """What is found where the only agent has more keys; there are three models, two of one deployment."""
    found = find(**{"agents/desk": AGENT.format(more), "models": TWO_MODELS})
    return [(finding.path, finding.message) for finding in found]


@pytest.mark.parametrize(
    ("limits", "key", "says"),
    [
        (
            "{minute: 2000}",
            "minute",
            "minute (2,000) is more than hour (1,000), so it would never be reached: raise hour",
        ),
        ("{minute: 20000}", "minute", "minute (20,000) is more than hour (1,000)"),
        ("{minute: 20, hour: 10}", "minute", "minute (20) is more than hour (10)"),
        ("{minute: 20000, hour: unlimited}", "minute", "minute (20,000) is more than day (10,000)"),
        ("{hour: 20, day: 10}", "hour", "hour (20) is more than day (10)"),
    ],
)
def test_refuses_a_limit_that_a_longer_windows_keeps_from_being_reached(
    findings: Find, limits: str, key: str, says: str
) -> None:
    ((path, message),) = of_agent(findings, f", limits: {limits}")

    assert path == f"agents.baker.limits.{key}"
    assert message.startswith(says)


@pytest.mark.parametrize(
    "limits",
    [
        "unlimited",
        "{}",
        "{hour: 10}",
        "{day: 5}",
        "{minute: 10, hour: 10, day: 10}",
        "{burst: 1000, minute: 60}",
        "{minute: unlimited, hour: 10}",
        "{minute: 2000, hour: unlimited}",
        "{minute: 2000, hour: unlimited, day: unlimited}",
    ],
)
def test_lets_limits_be_that_can_all_be_reached_or_were_only_lowered(findings: Find, limits: str) -> None:
    assert of_agent(findings, f", limits: {limits}") == []


def test_a_limit_is_not_held_against_one_that_could_not_be_read(findings: Find) -> None:
    ((path, _),) = of_agent(findings, ", limits: {minute: 2000, hour: many}")

    assert path == "agents.baker.limits.hour"


def test_an_accounts_limit_is_held_against_what_it_takes_from_the_default(findings: Find) -> None:
    found = findings(
        accounts="""\
default: {limits: {hour: 100}, users: {hour: 50}}
small: {limits: {minute: 101}}
smaller: {limits: {hour: 10}, users: {hour: 10}}
larger: {limits: {minute: 101, hour: 200}, users: {minute: 51}}
"""
    )

    assert [(finding.path, finding.line, finding.message.partition(",")[0]) for finding in found] == [
        ("accounts.small.limits.minute", 2, "minute (101) is more than hour (100)"),
        ("accounts.larger.users.minute", 4, "minute (51) is more than hour (50)"),
    ]


@pytest.mark.parametrize("usual", ["5", "{limits: 5}", "{limits: {hour: 9e9}}"])
def test_an_accounts_limit_is_not_held_against_a_default_that_could_not_be_read(
    findings: Find, usual: str
) -> None:
    found = findings(accounts=f"default: {usual}\nacme: {{limits: {{minute: 2000}}}}\n")

    assert [finding.line for finding in found] == [1]


@pytest.mark.parametrize("usual", ["5", "{limits: 5}", "{limits: {hour: 9e9}}"])
def test_an_accounts_own_mistakes_are_told_beside_those_of_the_default(findings: Find, usual: str) -> None:
    found = findings(accounts=f"default: {usual}\nacme: {{limits: {{minute: 20, hour: 10}}}}\n")

    assert [finding.line for finding in found] == [1, 2]
    assert found[1].message.startswith("minute (20) is more than hour (10)")


def test_what_of_a_default_could_be_read_holds_for_the_others(findings: Find) -> None:
    found = findings(accounts="default: {limits: {hour: 10}, users: 5}\nacme: {limits: {minute: 20}}\n")

    assert [finding.path for finding in found] == ["accounts.default.users", "accounts.acme.limits.minute"]


@pytest.mark.parametrize("beside", ["", "default: {}\n"])
def test_a_default_in_capitals_is_no_default(findings: Find, beside: str) -> None:
    (found,) = findings(accounts=f"{beside}Default: {{limits: {{hour: 100}}}}\n")

    assert found.path == "accounts.Default"
    assert found.message.startswith("'Default' differs from 'default' in capitals only: write 'default' for ")


def test_a_default_is_held_against_itself_as_far_as_it_could_be_read(findings: Find) -> None:
    found = findings(accounts="default: {limits: {minute: 2000}, users: 5}")

    assert [finding.path.removeprefix("accounts.default.") for finding in found] == ["users", "limits.minute"]


@pytest.mark.parametrize(
    ("fallback", "key", "says"),
    [
        ("agent: baker", "agent", "'baker' is the agent itself: name another one, or a model."),
        ("agent: bakre", "agent", "No agent is called 'bakre': there are none."),
        ("model: mian", "model", "No model is called 'mian': other models are 'spare', 'twin'."),
        ("model: spaer", "model", "No model is called 'spaer': did you mean 'spare'?"),
        (
            "model: main",
            "model",
            "'main' is the model the agent has already, so both fail together: name a model of another",
        ),
        (
            "model: twin",
            "model",
            "'twin' is the deployment 'gpt', as is the agent's own 'main', so both fail together: name a",
        ),
    ],
)
def test_refuses_a_fallback_that_would_not_help(findings: Find, fallback: str, key: str, says: str) -> None:
    ((path, message),) = of_agent(findings, f", fallback: {{{fallback}}}")

    assert path == f"agents.baker.fallback.{key}"
    assert message.startswith(says)


@pytest.mark.parametrize("fallback", ["model: spare", "value: 'No bread {{today}}.'"])
def test_lets_a_fallback_be_that_stands_elsewhere(findings: Find, fallback: str) -> None:
    assert of_agent(findings, f", fallback: {{{fallback}}}") == []


def test_suggests_another_agent(findings: Find) -> None:
    agents = f"{AGENT.format(', fallback: {agent: mller}')}\n{AGENT.format('').replace('baker', 'miller')}"

    (found,) = findings(**{"agents/desk": agents})

    assert found.message == "No agent is called 'mller': did you mean 'miller'?"


def test_lets_two_agents_answer_for_one_another(findings: Find) -> None:
    miller = AGENT.format(", fallback: {agent: baker}").replace("baker:", "miller:")

    assert findings(**{"agents/desk": f"{AGENT.format(', fallback: {agent: miller}')}\n{miller}"}) == []


def test_a_fallback_is_not_blamed_for_a_file_that_cannot_be_read(findings: Find) -> None:
    agent = AGENT.format(", fallback: {agent: miller}")

    found = findings(**{"agents/desk": agent, "agents/mill": "miller: ["})

    assert [finding.file for finding in found] == ["agents/mill.yaml"]


def test_a_fallback_model_is_not_blamed_for_models_that_cannot_be_read(findings: Find) -> None:
    agent = AGENT.format(", fallback: {model: spare}")

    found = findings(**{"agents/desk": agent, "models": "main: {"})

    assert [finding.file for finding in found] == ["models.yaml"]

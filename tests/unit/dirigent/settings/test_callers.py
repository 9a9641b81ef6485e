"""Accounts and fronts: what is read, and what is refused because nothing would keep accounts apart."""

import pytest

from dirigent.settings import SettingRefused, Settings

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
CHOSEN = {
    "DIRIGENT_MODEL": "scripted",
    "DIRIGENT_RECORDS": "sqlite",
    "DIRIGENT_ARTIFACTS": "files",
    "DIRIGENT_BUS": "none",
}
GATEWAY = "11111111-2222-3333-4444-55555555abcd"
BY_EASY_AUTH = {"DIRIGENT_ACCOUNTS": "enforced", "DIRIGENT_FRONT": "easy-auth"}
BY_GATEWAY = BY_EASY_AUTH | {"DIRIGENT_FRONT": "api-management", "DIRIGENT_GATEWAY": GATEWAY}


def refused(environment: dict[str, str]) -> SettingRefused:
    with pytest.raises(SettingRefused) as caught:
        Settings.read(environment)
    return caught.value


def test_enforced_accounts_leave_management_urls_out() -> None:
    settings = Settings.read(LOCAL | BY_EASY_AUTH)

    assert (settings.accounts, settings.front) == ("enforced", "easy-auth")
    assert not settings.management_urls


def test_reads_what_easy_auth_tells_callers_by() -> None:
    claims = {"DIRIGENT_ACCOUNT_CLAIM": "team", "DIRIGENT_USER_CLAIM": "sub"}
    settings = Settings.read(LOCAL | BY_EASY_AUTH | claims | {"DIRIGENT_OPERATORS": "ops, night shift,,ops"})

    assert (settings.account_claim, settings.user_claim) == ("team", "sub")
    assert settings.operators == ("ops", "night shift")


def test_reads_who_the_gateway_is() -> None:
    settings = Settings.read(LOCAL | BY_GATEWAY | {"DIRIGENT_GATEWAY": GATEWAY.upper()})

    assert (settings.front, settings.gateway) == ("api-management", GATEWAY)


@pytest.mark.parametrize(
    ("environment", "variable", "told"),
    [
        ({"DIRIGENT_ACCOUNTS": "strict"}, "DIRIGENT_ACCOUNTS", "set it to 'default' or 'enforced'"),
        ({"DIRIGENT_ACCOUNTS": "enforced"}, "DIRIGENT_FRONT", "is not set while accounts are enforced"),
        (BY_EASY_AUTH | {"DIRIGENT_FRONT": "nginx"}, "DIRIGENT_FRONT", "is 'nginx', which is unknown"),
        (BY_GATEWAY | {"DIRIGENT_GATEWAY": ""}, "DIRIGENT_GATEWAY", "is not set: set it to the object id"),
        (BY_GATEWAY | {"DIRIGENT_GATEWAY": "apim"}, "DIRIGENT_GATEWAY", "is 'apim', which is no object id"),
        (BY_EASY_AUTH | {"DIRIGENT_OPERATORS": " , "}, "DIRIGENT_OPERATORS", "is ',' and names nobody"),
        (BY_EASY_AUTH | {"DIRIGENT_OPERATORS": "ops,a/b"}, "DIRIGENT_OPERATORS", "is 'a/b': use 1 to 500"),
        (BY_EASY_AUTH | {"DIRIGENT_OPERATORS": "o%70s"}, "DIRIGENT_OPERATORS", "is 'o%70s': use 1 to 500"),
        (
            BY_EASY_AUTH | {"DIRIGENT_MANAGEMENT_URLS": "true"},
            "DIRIGENT_MANAGEMENT_URLS",
            "leave DIRIGENT_MANAGEMENT_URLS out, or DIRIGENT_ACCOUNTS",
        ),
    ],
)
def test_refuses_accounts_that_nothing_would_keep_apart(
    environment: dict[str, str], variable: str, told: str
) -> None:
    refusal = refused(LOCAL | environment)

    assert [problem.variable for problem in refusal.problems] == [variable]
    assert told in str(refusal.problems[0])


@pytest.mark.parametrize(
    ("environment", "variable", "remedy"),
    [
        ({"DIRIGENT_FRONT": "easy-auth"}, "DIRIGENT_FRONT", "set DIRIGENT_ACCOUNTS to 'enforced'"),
        ({"DIRIGENT_ACCOUNT_CLAIM": "team"}, "DIRIGENT_ACCOUNT_CLAIM", "DIRIGENT_ACCOUNTS to 'enforced'"),
        ({"DIRIGENT_USER_CLAIM": "sub"}, "DIRIGENT_USER_CLAIM", "DIRIGENT_ACCOUNTS to 'enforced'"),
        ({"DIRIGENT_GATEWAY": GATEWAY}, "DIRIGENT_GATEWAY", "DIRIGENT_ACCOUNTS to 'enforced'"),
        ({"DIRIGENT_OPERATORS": "ops"}, "DIRIGENT_OPERATORS", "DIRIGENT_ACCOUNTS to 'enforced'"),
        (BY_EASY_AUTH | {"DIRIGENT_GATEWAY": GATEWAY}, "DIRIGENT_GATEWAY", "DIRIGENT_FRONT to 'api-man"),
        (BY_GATEWAY | {"DIRIGENT_USER_CLAIM": "sub"}, "DIRIGENT_USER_CLAIM", "DIRIGENT_FRONT to 'easy-auth'"),
        (
            BY_EASY_AUTH | {"DIRIGENT_DEFAULT_ACCOUNT": "house"},
            "DIRIGENT_DEFAULT_ACCOUNT",
            "DIRIGENT_ACCOUNTS to 'default'",
        ),
    ],
)
def test_refuses_what_nothing_would_read(environment: dict[str, str], variable: str, remedy: str) -> None:
    refusal = refused(LOCAL | environment)

    assert [problem.variable for problem in refusal.problems] == [variable]
    assert "is set and nothing would read it: remove it, or set " in str(refusal)
    assert remedy in str(refusal)


@pytest.mark.parametrize("told", [{}, {"WEBSITE_AUTH_ENABLED": ""}, {"WEBSITE_AUTH_ENABLED": "False"}])
@pytest.mark.parametrize("front", [BY_EASY_AUTH, BY_GATEWAY])
def test_outside_development_the_platform_must_guard_its_headers(
    told: dict[str, str], front: dict[str, str]
) -> None:
    refusal = refused(CHOSEN | front | told)

    assert [problem.variable for problem in refusal.problems] == ["WEBSITE_AUTH_ENABLED"]
    assert "callers could forge their account: turn App Service authentication on" in str(refusal)


@pytest.mark.parametrize("told", ["True", "true", "1"])
def test_starts_where_the_platform_guards_its_headers(told: str) -> None:
    settings = Settings.read(CHOSEN | BY_EASY_AUTH | {"WEBSITE_AUTH_ENABLED": told})

    assert settings.accounts == "enforced"


def test_without_enforced_accounts_nobody_asks_who_guards_the_headers() -> None:
    assert Settings.read(CHOSEN | {"WEBSITE_AUTH_ENABLED": "False"}).accounts == "default"

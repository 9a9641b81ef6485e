"""Settings: what is read, what it defaults to, and what is refused by name."""

from pathlib import Path

import pytest

from dirigent.settings import HOME, OBJECT_CLAIM, TENANT_CLAIM, SettingRefused, Settings, is_name

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
GATEWAY = "11111111-2222-3333-4444-55555555abcd"
BY_EASY_AUTH = {"DIRIGENT_ACCOUNTS": "enforced", "DIRIGENT_FRONT": "easy-auth"}
BY_GATEWAY = BY_EASY_AUTH | {"DIRIGENT_FRONT": "api-management", "DIRIGENT_GATEWAY": GATEWAY}
STAND_INS = ("DIRIGENT_MODEL", "DIRIGENT_RECORDS", "DIRIGENT_ARTIFACTS")
CHOSEN = dict(zip(STAND_INS, ("scripted", "sqlite", "files"), strict=True))


def refused(environment: dict[str, str]) -> SettingRefused:
    with pytest.raises(SettingRefused) as caught:
        Settings.read(environment)
    return caught.value


def test_needs_nothing_in_development() -> None:
    assert Settings.read(LOCAL) == Settings(
        is_development=True,
        catalogue=HOME / "catalogue",
        model="scripted",
        script=None,
        records="sqlite",
        artifacts="files",
        data=HOME / ".dirigent",
        management_urls=True,
        default_account="default",
        accounts="default",
        front=None,
        account_claim=TENANT_CLAIM,
        user_claim=OBJECT_CLAIM,
        gateway=None,
        operators=(),
        body_limit=1_000_000,
        claim_lease=60.0,
        retention_days=30,
        retention_schedule="0 30 3 * * *",
    )


def test_home_is_the_folder_of_the_app() -> None:
    assert (HOME / "function_app.py").is_file()


def test_reads_every_variable(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("pace: 0\n")
    settings = Settings.read(
        CHOSEN
        | {
            "DIRIGENT_CATALOGUE": str(tmp_path / "declared"),
            "DIRIGENT_SCRIPT": str(script),
            "DIRIGENT_DATA": str(tmp_path / "kept"),
            "DIRIGENT_MANAGEMENT_URLS": "False",
            "DIRIGENT_DEFAULT_ACCOUNT": "house",
            "DIRIGENT_BODY_LIMIT": "2048",
            "DIRIGENT_CLAIM_LEASE": "2.5",
            "DIRIGENT_RETENTION_DAYS": "7",
            "DIRIGENT_RETENTION_SCHEDULE": "0 0 4 * * *",
        }
    )

    assert settings == Settings(
        is_development=False,
        catalogue=tmp_path / "declared",
        model="scripted",
        script=script,
        records="sqlite",
        artifacts="files",
        data=tmp_path / "kept",
        management_urls=False,
        default_account="house",
        accounts="default",
        front=None,
        account_claim=TENANT_CLAIM,
        user_claim=OBJECT_CLAIM,
        gateway=None,
        operators=(),
        body_limit=2048,
        claim_lease=2.5,
        retention_days=7,
        retention_schedule="0 0 4 * * *",
    )


def test_takes_relative_paths_from_the_folder_of_the_app() -> None:
    assert Settings.read(LOCAL | {"DIRIGENT_DATA": "kept/here"}).data == HOME / "kept" / "here"


@pytest.mark.parametrize("missing", STAND_INS)
def test_outside_development_a_stand_in_must_be_asked_for(missing: str) -> None:
    refusal = refused({name: value for name, value in CHOSEN.items() if name != missing})

    assert [problem.variable for problem in refusal.problems] == [missing]
    assert f"{missing} is not set: set it; {CHOSEN[missing]!r} is for local runs" in str(refusal)


def test_an_environment_of_another_name_is_not_development() -> None:
    refusal = refused({"AZURE_FUNCTIONS_ENVIRONMENT": "Production"})

    assert tuple(problem.variable for problem in refusal.problems) == STAND_INS


def test_an_empty_setting_counts_as_unset() -> None:
    assert Settings.read(LOCAL | {"DIRIGENT_MODEL": " ", "DIRIGENT_BODY_LIMIT": ""}) == Settings.read(LOCAL)
    assert refused(CHOSEN | {"DIRIGENT_MODEL": ""}).problems[0].variable == "DIRIGENT_MODEL"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DIRIGENT_MODEL", "oracle", "is 'oracle', which is unknown: set it to 'scripted'."),
        ("DIRIGENT_RECORDS", "paper", "is 'paper', which is unknown: set it to 'sqlite'."),
        ("DIRIGENT_ARTIFACTS", "stone", "is 'stone', which is unknown: set it to 'files'."),
        ("DIRIGENT_SCRIPT", "gone.yaml", "which is no file: name a file or leave it unset."),
        ("DIRIGENT_MANAGEMENT_URLS", "maybe", "is 'maybe': set it to 'true' or 'false'."),
        ("DIRIGENT_DEFAULT_ACCOUNT", "a/b", "is 'a/b': use 1 to 500 characters without '/'"),
        ("DIRIGENT_DEFAULT_ACCOUNT", "a" * 501, "use 1 to 500 characters"),
        ("DIRIGENT_BODY_LIMIT", "1 MB", "is '1 MB': set it to a whole number above 0, such as 1000000."),
        ("DIRIGENT_BODY_LIMIT", "0", "is '0': set it to a whole number above 0"),
        ("DIRIGENT_BODY_LIMIT", "9" * 5_000, "set it to a whole number above 0"),
        ("DIRIGENT_RETENTION_DAYS", "-1", "is '-1': set it to a whole number above 0, such as 30."),
        ("DIRIGENT_RETENTION_DAYS", "٣", "is '٣': set it to a whole number above 0"),
        ("DIRIGENT_CLAIM_LEASE", "soon", "is 'soon': set it to a number of seconds above 0, such as 60."),
        ("DIRIGENT_CLAIM_LEASE", "nan", "is 'nan': set it to a number of seconds above 0"),
        (
            "DIRIGENT_RETENTION_SCHEDULE",
            "daily",
            "is 'daily', which is no schedule: write second, minute, hour, day, month and day of the week",
        ),
        (
            "DIRIGENT_RETENTION_DAY",
            "7",
            "is no setting: did you mean DIRIGENT_RETENTION_DAYS? Else remove it",
        ),
        ("dirigent_model", "scripted", "is no setting: did you mean DIRIGENT_MODEL? Else remove it"),
        ("DIRIGENT_X", "1", "is no setting: remove it; docs/settings.md has a list."),
        ("DIRIGENT_CLAIM_LEASE", "inf", "is 'inf': set it to a number of seconds above 0"),
    ],
)
def test_refuses_a_value_by_the_name_of_its_variable(variable: str, value: str, told: str) -> None:
    refusal = refused(LOCAL | {variable: value})

    assert [problem.variable for problem in refusal.problems] == [variable]
    assert str(refusal.problems[0]).startswith(variable)
    assert told in str(refusal)


def test_knows_what_the_command_line_reads_and_whatever_is_not_for_this_app() -> None:
    others = {
        "DIRIGENT_URL": "http://there",
        "DIRIGENT_FUNCTION_KEY": "k",
        "DIRIGENT_TOKEN": "t",
        "DIRIGENTX": "1",
        "PATH": "/bin",
    }

    assert Settings.read(LOCAL | others) == Settings.read(LOCAL)


def test_a_stranger_that_is_empty_is_let_be() -> None:
    assert Settings.read(LOCAL | {"DIRIGENT_MODLE": " "}) == Settings.read(LOCAL)


def test_a_refusal_speaks_for_itself() -> None:
    assert SettingRefused.speaks_for_itself


def test_names_every_problem_at_once() -> None:
    refusal = refused({"DIRIGENT_BODY_LIMIT": "much", "DIRIGENT_CLAIM_LEASE": "-2"})

    assert [problem.variable for problem in refusal.problems] == [
        *STAND_INS,
        "DIRIGENT_BODY_LIMIT",
        "DIRIGENT_CLAIM_LEASE",
    ]
    assert len(str(refusal).splitlines()) == 6


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


@pytest.mark.parametrize(
    "text", ["", "a/b", "a\\b", "a#b", "a?b", "a\x00b", "a\nb", "a" * 501, "🦉" * 251, " a", "a "]
)
def test_a_name_that_records_could_not_keep_is_none(text: str) -> None:
    assert not is_name(text)

"""Settings: what is read, what it defaults to, and what is refused by name."""

from pathlib import Path

import pytest

from dirigent.settings import HOME, SettingRefused, Settings

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
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
    others = {"DIRIGENT_URL": "http://there", "DIRIGENT_FUNCTION_KEY": "k", "DIRIGENTX": "1", "PATH": "/bin"}

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

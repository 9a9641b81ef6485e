"""What may be typed, and what is refused with status 2."""

import json
from pathlib import Path

import pytest

from dirigent.cli.options import parse


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        parse(arguments, {})
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_fields_are_texts_unless_written_as_json() -> None:
    asked = parse(["start", "tides", "topic=a=b c", "count:=3", 'tags:=["x"]', "empty="], {})

    assert dict(asked.fields) == {"topic": "a=b c", "count": 3, "tags": ["x"], "empty": ""}


def test_fields_may_stand_after_options() -> None:
    asked = parse(["start", "tides", "--watch", "topic=a", "--key", "k1", "depth:=2"], {})

    assert (asked.watch, asked.key, dict(asked.fields)) == (True, "k1", {"topic": "a", "depth": 2})


def test_reads_the_whole_input_from_text_or_file(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text(json.dumps({"topic": "ø"}), encoding="utf-8")

    assert parse(["start", "tides", "--input", '{"topic": "a"}'], {}).input == {"topic": "a"}
    assert parse(["start", "tides", "--input", f"@{file}"], {}).input == {"topic": "ø"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["start", "tides", "topic"], "'topic' is no field: write name=text or name:=JSON"),
        (["start", "tides", "--watch", "topic"], "'topic' is no field"),
        (["start", "tides", "=a"], "'=a' is no field"),
        (["start", "tides", "count:=three"], "for a text write count=…"),
        (["start", "tides", "--input", "[1]"], "this is no JSON object"),
        (["start", "tides", "--input", "{"], "this is no JSON: "),
        (["start", "tides", "--input", "@gone.json"], "'gone.json' cannot be read"),
        (["start", "tides", "--wach"], "unknown: --wach"),
        (["show", "one", "two"], "unknown: two"),
        (["tasks", "--url", "localhost:7071"], "'localhost:7071' is no address"),
        (["tasks", "--url", "file:///etc/passwd"], "is no address"),
        (["circuits", "--reset"], "--reset needs the NAME of a circuit"),
        ([], "COMMAND"),
        (["strat", "tides"], "did you mean 'start'?"),
        (["workflow"], "did you mean 'workflows'?"),
        (["catalogue", "chekc"], "did you mean 'check'?"),
    ],
)
def test_refuses_what_it_cannot_read(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert told in refused(capsys, *arguments)


def test_the_environment_names_the_app_and_its_key() -> None:
    environment = {"DIRIGENT_URL": "https://example.org/api/", "DIRIGENT_FUNCTION_KEY": "k"}

    asked, told = parse(["tasks"], environment), parse(["tasks", "--url", "http://there:1"], environment)

    # What a deployment prints as its address ends in /api.
    assert (asked.url, asked.function_key) == ("https://example.org", "k")
    assert told.url == "http://there:1"


def test_a_token_is_told_by_option_or_environment() -> None:
    told = parse(["tasks", "--token", "a.b-c"], {"DIRIGENT_TOKEN": "other"})
    found, none = parse(["tasks"], {"DIRIGENT_TOKEN": " a.b "}), parse(["tasks"], {})

    assert (told.token, found.token, none.token) == ("a.b-c", "a.b", "")


@pytest.mark.parametrize("option", ["--token", "--function-key"])
@pytest.mark.parametrize("secret", ["Bearer s3cret", "s3cret\n", "s3crét"])
def test_a_wrong_secret_is_not_repeated(capsys: pytest.CaptureFixture[str], option: str, secret: str) -> None:
    told = refused(capsys, "tasks", option, secret)

    assert f"{option}: give it alone, without blanks" in told
    assert "s3cr" not in told


def test_a_wrong_token_of_the_environment_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["tasks"], {"DIRIGENT_TOKEN": "Bearer s3cret"})

    told = capsys.readouterr().err
    assert "DIRIGENT_TOKEN: give it alone" in told
    assert "s3cret" not in told


@pytest.mark.parametrize("typed", [("--tokn", "s3cret"), ("--tokn=s3cret",)])
def test_what_follows_a_misspelt_option_is_not_repeated(
    capsys: pytest.CaptureFixture[str], typed: tuple[str, ...]
) -> None:
    told = refused(capsys, "tasks", *typed)

    assert "unknown: --tokn\n" in told
    assert "s3cret" not in told


def test_without_an_address_the_app_is_on_this_machine() -> None:
    assert parse(["tasks"], {"DIRIGENT_URL": " "}).url == "http://localhost:7071"


def test_refuses_an_address_of_the_environment_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["tasks"], {"DIRIGENT_URL": "nowhere"})

    assert "'nowhere' is no address" in capsys.readouterr().err


def test_the_check_of_the_catalogue_takes_the_folder_that_the_app_reads() -> None:
    home = Path(__file__).resolve().parents[4]

    assert parse(["catalogue", "check"], {}).folder == home / "catalogue"
    assert parse(["catalogue", "check"], {"DIRIGENT_CATALOGUE": "ours"}).folder == home / "ours"
    assert parse(["catalogue", "check"], {"DIRIGENT_CATALOGUE": "/ours"}).folder == Path("/ours")
    assert parse(["catalogue", "check", "mine"], {"DIRIGENT_CATALOGUE": "ours"}).folder == Path("mine")


def test_the_check_needs_no_address() -> None:
    assert parse(["catalogue", "check", "mine"], {"DIRIGENT_URL": "nowhere"}).deed == "check"


def test_the_app_may_be_named_before_the_command() -> None:
    asked = parse(
        ["--url", "http://there:1", "--function-key", "k", "--json", "tasks"], {"DIRIGENT_URL": "x"}
    )
    again = parse(["--url", "http://there:1", "tasks", "--url", "http://here:2"], {})

    assert (asked.url, asked.function_key, asked.json) == ("http://there:1", "k", True)
    assert (again.url, again.function_key, again.json) == ("http://here:2", "", False)


def test_a_workflow_is_all_that_start_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert "required: WORKFLOW\n" in refused(capsys, "start")
    assert parse(["start", "tides"], {}).fields == []


def test_without_a_command_all_are_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert "required: COMMAND (choose from start, watch, " in refused(capsys)


def test_a_circuit_is_reset_by_its_name() -> None:
    asked, listed = parse(["circuits", "fast", "--reset"], {}), parse(["circuits"], {})

    assert (asked.name, asked.reset) == ("fast", True)
    assert (listed.name, listed.reset) == (None, False)


def test_a_trace_tells_of_replies_when_asked() -> None:
    asked, plain = parse(["trace", "t1", "--replies"], {}), parse(["trace", "t1"], {})

    assert (asked.task, asked.replies, plain.replies) == ("t1", True, False)


def test_limits_and_cancel_take_names(capsys: pytest.CaptureFixture[str]) -> None:
    limits, cancel = parse(["limits", "user", "u1"], {}), parse(["cancel", "t1", "--reason", "late"], {})

    assert (limits.level, limits.key, cancel.task, cancel.reason) == ("user", "u1", "t1", "late")
    assert "required: KEY" in refused(capsys, "limits", "user")

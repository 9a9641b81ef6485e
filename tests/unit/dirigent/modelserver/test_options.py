"""What the command line asks for."""

from pathlib import Path

import pytest

from dirigent.modelserver.options import ServerOptions, parse


def test_listens_to_this_machine_alone_unless_told() -> None:
    assert parse([], {}) == ServerOptions(host="127.0.0.1", port=7080, script=None, key=None)


def test_takes_what_it_is_told() -> None:
    given = ["--host", "0.0.0.0", "--port", "0", "--script", "faults.yaml", "--key", "secret"]

    options = parse(given, {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"})

    assert options == ServerOptions(host="0.0.0.0", port=0, script=Path("faults.yaml"), key="secret")


def test_shows_no_key() -> None:
    assert "secret" not in repr(parse(["--key", "secret"], {}))


@pytest.mark.parametrize("environment", ["Production", "Staging", ""])
def test_refuses_to_run_where_it_has_no_business(
    environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([], {"AZURE_FUNCTIONS_ENVIRONMENT": environment})

    assert caught.value.code == 2
    assert "AZURE_FUNCTIONS_ENVIRONMENT" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [["--port", "65536"], ["--port", "-1"], ["--port", "x"], ["--key", " "], ["x"]]
)
def test_refuses_what_makes_no_sense(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(wrong, {})

    assert caught.value.code == 2

"""The server as a process; tests/contract/test_model_server_process.py starts one."""

from pathlib import Path

import pytest

from dirigent.adapters.model_script import Script, ScriptRefused
from dirigent.modelserver.options import ServerOptions
from dirigent.modelserver.service import lines, told

URL = "http://127.0.0.1:7080/v1"


def test_ends_with_where_it_listens_and_says_how_it_is_used() -> None:
    told = lines(ServerOptions(), URL)

    assert told[-1] == f"Listening on {URL}"
    assert any(f"OPENAI_BASE_URL={URL}" in line and "OPENAI_API_KEY=" in line for line in told)
    assert any(line.endswith("http://127.0.0.1:7080/counts") for line in told)


def test_never_shows_the_key() -> None:
    assert "secret" not in "\n".join(lines(ServerOptions(key="secret"), URL))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (None, "Name a file that exists and can be read in --script, or leave it out."),
        ("- a", "or leave --script out."),
    ],
)
def test_a_script_that_will_not_do_names_the_option(tmp_path: Path, text: str | None, remedy: str) -> None:
    path = tmp_path / "script.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(ScriptRefused) as caught:
        Script.read(path)

    assert told(caught.value).endswith(remedy)
    assert "DIRIGENT" not in told(caught.value)

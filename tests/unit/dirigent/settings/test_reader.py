"""Reading variables by kind: what is not told by the settings that use it."""

from pathlib import Path

import pytest

from dirigent.settings.reader import HOME, Reader, offered


def test_counts_blanks_as_unset() -> None:
    reader = Reader({"A": "  ", "B": " b "})

    assert (reader.text("A", "usual"), reader.text("B"), reader.text("C")) == ("usual", "b", "")


def test_finds_variables_by_how_they_begin() -> None:
    assert Reader({"A_2": "x", "A_1": "y", "A_3": " ", "B_1": "z"}).named("A_") == ["A_1", "A_2"]


def test_takes_a_path_from_the_folder_of_the_app(tmp_path: Path) -> None:
    reader = Reader({"HERE": "kept", "THERE": str(tmp_path)})

    assert (reader.path("HERE", HOME), reader.path("THERE", HOME)) == (HOME / "kept", tmp_path)


@pytest.mark.parametrize("path", ["~nobody-is-called-so/kept", "~\ud800"])
def test_refuses_the_home_of_somebody_unknown(path: str) -> None:
    reader = Reader({"DATA": path, "SCRIPT": path})

    assert reader.path("DATA", HOME / "kept") == HOME / "kept"
    reader.file("SCRIPT")
    assert [problem.variable for problem in reader.problems] == ["DATA", "SCRIPT"]
    assert "write the whole path" in str(reader.problems[0])


def test_tells_how_far_a_long_path_leads_and_not_what_it_says(tmp_path: Path) -> None:
    reader = Reader({"SCRIPT": str(tmp_path / ("x" * 300) / "slow.yaml"), "FOLDER": f"{tmp_path}/a b/c"})

    reader.file("SCRIPT")
    reader.folder("FOLDER", HOME)

    ending = f"characters, below {tmp_path}, which is no"
    assert [ending in problem.wrong for problem in reader.problems] == [True, True]
    assert "xxx" not in str(reader.problems[0])


def test_takes_a_folder_that_is_there_and_looks_for_none_that_nobody_named(tmp_path: Path) -> None:
    reader = Reader({"HERE": str(tmp_path)})

    assert (reader.folder("HERE", HOME), reader.folder("THERE", HOME / "gone")) == (tmp_path, HOME / "gone")
    assert reader.problems == []


@pytest.mark.parametrize(
    "key", ["sk-secret value", "sk-secret\nvalue", "sk-secret\tvalue", "sécret", "a\x00b"]
)
def test_refuses_a_key_that_no_header_can_hold_and_tells_it_to_nobody(key: str) -> None:
    reader = Reader({"KEY": key})

    assert reader.secret("KEY") == ""
    assert [problem.variable for problem in reader.problems] == ["KEY"]
    assert key not in str(reader.problems[0])
    assert "secret" not in str(reader.problems[0])


def test_takes_a_key_without_the_line_break_of_its_file() -> None:
    reader = Reader({"KEY": "sk-1\n"})

    assert (reader.secret("KEY"), reader.problems) == ("sk-1", [])


def test_refuses_a_reference_to_key_vault_that_nobody_followed() -> None:
    reader = Reader({"KEY": "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/a)"})

    assert reader.secret("KEY") == ""
    assert "Key Vault" in str(reader.problems[0])
    assert "vault.example" not in str(reader.problems[0])


def test_reads_an_address_without_the_slash_at_its_end() -> None:
    reader = Reader({"URL": "https://host/v1/"})

    assert (reader.address("URL"), reader.problems) == ("https://host/v1", [])


def test_offers_choices_in_words() -> None:
    assert offered(("a", "b")) == "'a' or 'b'"

"""The folder's files are found, and what nobody would read is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import CatalogueRefused, Finding, read
from dirigent.declarations.files import LARGEST_FILE, files
from dirigent.declarations.findings import Report

Find = Callable[..., list[Finding]]


def test_finds_each_section_in_its_place(declare: Callable[..., Path]) -> None:
    folder = declare(accounts="default: {}", **{"subscriptions/news": "a: {}"})
    (folder / "README.md").write_text("words")
    (folder / ".hidden.yaml").write_text("a: 1")

    found = [(section, place.file) for section, _, place in files(folder, Report())]

    assert found == [
        ("accounts", "accounts.yaml"),
        ("agents", "agents/desk.yaml"),
        ("models", "models.yaml"),
        ("subscriptions", "subscriptions/news.yaml"),
        ("workflows", "workflows/bread.yaml"),
    ]


@pytest.mark.parametrize(
    ("stray", "file", "says"),
    [
        (
            "teams",
            "teams.yaml",
            "move it to agents/, workflows/ or subscriptions/; models stand in models.yaml, acc",
        ),
        ("account", "account.yaml", "Nobody reads this: did you mean accounts.yaml?"),
        (
            "accounts/acme",
            "accounts",
            "Nobody reads this folder: declarations stand in agents/, workflows/ and subscriptions/.",
        ),
        (
            "subscription/news",
            "subscription",
            "Nobody reads this folder: did you mean subscriptions/?",
        ),
        ("agent/baker", "agent", "Nobody reads this folder: did you mean agents/?"),
        (
            "teams/baker",
            "teams",
            "Nobody reads this folder: declarations stand in agents/, workflows/ and subscriptions/.",
        ),
        ("agents/more/baker", "agents/more", "move the files up"),
    ],
)
def test_tells_of_a_file_nobody_reads(findings: Find, stray: str, file: str, says: str) -> None:
    (found,) = findings(**{stray: "a: 1"})

    assert found.file == file
    assert says in found.message


def test_wants_one_ending(declare: Callable[..., Path], findings: Find) -> None:
    (declare() / "agents" / "more.yml").write_text("a: 1")

    (found,) = findings()

    assert (found.file, found.message) == ("agents/more.yml", "Files end in .yaml here: rename it.")


def test_a_file_of_accounts_has_the_same_ending(declare: Callable[..., Path], findings: Find) -> None:
    (declare() / "accounts.yml").write_text("default: {}")

    (found,) = findings()

    assert (found.file, found.message) == ("accounts.yml", "Nobody reads this: did you mean accounts.yaml?")


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"a: 1\nb: \xff\n", 2, "Is not UTF-8 (byte 0xff)"),
        (b"# " + b"x" * LARGEST_FILE, 0, "split it"),
    ],
)
def test_refuses_what_is_no_text_a_person_wrote(findings: Find, content: bytes, line: int, says: str) -> None:
    (found,) = findings(**{"agents/more": content})

    assert (found.file, found.line) == ("agents/more.yaml", line)
    assert says in found.message


def test_a_byte_order_mark_is_no_mistake(findings: Find) -> None:
    assert findings(models=b"\xef\xbb\xbfmain: {deployment: gpt}\n") == []


def test_tells_of_a_file_that_cannot_be_read(declare: Callable[..., Path], findings: Find) -> None:
    (declare() / "agents" / "odd.yaml").mkdir()

    (found,) = findings()

    assert (found.file, found.message) == ("agents/odd.yaml", "Cannot be read: Is a directory.")


@pytest.mark.parametrize("name", ["models.yaml", "agents/pipe.yaml"])
def test_waits_for_no_pipe(declare: Callable[..., Path], name: str) -> None:
    folder = declare()
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)

    with pytest.raises(CatalogueRefused) as refused:
        read(folder)

    (found,) = refused.value.findings
    assert (found.file, found.message.partition(";")[0]) == (
        name,
        "Cannot be read: it is a pipe, socket or device",
    )


def test_reads_no_device(declare: Callable[..., Path], findings: Find) -> None:
    (declare() / "agents" / "zeros.yaml").symlink_to("/dev/zero")

    (found,) = findings()

    assert found.message.startswith("Cannot be read: it is a pipe, socket or device")


def test_tells_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    report = Report()

    assert list(files(tmp_path / "none", report)) == []
    assert "cannot be read: No such file or directory" in report.findings[0].message

"""Refusals of the state name the file and the remedy."""

from pathlib import Path

from devhost.storage.errors import (
    StateDamaged,
    StateGone,
    StateInUse,
    StateOfAnotherKind,
    StateOutOfReach,
    StateRefused,
)


def test_a_folder_in_use_names_its_holder_and_the_option() -> None:
    error = StateInUse(Path("/state"), "4711")

    assert "process 4711" in str(error)
    assert "--state" in str(error)
    assert (error.folder, error.holder) == (Path("/state"), "4711")


def test_a_folder_in_use_by_nobody_knows_whom_says_so() -> None:
    assert "process unknown" in str(StateInUse(Path("/state"), ""))


def test_another_version_names_both_versions() -> None:
    error = StateOfAnotherKind(Path("/state/devhost.db"), 7, 1)

    assert "schema version 7, this host reads version 1" in str(error)
    assert (error.file, error.found, error.expected) == (Path("/state/devhost.db"), 7, 1)


def test_damage_names_the_reason_and_what_to_do() -> None:
    error = StateDamaged(Path("/state/devhost.db"), "file is not a database")

    assert "(file is not a database)" in str(error)
    assert "restore it from a copy" in str(error)
    assert error.file == Path("/state/devhost.db")


def test_a_file_that_was_taken_away_is_to_be_put_back() -> None:
    error = StateGone(Path("/state/devhost.db"), "No such file or directory")

    assert "'/state/devhost.db' was taken away from the running host (No such file or directory)" in str(
        error
    )
    assert "put it back" in str(error)
    assert (error.file, error.reason) == (Path("/state/devhost.db"), "No such file or directory")


def test_every_refusal_can_be_caught_as_one() -> None:
    kinds = (StateInUse, StateOfAnotherKind, StateOutOfReach, StateGone, StateDamaged)

    assert all(issubclass(kind, StateRefused) for kind in kinds)

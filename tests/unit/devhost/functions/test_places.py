"""A place is a line of the app's own, with its code."""

import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from devhost.functions.places import failed_at, stands_at


@pytest.fixture
def app_folder() -> Iterator[None]:
    """The working directory is the app's folder, as the host makes it."""
    with chdir(Path(__file__).parent):
        yield


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[None]:
    """The working directory holds nothing of what is called."""
    with chdir(tmp_path):
        yield


def stumble() -> ValueError:
    try:
        int("one")
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.usefixtures("app_folder")
def test_a_failure_is_placed_at_the_innermost_line_of_the_app() -> None:
    place = failed_at(stumble())

    assert place.startswith(" in test_places.py, line ")
    assert place.endswith('`int("one")`')


@pytest.mark.usefixtures("elsewhere")
def test_a_failure_outside_the_app_has_no_place() -> None:
    assert failed_at(stumble()) == ""


@pytest.mark.usefixtures("app_folder")
def test_a_failure_that_was_never_raised_has_no_place() -> None:
    assert failed_at(ValueError("never raised")) == ""


@pytest.mark.usefixtures("app_folder")
def test_a_frame_is_placed_by_its_own_line() -> None:
    place = stands_at(sys._getframe())

    assert place.startswith(" in test_places.py, line ")
    assert place.endswith("`place = stands_at(sys._getframe())`")


@pytest.mark.usefixtures("elsewhere")
def test_a_frame_outside_the_app_is_placed_where_it_is() -> None:
    assert stands_at(sys._getframe()).startswith(" in test_places.py, line ")

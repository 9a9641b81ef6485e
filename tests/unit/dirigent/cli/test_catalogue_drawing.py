"""Whoever declares a workflow can look at it."""

from io import StringIO
from pathlib import Path
from shutil import copytree

import pytest

from dirigent.cli.catalogue_drawing import draw
from dirigent.declarations import read
from dirigent.declarations.pictures import drawn, events_drawn

CATALOGUE = Path(__file__).resolve().parents[4] / "catalogue"


def printed(folder: Path, *names: str) -> tuple[int, str]:
    out = StringIO()
    return draw(folder, [*names], out), out.getvalue()


def test_draws_what_is_named() -> None:
    workflow = read(CATALOGUE).workflows["translation"]

    assert printed(CATALOGUE, "translation") == (0, f"%% translation\n{drawn(workflow)}\n")


def test_draws_all_without_a_name() -> None:
    catalogue = read(CATALOGUE)

    status, text = printed(CATALOGUE)

    assert status == 0
    assert text.count("flowchart LR") == len(catalogue.workflows) + bool(catalogue.subscriptions)


def test_draws_who_hears_of_what_behind_all_others(tmp_path: Path) -> None:
    copytree(CATALOGUE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "subscriptions").mkdir(exist_ok=True)
    (tmp_path / "subscriptions" / "more.yaml").write_text("a: {topic: papers, workflow: translation}\n")

    _, text = printed(tmp_path)
    _, one = printed(tmp_path, "translation")

    assert text.endswith(f"%% events\n{events_drawn(read(tmp_path))}\n")
    assert "%% events" not in one


@pytest.mark.parametrize(
    ("name", "hint"), [("translaton", "did you mean 'translation'?"), ("x", "workflows are 'al")]
)
def test_says_what_a_name_may_have_meant(name: str, hint: str) -> None:
    status, text = printed(CATALOGUE, "translation", name)

    assert status == 2
    assert text.startswith(f"No workflow is called {name!r}: ")
    assert hint in text


def test_tells_the_mistakes_of_a_catalogue_that_has_any(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text("main: {deployment: 5}\n")

    status, text = printed(tmp_path)

    assert status == 1
    assert "models.main.deployment: Must be a text" in text

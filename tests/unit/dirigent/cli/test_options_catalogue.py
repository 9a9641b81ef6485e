"""What is typed to look at the catalogue's files."""

from pathlib import Path

from dirigent.cli.options import parse


def test_a_drawing_is_of_the_workflows_named_in_the_folder_named() -> None:
    asked = parse(["catalogue", "draw", "a", "b", "--folder", "mine"], {"DIRIGENT_CATALOGUE": "ours"})

    assert (asked.deed, asked.workflows, asked.folder) == ("draw", ["a", "b"], Path("mine"))


def test_a_drawing_is_of_all_workflows_that_the_app_reads() -> None:
    asked = parse(["catalogue", "draw"], {"DIRIGENT_CATALOGUE": "/ours"})

    assert (asked.workflows, asked.folder) == ([], Path("/ours"))

"""What is typed to look at the catalogue's files."""

from pathlib import Path

import pytest

from dirigent.cli.options import parse


def test_a_drawing_is_of_the_workflows_named_in_the_folder_named() -> None:
    asked = parse(["catalogue", "draw", "a", "b", "--folder", "mine"], {"DIRIGENT_CATALOGUE": "ours"})

    assert (asked.deed, asked.workflows, asked.folder) == ("draw", ["a", "b"], Path("mine"))


def test_a_drawing_is_of_all_workflows_that_the_app_reads() -> None:
    asked = parse(["catalogue", "draw"], {"DIRIGENT_CATALOGUE": "/ours"})

    assert (asked.workflows, asked.folder) == ([], Path("/ours"))


def test_the_bus_is_told_for_people_for_programs_and_for_az() -> None:
    plain = parse(["catalogue", "bus", "mine"], {})
    told = parse(["catalogue", "bus", "--json"], {"DIRIGENT_CATALOGUE": "/ours"})
    made = parse(["catalogue", "bus", "--az", "house-bus", "--group", "house"], {})

    assert (plain.folder, plain.json, plain.az) == (Path("mine"), False, None)
    assert (told.folder, told.json) == (Path("/ours"), True)
    assert (made.az, made.group) == ("house-bus", "house")
    assert parse(["--json", "catalogue", "bus"], {}).json


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--az", "house-bus"], "--az NAMESPACE and --group GROUP go together"),
        (["--group", "house"], "--az NAMESPACE and --group GROUP go together"),
        (["--az", "house-bus", "--group", "house", "--json"], "choose one"),
    ],
)
def test_half_a_wish_is_refused(capsys: pytest.CaptureFixture[str], options: list[str], told: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["catalogue", "bus", *options], {})

    assert ended.value.code == 2
    assert told in capsys.readouterr().err

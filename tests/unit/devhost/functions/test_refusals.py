"""What a refused developer reads."""

from pathlib import Path

from devhost.functions.refusals import AppRefused, MissingSetting, SettingsRefused


def test_names_function_text_stack_and_remedy() -> None:
    refused = AppRefused("E: text", "do this.", function="f", stack="  File x\n")

    assert str(refused) == "The app was refused [function 'f']: E: text\n  File x\n  Remedy: do this."


def test_a_text_that_says_what_to_do_stands_alone() -> None:
    assert str(AppRefused("E: mend the file.", "")) == "The app was refused: E: mend the file."


def test_names_file_and_line() -> None:
    assert "a.json, line 3: wrong" in str(SettingsRefused(Path("a.json"), "wrong", "right it", line=3))
    assert "a.json, line 3, column 9: wrong" in str(
        SettingsRefused(Path("a.json"), "wrong", "right it", line=3, column=9)
    )


def test_names_the_setting_to_set() -> None:
    missing = MissingSetting("A", function="f", attribute="route")

    assert (missing.setting, missing.function, missing.attribute) == ("A", "f", "route")
    assert "set A in local.settings.json" in str(missing)

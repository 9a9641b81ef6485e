"""Why an app is not started."""

from pathlib import Path


class AppRefused(Exception):
    """Azure would not start this app; `text` is what its worker says, `remedy` what to do, or empty."""

    def __init__(self, text: str, remedy: str, *, function: str | None = None, stack: str = "") -> None:
        self.text, self.remedy, self.function, self.stack = text, remedy, function, stack
        super().__init__(text)

    def __str__(self) -> str:
        where = f" [function {self.function!r}]" if self.function else ""
        stack = f"\n{self.stack.rstrip()}" if self.stack else ""
        remedy = f"\n  Remedy: {self.remedy}" if self.remedy else ""
        return f"The app was refused{where}: {self.text}{stack}{remedy}"


class SettingsRefused(AppRefused):
    """A settings file cannot be used."""

    def __init__(
        self, file: Path, problem: str, remedy: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        self.file, self.line, self.column = file, line, column
        place = f"{file}, line {line}" if line else str(file)
        if column:
            place += f", column {column}"
        super().__init__(f"{place}: {problem}", remedy)


class MissingSetting(Exception):
    """A `%NAME%` in a decorator stands for a setting that does not exist."""

    def __init__(self, setting: str, *, function: str, attribute: str) -> None:
        self.setting, self.function, self.attribute = setting, function, attribute
        super().__init__(
            f"'%{setting}%' in {attribute!r} of the function {function!r} does not resolve to a value: "
            f"set {setting} in local.settings.json under Values, or in the environment."
        )

"""What is wrong with settings, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One setting that will not do."""

    variable: str
    #: What is wrong, as the rest of a sentence that begins with the variable.
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.variable} {self.wrong}: {self.remedy}."


class SettingRefused(Exception):
    """The app does not start with such settings; every problem is named, with its remedy."""

    #: Tells a host that its text says all there is to say: no stack helps whoever reads it.
    speaks_for_itself = True

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n  ".join(["these settings will not do:", *map(str, problems)]))

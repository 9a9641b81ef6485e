"""What a run that goes on waits for."""

from typing import Any

from dirigent.cli.tables import beside
from dirigent.cli.times import to_the_second

#: What is waited for by a run that is not admitted yet.
BEGINNING = "start"


def place(wait: dict[str, Any]) -> str:
    """The step that waits; a run that is not admitted yet has none."""
    return str(wait["step"] or BEGINNING)


def reason(wait: dict[str, Any]) -> str:
    """Why it waits, in one line."""
    because = " ".join(str(wait["because"]).split()).removesuffix(".")
    return f"{wait['category']}: {because}"


def tried(wait: dict[str, Any]) -> str:
    """How often it was tried, and a comma; nothing for one that was refused before its first try."""
    times = "1 time" if wait["attempts"] == 1 else f"{wait['attempts']} times"
    return f"tried {times}, " if wait["attempts"] else ""


def waits_section(shown: dict[str, Any]) -> list[str]:
    """A line for each wait of a task or trace, under a heading; none where nothing waits."""
    told = [
        (f"  {place(wait)}", f"{reason(wait)}; {tried(wait)}again at {to_the_second(wait['next_try'])}")
        for wait in shown.get("waits") or []
    ]
    return ["Waits", *beside(told)] if told else []

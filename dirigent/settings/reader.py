"""Reads variables by kind, and notes what is wrong with them."""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dirigent.domain.schedules import is_schedule
from dirigent.domain.spelling import nearest
from dirigent.settings.addresses import flaw
from dirigent.settings.names import NAMES, is_name
from dirigent.settings.problems import Problem
from dirigent.settings.values import may_be_secret, told

#: The folder of function_app.py, which the app is deployed with.
HOME = Path(__file__).resolve().parents[2]

PREFIX = "DIRIGENT_"
#: Read by the command line, which may share its environment with the app.
OF_THE_COMMAND_LINE = ("DIRIGENT_URL", "DIRIGENT_FUNCTION_KEY", "DIRIGENT_TOKEN")

TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
#: What the platform leaves of a reference to Key Vault that it could not follow.
UNRESOLVED = "@microsoft.keyvault("


def offered(choices: tuple[str, ...]) -> str:
    """The choices, for people."""
    return " or ".join(map(repr, choices))


def _is_there(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except (OSError, ValueError):
        # Such as a name that is too long for any file.
        return False


class Reader:
    """One environment; an empty variable counts as unset."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.is_development = environment.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"
        self.problems: list[Problem] = []
        self._known = set(OF_THE_COMMAND_LINE)

    def text(self, variable: str, default: str = "") -> str:
        """What it says, without blanks around it."""
        self._known.add(variable)
        return self._environment.get(variable, "").strip() or default

    def named(self, beginning: str) -> list[str]:
        """Variables that begin so and say something."""
        # Nobody has read them yet: they may be misspelt.
        found = self._environment.items()
        return sorted(name for name, value in found if name.startswith(beginning) and value.strip())

    def path(self, variable: str, default: Path) -> Path:
        """A file or folder."""
        # Relative paths are meant from the app's folder: whoever starts the host may stand anywhere.
        try:
            return HOME / Path(self.text(variable, str(default))).expanduser()
        except (RuntimeError, ValueError):
            # The second where no file system could say the name.
            self.refuse(variable, "begins with the home of somebody unknown", "write the whole path")
            return default

    def file(self, variable: str) -> Path | None:
        """A file that is there."""
        if not self.text(variable):
            return None
        path = self.path(variable, HOME)
        # HOME stands for a path that was refused.
        if path != HOME and not _is_there(path.is_file):
            wrong = f"names {self._place(variable, path)}, which is no file"
            self.refuse(variable, wrong, "name a file or leave it unset")
        return path

    def folder(self, variable: str, default: Path) -> Path:
        """A folder that can be read, if it is said which."""
        before = len(self.problems)
        path = self.path(variable, default)
        is_sound = _is_there(path.is_dir) and os.access(path, os.R_OK | os.X_OK)
        if self.text(variable) and not is_sound and len(self.problems) == before:
            wrong = f"names {self._place(variable, path)}, which is no folder that can be read"
            self.refuse(variable, wrong, f"name one, or leave it unset for {default.name!r} beside the app")
        return path

    def _place(self, variable: str, path: Path) -> str:
        given = self.text(variable)
        if not may_be_secret(given):
            return str(path)
        # Most of what is long here is a path all the same; what there is of it is no secret.
        above = next(folder for folder in (*path.parents, HOME) if _is_there(folder.is_dir))
        return f"{told(given)}, below {above}"

    def opt_in(
        self, variable: str, *, real: str, needs: str, local: str, default: str, none: str | None = None
    ) -> str | None:
        """What is real, or what stands in for it on one machine; None where nobody can say which.

        Where an app may do without, `none` says so.
        """
        value, choices = self.text(variable), (real, local) if none is None else (real, local, none)
        if value in choices:
            return value
        if value:
            self.refuse(variable, f"is {told(value)}, which is unknown", f"set it to {offered(choices)}")
            return None
        if self.is_development:
            return default
        self.refuse(
            variable,
            "is not set",
            f"set it to {real!r}, with {needs}{f', or to {none!r}' if none else ''}; {local!r} is for local "
            "runs and must be asked for by name unless AZURE_FUNCTIONS_ENVIRONMENT is 'Development'",
        )
        return None

    def choice(self, variable: str, choices: tuple[str, ...]) -> str:
        """One of the choices; the first one unless it is said otherwise."""
        value = self.text(variable, choices[0])
        if value not in choices:
            self.refuse(variable, f"is {told(value)}, which is unknown", f"set it to {offered(choices)}")
            return choices[0]
        return value

    def secret(self, variable: str) -> str:
        """A key or the like, empty where there is none that would do; what it says is told to nobody."""
        value = self.text(variable)
        if value.lower().startswith(UNRESOLVED):
            self.refuse_unresolved(variable)
            return ""
        # It travels in a header.
        if not (value.isascii() and value.isprintable()) or " " in value:
            wrong = "holds blanks, line breaks or other signs that no key has"
            self.refuse(variable, wrong, "set it to the key alone")
            return ""
        return value

    def refuse_unresolved(self, variable: str) -> None:
        """Refuse a reference to Key Vault that the platform left as it was."""
        wrong = "is a reference to Key Vault that was not followed"
        self.refuse(variable, wrong, "see that the app's identity may read the secret, and that it is there")

    def address(self, variable: str) -> str:
        """The address of a service, without a slash at its end; empty where there is none that would do."""
        value = self.text(variable)
        if value and (found := flaw(value, is_development=self.is_development)) is not None:
            self.refuse(variable, *found)
            return ""
        return value.rstrip("/")

    def name(self, variable: str, default: str) -> str:
        """A text that records can use as a partition."""
        value = self.text(variable, default)
        self._check_name(variable, value)
        return value

    def names(self, variable: str) -> tuple[str, ...]:
        """Such texts, with commas between them."""
        given = self.text(variable)
        listed = [name.strip() for name in given.split(",") if name.strip()]
        if given and not listed:
            self.refuse(variable, f"is {told(given)} and names nobody", "name accounts, or remove it")
        for name in listed:
            self._check_name(variable, name)
        return tuple(dict.fromkeys(listed))

    def _check_name(self, variable: str, name: str) -> None:
        if not is_name(name):
            self.refuse(variable, f"is {told(name)}", f"use {NAMES}")

    def truth(self, variable: str, *, default: bool) -> bool:
        """Yes or no."""
        value = self.text(variable, str(default)).lower()
        if value not in TRUTHS:
            self.refuse(variable, f"is {told(value)}", "set it to 'true' or 'false'")
        return TRUTHS.get(value, default)

    def whole(self, variable: str, default: int, *, most: int = 10**15) -> int:
        """A whole number above 0."""
        value = self.text(variable, str(default))
        # isdecimal() alone lets digits of other scripts pass, and int() refuses very long numbers.
        if not (value.isascii() and value.isdecimal() and len(value) < 16 and 0 < int(value) <= most):
            least = "above 0" if most == 10**15 else f"from 1 to {most}"
            remedy = f"set it to a whole number {least}, such as {default}"
            self.refuse(variable, f"is {told(value)}", remedy)
            return default
        return int(value)

    def seconds(self, variable: str, default: float) -> float:
        """A time above 0."""
        value = self.text(variable, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            remedy = f"set it to a number of seconds above 0, such as {default:g}"
            self.refuse(variable, f"is {told(value)}", remedy)
            return default
        return number

    def schedule(self, variable: str, default: str) -> str:
        """When a timer rings; a host that cannot read it would log that and go on without the timer."""
        value = self.text(variable, default)
        if not is_schedule(value):
            remedy = f"write second, minute, hour, day, month and day of the week, such as {default!r}"
            self.refuse(variable, f"is {told(value)}, which is no schedule", remedy)
        return value

    def refuse_set(self, variable: str, remedy: str) -> None:
        """Refuse what nothing would read: whoever sets it believes that it does something."""
        if self.text(variable):
            self.refuse(variable, "is set and nothing would read it", remedy)

    def refuse_strangers(self) -> None:
        """Refuse what is meant for this app and read by nobody: misspelt, it would change nothing."""
        for variable in sorted(self._environment):
            is_meant = variable.upper().startswith(PREFIX) and self._environment[variable].strip()
            # What Docker and Kubernetes tell of a service that is called so as well.
            is_neighbours = variable.startswith((f"{PREFIX}PORT", f"{PREFIX}SERVICE_"))
            if is_meant and variable not in self._known and not is_neighbours:
                # What all of them begin with would make any two alike.
                known = (name.removeprefix(PREFIX) for name in self._known)
                meant = nearest(variable[len(PREFIX) :], known)
                hint = f"did you mean {PREFIX}{meant}? Else " if meant else ""
                self.refuse(variable[:80], "is no setting", f"{hint}remove it; docs/settings.md has a list")

    def refuse(self, variable: str, wrong: str, remedy: str) -> None:
        """Note what is wrong with a variable."""
        self.problems.append(Problem(variable=variable, wrong=wrong, remedy=remedy))

"""What the environment decides: one frozen object, read once at the door."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dirigent.domain.schedules import is_schedule
from dirigent.domain.spelling import nearest

#: The folder of function_app.py, which the app is deployed with.
HOME = Path(__file__).resolve().parents[1]

PREFIX = "DIRIGENT_"
#: Read by the command line, which may share its environment with the app.
OF_THE_COMMAND_LINE = ("DIRIGENT_URL", "DIRIGENT_FUNCTION_KEY")

TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this app is to run."""

    is_development: bool
    catalogue: Path
    model: str
    #: Pace and faults of the scripted model.
    script: Path | None
    records: str
    artifacts: str
    #: Where records and artifacts lie that are kept in files.
    data: Path
    #: Whether answers to starts hold Durable's URLs, each of which carries the key that opens every instance.
    management_urls: bool
    default_account: str
    #: Bytes.
    body_limit: int
    #: Seconds after which a claim whose run never began is up for another.
    claim_lease: float
    retention_days: int
    retention_schedule: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of that environment; `SettingRefused` names all that will not do."""
        reader = _Reader(environment)
        settings = cls(
            is_development=reader.is_development,
            catalogue=reader.path("DIRIGENT_CATALOGUE", HOME / "catalogue"),
            model=reader.stand_in("DIRIGENT_MODEL", "scripted"),
            script=reader.file("DIRIGENT_SCRIPT"),
            records=reader.stand_in("DIRIGENT_RECORDS", "sqlite"),
            artifacts=reader.stand_in("DIRIGENT_ARTIFACTS", "files"),
            data=reader.path("DIRIGENT_DATA", HOME / ".dirigent"),
            management_urls=reader.truth("DIRIGENT_MANAGEMENT_URLS", default=True),
            default_account=reader.name("DIRIGENT_DEFAULT_ACCOUNT", "default"),
            body_limit=reader.whole("DIRIGENT_BODY_LIMIT", 1_000_000),
            claim_lease=reader.seconds("DIRIGENT_CLAIM_LEASE", 60.0),
            retention_days=reader.whole("DIRIGENT_RETENTION_DAYS", 30),
            retention_schedule=reader.schedule("DIRIGENT_RETENTION_SCHEDULE", "0 30 3 * * *"),
        )
        reader.refuse_strangers()
        if reader.problems:
            raise SettingRefused(tuple(reader.problems))
        return settings


class _Reader:
    """Reads variables by kind and notes what is wrong with them; an empty one counts as unset."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.is_development = environment.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"
        self.problems: list[Problem] = []
        self._known = set(OF_THE_COMMAND_LINE)

    def text(self, variable: str, default: str) -> str:
        self._known.add(variable)
        return self._environment.get(variable, "").strip() or default

    def path(self, variable: str, default: Path) -> Path:
        # Relative paths are meant from the app's folder: whoever starts the host may stand anywhere.
        return HOME / Path(self.text(variable, str(default))).expanduser()

    def file(self, variable: str) -> Path | None:
        if not self.text(variable, ""):
            return None
        path = self.path(variable, HOME)
        if not path.is_file():
            self._refuse(variable, f"names {path}, which is no file", "name a file or leave it unset")
        return path

    def stand_in(self, variable: str, only: str) -> str:
        """What stands in for a paid service on one machine; elsewhere somebody must have wanted it."""
        value = self.text(variable, "")
        if not value and not self.is_development:
            self._refuse(
                variable,
                "is not set",
                f"set it; {only!r} is for local runs and must be asked for by name "
                "unless AZURE_FUNCTIONS_ENVIRONMENT is 'Development'",
            )
        elif value not in ("", only):
            self._refuse(variable, f"is {value!r}, which is unknown", f"set it to {only!r}")
        return value or only

    def name(self, variable: str, default: str) -> str:
        """A text that records can use as a partition."""
        value = self.text(variable, default)
        if len(value) > 500 or any(sign in "/\\#?" or not sign.isprintable() for sign in value):
            self._refuse(
                variable,
                f"is {value[:80]!r}",
                "use 1 to 500 characters without '/', '\\', '#', '?' and control characters",
            )
        return value

    def truth(self, variable: str, *, default: bool) -> bool:
        value = self.text(variable, str(default)).lower()
        if value not in TRUTHS:
            self._refuse(variable, f"is {value!r}", "set it to 'true' or 'false'")
        return TRUTHS.get(value, default)

    def whole(self, variable: str, default: int) -> int:
        value = self.text(variable, str(default))
        # isdecimal() alone lets digits of other scripts pass, and int() refuses very long numbers.
        if not (value.isascii() and value.isdecimal() and len(value) < 16 and int(value) > 0):
            self._refuse(
                variable, f"is {value[:80]!r}", f"set it to a whole number above 0, such as {default}"
            )
            return default
        return int(value)

    def seconds(self, variable: str, default: float) -> float:
        value = self.text(variable, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            self._refuse(
                variable, f"is {value[:80]!r}", f"set it to a number of seconds above 0, such as {default:g}"
            )
            return default
        return number

    def schedule(self, variable: str, default: str) -> str:
        """When a timer rings; a host that cannot read it would log that and go on without the timer."""
        value = self.text(variable, default)
        if not is_schedule(value):
            remedy = f"write second, minute, hour, day, month and day of the week, such as {default!r}"
            self._refuse(variable, f"is {value[:80]!r}, which is no schedule", remedy)
        return value

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
                self._refuse(variable[:80], "is no setting", f"{hint}remove it; docs/settings.md has a list")

    def _refuse(self, variable: str, wrong: str, remedy: str) -> None:
        self.problems.append(Problem(variable=variable, wrong=wrong, remedy=remedy))

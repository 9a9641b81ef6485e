"""What the environment decides: one frozen object, read once at the door."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Self

from dirigent.domain.schedules import is_schedule
from dirigent.domain.spelling import nearest

#: The folder of function_app.py, which the app is deployed with.
HOME = Path(__file__).resolve().parents[1]

PREFIX = "DIRIGENT_"
#: Read by the command line, which may share its environment with the app.
OF_THE_COMMAND_LINE = ("DIRIGENT_URL", "DIRIGENT_FUNCTION_KEY", "DIRIGENT_TOKEN")

#: What may vouch for callers where accounts are enforced.
FRONTS = ("easy-auth", "api-management")
#: Where Entra's tokens name the tenant and the person or service, as Easy Auth tells it.
TENANT_CLAIM = "http://schemas.microsoft.com/identity/claims/tenantid"
OBJECT_CLAIM = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Says whether App Service authentication is on; the platform sets it.
EASY_AUTH = "WEBSITE_AUTH_ENABLED"

_OF_DEFAULT = ("DIRIGENT_DEFAULT_ACCOUNT",)
_OF_FRONT = {
    "easy-auth": ("DIRIGENT_ACCOUNT_CLAIM", "DIRIGENT_USER_CLAIM"),
    "api-management": ("DIRIGENT_GATEWAY",),
}
_OF_ENFORCED = ("DIRIGENT_FRONT", *chain.from_iterable(_OF_FRONT.values()), "DIRIGENT_OPERATORS")

TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

#: What `is_name` takes, for people.
NAMES = (
    "1 to 500 characters without '/', '\\', '#', '?', control characters and blanks at the beginning or end"
)


def is_name(text: str) -> bool:
    """Whether an account may be called so: records use it as a partition."""
    is_of_fit_signs = text.isprintable() and not any(sign in text for sign in "/\\#?")
    # Stores count as UTF-16 does.
    return (
        text != ""
        and len(text.encode("utf-16-le", "surrogatepass")) <= 1_000
        and text == text.strip()
        and is_of_fit_signs
    )


def _offered(choices: tuple[str, ...]) -> str:
    return " or ".join(map(repr, choices))


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
    #: `default`: every caller has the default account; `enforced`: the front says whose account it is.
    accounts: str
    #: Who vouches for callers, None unless accounts are enforced.
    front: str | None
    #: The claims of Easy Auth's principal that name account and user.
    account_claim: str
    user_claim: str
    #: Object id of the gateway's identity; nobody else may name account and user in headers.
    gateway: str | None
    #: Accounts that may steer what all accounts share.
    operators: tuple[str, ...]
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
        accounts = reader.choice("DIRIGENT_ACCOUNTS", ("default", "enforced"))
        is_enforced = accounts == "enforced"
        front = reader.front(is_enforced=is_enforced)
        settings = cls(
            is_development=reader.is_development,
            catalogue=reader.path("DIRIGENT_CATALOGUE", HOME / "catalogue"),
            model=reader.stand_in("DIRIGENT_MODEL", "scripted"),
            script=reader.file("DIRIGENT_SCRIPT"),
            records=reader.stand_in("DIRIGENT_RECORDS", "sqlite"),
            artifacts=reader.stand_in("DIRIGENT_ARTIFACTS", "files"),
            data=reader.path("DIRIGENT_DATA", HOME / ".dirigent"),
            management_urls=reader.management_urls(is_enforced=is_enforced),
            default_account=reader.name("DIRIGENT_DEFAULT_ACCOUNT", "default"),
            accounts=accounts,
            front=front,
            account_claim=reader.text("DIRIGENT_ACCOUNT_CLAIM", TENANT_CLAIM),
            user_claim=reader.text("DIRIGENT_USER_CLAIM", OBJECT_CLAIM),
            gateway=reader.gateway(front),
            operators=reader.names("DIRIGENT_OPERATORS"),
            body_limit=reader.whole("DIRIGENT_BODY_LIMIT", 1_000_000),
            claim_lease=reader.seconds("DIRIGENT_CLAIM_LEASE", 60.0),
            retention_days=reader.whole("DIRIGENT_RETENTION_DAYS", 30),
            retention_schedule=reader.schedule("DIRIGENT_RETENTION_SCHEDULE", "0 30 3 * * *"),
        )
        reader.refuse_idle(is_enforced=is_enforced, front=front)
        if is_enforced:
            reader.refuse_forgeries()
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
        self._check_name(variable, value)
        return value

    def names(self, variable: str) -> tuple[str, ...]:
        """Such texts, with commas between them."""
        told = self.text(variable, "")
        listed = [name.strip() for name in told.split(",") if name.strip()]
        if told and not listed:
            self._refuse(variable, f"is {told[:80]!r} and names nobody", "name accounts, or remove it")
        for name in listed:
            self._check_name(variable, name)
        return tuple(dict.fromkeys(listed))

    def _check_name(self, variable: str, name: str) -> None:
        if not is_name(name):
            self._refuse(
                variable,
                f"is {name[:80]!r}",
                f"use {NAMES}",
            )

    def choice(self, variable: str, choices: tuple[str, ...]) -> str:
        """One of the choices; the first one unless it is said otherwise."""
        value = self.text(variable, choices[0])
        if value not in choices:
            self._refuse(variable, f"is {value[:80]!r}, which is unknown", f"set it to {_offered(choices)}")
            return choices[0]
        return value

    def front(self, *, is_enforced: bool) -> str | None:
        """Who vouches for callers; nobody is guessed, for it decides whose headers are believed."""
        value = self.text("DIRIGENT_FRONT", "")
        if not is_enforced or value in FRONTS:
            return value if is_enforced else None
        wrong = f"is {value[:80]!r}, which is unknown" if value else "is not set while accounts are enforced"
        remedy = f"set it to {_offered(FRONTS)}, whichever vouches for callers"
        self._refuse("DIRIGENT_FRONT", wrong, remedy)
        return None

    def gateway(self, front: str | None) -> str | None:
        value = self.text("DIRIGENT_GATEWAY", "").lower()
        if front == "api-management" and not _OBJECT_ID.fullmatch(value):
            wrong = f"is {value[:80]!r}, which is no object id" if value else "is not set"
            remedy = "set it to the object id of the managed identity that the gateway calls with"
            self._refuse("DIRIGENT_GATEWAY", wrong, remedy)
        return value or None

    def management_urls(self, *, is_enforced: bool) -> bool:
        """Whether starts tell Durable's URLs: never where one account must not open another's instances."""
        wanted = self.truth("DIRIGENT_MANAGEMENT_URLS", default=not is_enforced)
        if wanted and is_enforced:
            self._refuse(
                "DIRIGENT_MANAGEMENT_URLS",
                "is true while DIRIGENT_ACCOUNTS is 'enforced', and such URLs open every account's instances",
                "leave DIRIGENT_MANAGEMENT_URLS out, or DIRIGENT_ACCOUNTS",
            )
        return wanted

    def refuse_forgeries(self) -> None:
        """Refuse to believe the platform's headers where the platform says that it leaves them to callers."""
        told = self._environment.get(EASY_AUTH, "")
        if not self.is_development and told.strip().lower() not in ("true", "1"):
            self._refuse(
                EASY_AUTH,
                f"is {told[:80]!r} while DIRIGENT_ACCOUNTS is 'enforced': callers could forge their account",
                "turn App Service authentication on, which sets it",
            )

    def refuse_idle(self, *, is_enforced: bool, front: str | None) -> None:
        """Refuse what nothing would read: whoever sets it believes that it protects."""
        for variable in _OF_ENFORCED if not is_enforced else _OF_DEFAULT:
            accounts = "default" if is_enforced else "enforced"
            self._refuse_set(variable, f"remove it, or set DIRIGENT_ACCOUNTS to {accounts!r}")
        # With no front, what belongs to which is not known; that is told by itself.
        for owner, variables in _OF_FRONT.items() if front else ():
            for variable in variables if owner != front else ():
                self._refuse_set(variable, f"remove it, or set DIRIGENT_FRONT to {owner!r}")

    def _refuse_set(self, variable: str, remedy: str) -> None:
        if self.text(variable, ""):
            self._refuse(variable, "is set and nothing would read it", remedy)

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

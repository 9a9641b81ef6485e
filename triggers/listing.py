"""Reads what a list of tasks is asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime

from dirigent.domain.inputs import Problem
from dirigent.domain.runs import Status
from dirigent.domain.spelling import suggestion
from dirigent.records.runs import Filter
from triggers.identity import Caller
from triggers.problems import Refused

LEAST, MOST, USUAL = 1, 200, 50
LONGEST_NAME, LONGEST_TOKEN = 200, 4_000

KNOWN = (
    "status",
    "workflow",
    "account",
    "correlation_id",
    "from",
    "to",
    "children",
    "limit",
    "continuation_token",
)
#: What hosts and gateways read from the query; none of our business.
PASSED = frozenset({"code", "clientid", "subscription-key"})


def wanted_runs(params: Mapping[str, str], caller: Caller) -> Filter:
    """Which runs are asked for; `Refused` names every parameter that will not do, with the remedy."""
    reader = _Reader(params)
    earliest, latest = reader.instant("from"), reader.instant("to")
    if earliest is not None and latest is not None and earliest > latest:
        reader.refuse("from", "lies after `to`: exchange them.")
    wanted = Filter(
        account=caller.account,
        status=reader.status(),
        workflow=reader.text("workflow", LONGEST_NAME),
        earliest=earliest,
        latest=latest,
        correlation_id=reader.text("correlation_id", LONGEST_NAME),
        children=reader.truth("children"),
        limit=reader.limit(),
        token=reader.text("continuation_token", LONGEST_TOKEN),
    )
    reader.check_names()
    if reader.problems:
        sentence = " ".join(problem.message for problem in reader.problems[:5])
        raise Refused(400, sentence, fields=tuple(reader.problems))
    if params.get("account", caller.account) != caller.account:
        raise Refused(403, "The list of another account's tasks is not yours to see: leave `account` out.")
    return wanted


class _Reader:
    """Reads parameters by kind and notes what is wrong with them."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params
        self.problems: list[Problem] = []

    def refuse(self, name: str, why: str) -> None:
        self.problems.append(Problem(field=name, message=f"The parameter `{name}` {why}"))

    def status(self) -> Status | None:
        value = self._params.get("status")
        if value is None:
            return None
        try:
            return Status(value)
        except ValueError:
            hint = suggestion(value, map(str, Status), kind="the statuses")
            self.refuse("status", f"is {value[:40]!r}, which no task has: {hint}")
            return None

    def text(self, name: str, longest: int) -> str | None:
        value = self._params.get(name)
        if value is not None and not (0 < len(value) <= longest and value.isprintable()):
            self.refuse(name, f"is not 1 to {longest} printable characters.")
        return value

    def truth(self, name: str) -> bool:
        value = self._params.get(name, "false")
        if value.lower() not in ("true", "false"):
            self.refuse(name, f"is {value[:40]!r}: send `true`, or leave it out.")
        return value.lower() == "true"

    def limit(self) -> int:
        value = self._params.get("limit", str(USUAL))
        # isdecimal() alone lets digits of other scripts pass, and int() refuses very long numbers.
        if value.isascii() and value.isdecimal() and len(value) < 9 and LEAST <= int(value) <= MOST:
            return int(value)
        self.refuse("limit", f"is {value[:40]!r}: send a whole number from {LEAST} to {MOST}.")
        return USUAL

    def instant(self, name: str) -> datetime | None:
        value = self._params.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
            # What names no zone is meant in UTC, as everything the API tells.
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            remedy = "send a time such as 2026-01-31T08:00:00Z; a + in it is written %2B in a URL."
            self.refuse(name, f"is {value[:40]!r}: {remedy}")
            return None

    def check_names(self) -> None:
        for name in sorted(self._params):
            if name not in KNOWN and name.lower() not in PASSED:
                hint = suggestion(name, KNOWN, kind="the parameters")
                self.problems.append(
                    Problem(field=name[:100], message=f"There is no parameter {name[:100]!r}: {hint}")
                )

"""Whether the app can do its work, told fast even when what it stands on hangs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter

import azure.durable_functions as df
import azure.functions as func

from dirigent import VERSION
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.settings import Settings
from triggers.problems import in_a_line
from triggers.replies import UNKEPT, reply
from triggers.routes import add_route

#: Seconds a check may take.
PATIENCE = 2.0
#: Seconds from one writing to the next, and from one line in the log to the next of its kind, for anybody
#: may ask.
PERIOD = 10.0

#: The row and the file that are written and read.
TABLE, KEY, FILE = "health", "probe", "health/probe"

Check = dict[str, object]
Look = Callable[[], Awaitable[object]]

log = logging.getLogger(__name__)


def health(parts: Parts, settings: Settings) -> df.Blueprint:
    """The route that says how the app is; anybody may ask, so that a load balancer can."""
    examination = Examination(parts, settings.default_account)
    # Kinds only: anybody may ask, and hosts and accounts are nobody's business.
    adapters = {
        "model": settings.model,
        "records": settings.records,
        "artifacts": settings.artifacts,
        # Told and not looked at: whatever Service Bus answers without a message being sent or received wants
        # the right to manage it, and is counted.
        "bus": settings.bus,
        "channels": settings.channels or "none",
    }

    async def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
        values = await examination.told() | {"adapters": adapters}
        status = 503 if values["status"] == "unhealthy" else 200
        return reply(values, status=status, headers=UNKEPT)

    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "health", health, level=func.AuthLevel.ANONYMOUS)
    return blueprint


class Examination:
    """Looks how the app is."""

    def __init__(
        self,
        parts: Parts,
        account: str,
        *,
        patience: float = PATIENCE,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        records, artifacts = parts.records, parts.artifacts

        def write_row() -> Awaitable[object]:
            return records.merge(TABLE, account, KEY, {"at": parts.clock.now()})

        def write_file() -> Awaitable[object]:
            return artifacts.put(
                FILE, b"written to see whether it can be", content_type="text/plain; charset=utf-8"
            )

        self._stores = (
            _Store("records", lambda: records.get(TABLE, account, KEY), write_row, patience, ticks),
            _Store("artifacts", lambda: artifacts.get(FILE), write_file, patience, ticks),
        )

    async def told(self) -> dict[str, object]:
        """How the app is: unhealthy without records, degraded without artifacts."""
        found = await asyncio.gather(*(store.check() for store in self._stores))
        checks = {store.name: check for store, check in zip(self._stores, found, strict=True)}
        statuses = {name: check["status"] for name, check in checks.items()}
        if set(statuses.values()) == {"healthy"}:
            overall = "healthy"
        else:
            overall = "degraded" if statuses["records"] == "healthy" else "unhealthy"
        return {"status": overall, "service": "orchestrator", "version": VERSION, "checks": checks}


class _Store:
    """One store: read each time, written now and then."""

    def __init__(
        self, name: str, read: Look, write: Look, patience: float, ticks: Callable[[], float]
    ) -> None:
        self.name = name
        self._read, self._write = read, write
        self._patience, self._ticks = patience, ticks
        self._due = ticks()
        #: Why the last writing failed, empty when it did not.
        self._complaint = ""
        #: When the log may tell of each complaint again.
        self._told: dict[str, float] = {}

    async def check(self) -> Check:
        begun = perf_counter()
        reading, writing = await asyncio.gather(self._tried(self._read), self._written())
        spent: Check = {"response_time_ms": round((perf_counter() - begun) * 1000, 1)}
        if complaint := reading or writing:
            return spent | {"status": "unhealthy", "detail": complaint}
        return spent | {"status": "healthy"}

    async def _written(self) -> str:
        """Why the last writing failed, after another one if that is due."""
        if self._ticks() >= self._due:
            # Before it begins: whoever asks meanwhile hears how the one before went.
            self._due = self._ticks() + PERIOD
            self._complaint = await self._tried(self._write)
        return self._complaint

    async def _tried(self, look: Look) -> str:
        """Why it failed, empty when it did not."""
        task = asyncio.ensure_future(look())
        # Not wait_for: that waits for what it cancelled to end, and what hangs may hang on.
        await asyncio.wait({task}, timeout=self._patience)
        if not task.done():
            task.cancel()
            task.add_done_callback(_forget)
            return self._complained(f"no answer within {self._patience:g} s")
        if (error := task.exception()) is None:
            return ""
        # The reason may name accounts and hosts, and anybody may ask.
        return self._complained(f"{type(error).__name__}; the log says more", error)

    def _complained(self, complaint: str, error: BaseException | None = None) -> str:
        """The complaint, which the log is told of unless it was a moment ago."""
        now = self._ticks()
        if now < self._told.get(complaint, now):
            return complaint
        self._told[complaint] = now + PERIOD
        if error is None:
            log.warning("The %s are not well: %s.", self.name, complaint)
        elif isinstance(error, RecordsUnavailable | ArtifactsUnavailable):
            log.warning("The %s are not well: %s", self.name, in_a_line(error))
        else:
            log.warning("The %s are not well.", self.name, exc_info=error)
        return complaint


def _forget(task: "asyncio.Future[object]") -> None:
    if not task.cancelled():
        task.exception()

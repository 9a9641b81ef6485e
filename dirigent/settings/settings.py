"""What the environment decides: one frozen object, read once at the door."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dirigent.domain.catalogue import Catalogue
from dirigent.settings import buses, callers, models, stores
from dirigent.settings.addresses import place_of
from dirigent.settings.callers import OBJECT_CLAIM, TENANT_CLAIM
from dirigent.settings.endpoints import Endpoint
from dirigent.settings.namespace import Namespace
from dirigent.settings.problems import SettingRefused
from dirigent.settings.reader import HOME, Reader
from dirigent.settings.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this app is to run."""

    is_development: bool
    catalogue: Path
    #: `openai` or `scripted`.
    model: str
    #: Pace and faults of the scripted model.
    script: Path | None
    #: Where a real model answers, by the names that the catalogue uses; None is where all others are.
    endpoints: Mapping[str | None, Endpoint]
    #: Whether calls to a model tell agent, run and step in headers.
    model_headers: bool
    #: `azure-tables` or `sqlite`.
    records: str
    #: `azure-blob` or `files`.
    artifacts: str
    #: Where records and artifacts lie that are kept in files.
    data: Path
    #: Where those lie that are kept on Azure.
    storage: Storage | None
    #: `service-bus`, `local` (the local host's) or `none`.
    bus: str
    #: The name that triggers know its connection by.
    bus_connection: str
    #: Where it is reached; None unless it is `service-bus`.
    service_bus: Namespace | None
    #: `outbox`; empty where nobody said, and nothing of the catalogue tells people anything.
    channels: str
    #: Whether spans hold what was asked and answered.
    telemetry_content: bool
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
    #: Messages a second.
    replay_rate: int
    #: For so long a message that was handled is known again, once its run is forgotten.
    event_memory_days: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of that environment; `SettingRefused` names all that will not do."""
        reader = Reader(environment)
        model, records, artifacts = models.model(reader), stores.records(reader), stores.artifacts(reader)
        bus = buses.bus(reader)
        accounts = reader.choice("DIRIGENT_ACCOUNTS", ("default", "enforced"))
        is_enforced = accounts == "enforced"
        front = callers.front(reader, is_enforced=is_enforced)
        settings = cls(
            is_development=reader.is_development,
            catalogue=reader.folder("DIRIGENT_CATALOGUE", HOME / "catalogue"),
            # What nobody could say is refused below.
            model=model or "",
            script=models.script(reader, model),
            endpoints=models.endpoints(reader, model),
            model_headers=reader.truth("DIRIGENT_MODEL_HEADERS", default=True),
            records=records or "",
            artifacts=artifacts or "",
            data=reader.path("DIRIGENT_DATA", HOME / ".dirigent"),
            storage=stores.storage(reader, records, artifacts),
            bus=bus or "",
            bus_connection=buses.connection(reader),
            service_bus=buses.service_bus(reader, bus),
            channels=buses.channels(reader),
            telemetry_content=reader.truth("DIRIGENT_TELEMETRY_CONTENT", default=False),
            management_urls=callers.management_urls(reader, is_enforced=is_enforced),
            default_account=reader.name("DIRIGENT_DEFAULT_ACCOUNT", "default"),
            accounts=accounts,
            front=front,
            account_claim=reader.text("DIRIGENT_ACCOUNT_CLAIM", TENANT_CLAIM),
            user_claim=reader.text("DIRIGENT_USER_CLAIM", OBJECT_CLAIM),
            gateway=callers.gateway(reader, front),
            operators=reader.names("DIRIGENT_OPERATORS"),
            body_limit=reader.whole("DIRIGENT_BODY_LIMIT", 1_000_000),
            claim_lease=reader.seconds("DIRIGENT_CLAIM_LEASE", 60.0),
            retention_days=reader.whole("DIRIGENT_RETENTION_DAYS", 30),
            retention_schedule=reader.schedule("DIRIGENT_RETENTION_SCHEDULE", "0 30 3 * * *"),
            replay_rate=reader.whole("DIRIGENT_REPLAY_RATE", 10, most=buses.FASTEST_REPLAY),
            event_memory_days=reader.whole("DIRIGENT_EVENT_MEMORY_DAYS", 30),
        )
        return settings._unless_refused(reader)

    def _unless_refused(self, reader: Reader) -> Self:
        is_enforced = self.accounts == "enforced"
        models.refuse_idle(reader, self.model or None)
        stores.refuse_idle(reader, self.records or None, self.artifacts or None)
        buses.refuse_idle(reader, self.bus or None)
        callers.refuse_idle(reader, is_enforced=is_enforced, front=self.front)
        if is_enforced:
            callers.refuse_forgeries(reader)
        reader.refuse_strangers()
        if reader.problems:
            raise SettingRefused(tuple(reader.problems))
        return self

    @property
    def model_told(self) -> str:
        """What answers and where, in one line that holds no secret."""
        hosts = dict.fromkeys(endpoint.host for endpoint in self.endpoints.values())
        return f"{self.model} at {', '.join(hosts)}" if hosts else self.model

    @property
    def bus_told(self) -> str:
        """What carries events and where, in a few words that hold no secret."""
        told = {buses.LOCAL: "the local host's bus", buses.NONE: "nobody"}
        host = "" if self.service_bus is None else f" at {place_of(self.service_bus.url)}"
        return told.get(self.bus, f"{self.bus}{host}")

    def check(self, catalogue: Catalogue) -> None:
        """See that whatever the catalogue needs can be reached, and every endpoint is some model's.

        `SettingRefused` names what is missing, and what nothing would read.
        """
        problems = buses.unheard(self.bus, catalogue) + buses.untold(self.channels, catalogue)
        if self.model == models.REAL:
            problems += models.missing(self.endpoints, catalogue)
            problems += models.unnamed(self.endpoints, catalogue)
        if problems:
            raise SettingRefused(problems)

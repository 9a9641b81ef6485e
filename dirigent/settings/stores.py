"""Where records and artifacts lie."""

import re

from dirigent.settings.addresses import host_of, is_loopback
from dirigent.settings.callers import OBJECT_ID
from dirigent.settings.connections import ACCOUNT_FORM, Service, faults, plain
from dirigent.settings.reader import UNRESOLVED, Reader
from dirigent.settings.storage import Storage
from dirigent.settings.values import may_be_secret, told

TABLES, SQLITE = "azure-tables", "sqlite"
BLOBS, FILES = "azure-blob", "files"

#: The connection that every app on Azure Functions has.
USUAL = "AzureWebJobsStorage"
_CONNECTION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
#: Azure's names of tables hold no hyphen, those of containers no capitals, and both end at 63 characters.
_PREFIX = re.compile(r"[a-z][a-z0-9]{2,31}")
_OF_STORAGE = ("DIRIGENT_STORAGE", "DIRIGENT_STORAGE_PREFIX")
#: What the platform's own connections are called without a key.
_ACCOUNT_NAME, _CLIENT_ID = "__accountName", "__clientId"
_ADDRESS: dict[Service, str] = {"table": "__tableServiceUri", "blob": "__blobServiceUri"}
_ASKED = {"table": f"DIRIGENT_RECORDS is {TABLES!r}", "blob": f"DIRIGENT_ARTIFACTS is {BLOBS!r}"}


def records(reader: Reader) -> str | None:
    """Where runs are written down; None where nobody can say."""
    return reader.opt_in("DIRIGENT_RECORDS", real=TABLES, needs=_needs(reader), local=SQLITE, default=SQLITE)


def artifacts(reader: Reader) -> str | None:
    """Where files go; None where nobody can say."""
    return reader.opt_in("DIRIGENT_ARTIFACTS", real=BLOBS, needs=_needs(reader), local=FILES, default=FILES)


def storage(reader: Reader, records: str | None, artifacts: str | None) -> Storage | None:
    """The account on Azure, None where nothing lies there."""
    services: list[Service] = []
    if records == TABLES:
        services.append("table")
    if artifacts == BLOBS:
        services.append("blob")
    name, prefix = _name(reader), _prefix(reader)
    if not services or name is None:
        return None
    if given := reader.text(name):
        return _connected(reader, name, given, tuple(services), prefix)
    return _keyless(reader, name, tuple(services), prefix)


def refuse_idle(reader: Reader, records: str | None, artifacts: str | None) -> None:
    """Refuse what nothing would read; where it is not known what is wanted, nothing is idle."""
    chosen = {records, artifacts}
    if None in chosen:
        return
    if not chosen & {TABLES, BLOBS}:
        for variable in _OF_STORAGE:
            remedy = f"remove it, or set DIRIGENT_RECORDS to {TABLES!r} or DIRIGENT_ARTIFACTS to {BLOBS!r}"
            reader.refuse_set(variable, remedy)
    if not chosen & {SQLITE, FILES}:
        remedy = f"remove it, or set DIRIGENT_RECORDS to {SQLITE!r} or DIRIGENT_ARTIFACTS to {FILES!r}"
        reader.refuse_set("DIRIGENT_DATA", remedy)


def _needs(reader: Reader) -> str:
    name = reader.text("DIRIGENT_STORAGE", USUAL)
    name = name if _is_connection(reader, name) else USUAL
    return f"{name}{_ACCOUNT_NAME} or a connection string in {name}"


def _name(reader: Reader) -> str | None:
    name = reader.text("DIRIGENT_STORAGE", USUAL)
    if not _is_connection(reader, name):
        # Not repeated: it may well be the connection string itself, or a key.
        remedy = (
            "write the name alone, such as StorageConnection, and set that variable to the connection string"
        )
        reader.refuse("DIRIGENT_STORAGE", "is no name of a connection", remedy)
        return None
    return name


def _is_connection(reader: Reader, name: str) -> bool:
    return _CONNECTION.fullmatch(name) is not None and (not may_be_secret(name) or bool(reader.named(name)))


def _prefix(reader: Reader) -> str:
    prefix = reader.text("DIRIGENT_STORAGE_PREFIX", "dirigent")
    if not _PREFIX.fullmatch(prefix):
        remedy = "use 3 to 32 small letters and digits, a letter first"
        reader.refuse("DIRIGENT_STORAGE_PREFIX", f"is {told(prefix)}", remedy)
    return prefix


def _connected(
    reader: Reader, name: str, given: str, services: tuple[Service, ...], prefix: str
) -> Storage | None:
    before = len(reader.problems)
    rivals = [f"{name}{part}" for part in (_ACCOUNT_NAME, *_ADDRESS.values())]
    if set_as_well := [rival for rival in rivals if reader.text(rival)]:
        others = " and ".join(set_as_well)
        wrong = f"is set beside {others}, and nobody can say which is meant"
        reader.refuse(name, wrong, f"remove it to do without a key, or remove {others}")
    if given.lower().startswith(UNRESOLVED):
        reader.refuse_unresolved(name)
    else:
        for fault in faults(given, services, is_development=reader.is_development):
            reader.refuse(name, *fault)
    return Storage(connection=plain(given), prefix=prefix) if len(reader.problems) == before else None


def _keyless(reader: Reader, name: str, services: tuple[Service, ...], prefix: str) -> Storage | None:
    before = len(reader.problems)
    account = reader.text(f"{name}{_ACCOUNT_NAME}")
    if account and not ACCOUNT_FORM.fullmatch(account):
        remedy = "write the account's name alone: 3 to 24 small letters and digits"
        reader.refuse(f"{name}{_ACCOUNT_NAME}", "is no name of a storage account", remedy)
    client = reader.text(f"{name}{_CLIENT_ID}").lower()
    if client and not OBJECT_ID.fullmatch(client):
        remedy = "set it to the client id of the user-assigned identity, or remove it"
        reader.refuse(f"{name}{_CLIENT_ID}", "is no client id", remedy)
    addresses = {service: _address(reader, name, service, account) for service in services}
    if len(reader.problems) > before:
        return None
    return Storage(
        tables=addresses.get("table"), blobs=addresses.get("blob"), client_id=client or None, prefix=prefix
    )


def _address(reader: Reader, name: str, service: Service, account: str) -> str:
    """Where the service answers."""
    variable = f"{name}{_ADDRESS[service]}"
    if reader.text(variable):
        url = reader.address(variable)
        if url and is_loopback(host_of(url)) and not reader.is_development:
            remedy = "name an account of Azure, or set AZURE_FUNCTIONS_ENVIRONMENT to 'Development'"
            reader.refuse(variable, "names storage on one machine, which is for local runs", remedy)
        return url
    if not account:
        remedy = f"set it, or {variable}, or {name} to a connection string"
        reader.refuse(f"{name}{_ACCOUNT_NAME}", f"is not set while {_ASKED[service]}", remedy)
    return f"https://{account}.{service}.core.windows.net"

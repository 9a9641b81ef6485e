"""Connection strings of Azure Storage: whether they hold what a service needs."""

import binascii
import re
from base64 import b64decode
from typing import Literal

from dirigent.settings.addresses import Flaw, flaw, host_of, is_loopback

Service = Literal["table", "blob"]

EMULATOR = "UseDevelopmentStorage=true"
#: What Azure lets accounts be called.
ACCOUNT_FORM = re.compile(r"[a-z0-9]{3,24}")
_WORD = re.compile(r"[A-Za-z]+")
_SUFFIX = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.?", re.IGNORECASE)
_LOCAL = Flaw(
    "names storage on one machine, which is for local runs",
    "name an account of Azure, or set AZURE_FUNCTIONS_ENVIRONMENT to 'Development'",
)
_WHOLE = "copy one of the storage account, `Name=value;Name=value`"


def faults(connection: str, services: tuple[Service, ...], *, is_development: bool) -> tuple[Flaw, ...]:
    """Why it will not do for these services; no word of it is repeated."""
    said = pairs(connection)
    if not said or not all(_WORD.fullmatch(name) and is_plain(value) for name, value in said):
        return (Flaw("is no connection string", _WHOLE),)
    parts = {name.lower(): value for name, value in said}
    if len(parts) < len(said):
        return (Flaw("says something twice, and clients would not agree on what", _WHOLE),)
    if "usedevelopmentstorage" in parts:
        if len(parts) > 1 or parts["usedevelopmentstorage"].lower() != "true":
            return (Flaw(f"says more than {EMULATOR}", f"write {EMULATOR} alone, or name the endpoints"),)
        return () if is_development else (_LOCAL,)
    found = [*_of_the_credential(parts), *_of_the_protocol(parts, is_development=is_development)]
    for service in services:
        found += _of_the_endpoint(parts, service, is_development=is_development)
    return tuple(dict.fromkeys(found))


def plain(connection: str) -> str:
    """The same, as every client of storage reads it."""
    found = pairs(connection)
    if any(name.lower() == "usedevelopmentstorage" for name, _ in found):
        return EMULATOR
    return ";".join(f"{name}={value}" for name, value in found)


def pairs(connection: str) -> list[tuple[str, str]]:
    """Its parts, each with its name."""
    # Clients leave blanks and line breaks where they are, and then find no key under its name.
    split = [part.partition("=") for part in connection.split(";") if part.strip()]
    return [(name.strip(), value.strip()) for name, _, value in split]


def is_plain(value: str) -> bool:
    """Whether every client would read the same."""
    return bool(value) and value.isascii() and value.isprintable() and not set(value) & set(" \"'")


def _of_the_credential(parts: dict[str, str]) -> list[Flaw]:
    if not ACCOUNT_FORM.fullmatch(parts.get("accountname", "none")):
        remedy = "copy the whole string: names are 3 to 24 small letters and digits"
        return [Flaw("holds an AccountName that no account has", remedy)]
    if "accountkey" not in parts:
        if "sharedaccesssignature" in parts:
            return []
        return [Flaw("holds no key", "copy the whole string, with AccountKey or SharedAccessSignature")]
    if "accountname" not in parts:
        return [Flaw("names no account", "copy the whole string, with AccountName")]
    try:
        b64decode(parts["accountkey"], validate=True)
    except (binascii.Error, ValueError):
        return [Flaw("holds a key that is cut off or misspelt", "copy the whole string, with its AccountKey")]
    return []


def _of_the_protocol(parts: dict[str, str], *, is_development: bool) -> list[Flaw]:
    protocol = parts.get("defaultendpointsprotocol", "https").lower()
    if protocol == "https" or (is_development and protocol == "http"):
        return []
    wrong = "asks for another protocol than https, and what is sent could be read on the way"
    return [Flaw(wrong, "write DefaultEndpointsProtocol=https")]


def _of_the_endpoint(parts: dict[str, str], service: Service, *, is_development: bool) -> list[Flaw]:
    name = f"{service.capitalize()}Endpoint"
    url = parts.get(name.lower())
    if url is None:
        if "accountname" in parts:
            return _of_the_suffix(parts, is_development=is_development)
        return [Flaw(f"says nothing of {service}s", f"add AccountName or {name} to it")]
    if not is_development and is_loopback(host_of(url)):
        return [_LOCAL]
    found = flaw(url, is_development=is_development)
    return [] if found is None else [Flaw(f"holds a {name} that {found.wrong}", found.remedy)]


def _of_the_suffix(parts: dict[str, str], *, is_development: bool) -> list[Flaw]:
    suffix = parts.get("endpointsuffix", "core.windows.net")
    if not _SUFFIX.fullmatch(suffix):
        remedy = "copy the whole string: mostly it is EndpointSuffix=core.windows.net"
        return [Flaw("holds an EndpointSuffix that no host's name ends in", remedy)]
    is_local = is_loopback(suffix) or is_loopback(f"account.{suffix}")
    return [_LOCAL] if is_local and not is_development else []

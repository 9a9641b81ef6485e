"""What answers, and where."""

import re
from collections.abc import Mapping
from pathlib import Path

from dirigent.domain.catalogue import Catalogue
from dirigent.domain.spelling import nearest
from dirigent.settings.addresses import host_of, is_azure, is_loopback
from dirigent.settings.endpoints import Endpoint
from dirigent.settings.problems import Problem
from dirigent.settings.reader import Reader

REAL, LOCAL = "openai", "scripted"
OPENAI = "https://api.openai.com/v1"
#: Where Azure answers in OpenAI's words, below a resource or a project.
VERSION = "/openai/v1"
#: Any of these says that a real model is wanted.
WISHES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT")
NEEDS = "AZURE_OPENAI_ENDPOINT or OPENAI_API_KEY"

_NAMED = "DIRIGENT_ENDPOINT_"
_NAME = re.compile(r"DIRIGENT_ENDPOINT_([A-Z0-9]+(?:_[A-Z0-9]+)*)_(?:URL|KEY)")
#: What is asked for below an address; portals show addresses with it.
_OPERATIONS = ("/chat/completions", "/responses", "/embeddings", "/models")

Endpoints = Mapping[str | None, Endpoint]


def model(reader: Reader) -> str | None:
    """What answers; None where nobody can say."""
    default = REAL if any(map(reader.text, WISHES)) else LOCAL
    return reader.opt_in("DIRIGENT_MODEL", real=REAL, needs=NEEDS, local=LOCAL, default=default)


def endpoints(reader: Reader, model: str | None) -> Endpoints:
    """Where a real one answers: under None what models have that name no endpoint."""
    names = _names(reader)
    if model != REAL:
        return {}
    before = len(reader.problems)
    found: dict[str | None, Endpoint | None] = {None: _default(reader)}
    for name in names:
        found[name] = _named(reader, name)
    told = {name: endpoint for name, endpoint in found.items() if endpoint is not None}
    if not told and len(reader.problems) == before:
        remedy = (
            "set AZURE_OPENAI_ENDPOINT to a resource's address, or OPENAI_API_KEY, with OPENAI_BASE_URL "
            "where it is not for api.openai.com, "
            f"or {setting('<name>', 'URL')} for models that name an endpoint"
        )
        reader.refuse("DIRIGENT_MODEL", f"is {REAL!r}, and nothing says where it is reached", remedy)
    return told


def script(reader: Reader, model: str | None) -> Path | None:
    """How the scripted model behaves; a real one reads none, which is told elsewhere."""
    return None if model == REAL else reader.file("DIRIGENT_SCRIPT")


def refuse_idle(reader: Reader, model: str | None) -> None:
    """Refuse what nothing would read; what is others' as well, such as OPENAI_API_KEY, is let be."""
    if model == REAL:
        reader.refuse_set("DIRIGENT_SCRIPT", f"remove it, or set DIRIGENT_MODEL to {LOCAL!r}")
    idle = [name for name in reader.named(_NAMED) if _NAME.fullmatch(name)]
    for name in ("DIRIGENT_MODEL_HEADERS", *idle) if model == LOCAL else ():
        reader.refuse_set(name, f"remove it, or set DIRIGENT_MODEL to {REAL!r}")


def missing(endpoints: Endpoints, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What is to be set before every model of the catalogue can be reached."""
    users: dict[str | None, list[str]] = {}
    for declared in catalogue.models.values():
        users.setdefault(declared.endpoint, []).append(repr(declared.name))
    wanted = sorted(users.keys() - endpoints.keys(), key=lambda name: name or "")
    return tuple(_unset(name, users[name], endpoints) for name in wanted)


def unnamed(endpoints: Endpoints, catalogue: Catalogue) -> tuple[Problem, ...]:
    """Endpoints that no model of the catalogue names: whoever set them believes that they are called."""
    named = {declared.endpoint for declared in catalogue.models.values() if declared.endpoint is not None}
    # The usual one's variables are others' as well.
    idle = sorted(name for name in endpoints if name is not None and name not in named)
    return tuple(_idle(name, named - endpoints.keys()) for name in idle)


def setting(name: str, part: str) -> str:
    """What says it of the endpoint of that name."""
    return f"{_NAMED}{name.upper().replace('-', '_')}_{part}"


def _unset(name: str | None, users: list[str], endpoints: Endpoints) -> Problem:
    models = f"the catalogue's {'model' if len(users) == 1 else 'models'} {', '.join(sorted(users))}"
    if name is None:
        remedy = "set one of them, or give each model its `endpoint` in models.yaml"
        wrong = f"is not set, nor is AZURE_OPENAI_ENDPOINT, and {models} would be reached there"
        return Problem(variable="OPENAI_API_KEY", wrong=wrong, remedy=remedy)
    meant = nearest(name, (known for known in endpoints if known is not None))
    hint = f"did you mean `endpoint: {meant}` in models.yaml? Else " if meant else ""
    return Problem(
        variable=setting(name, "URL"),
        wrong=f"is not set, and {models} would be reached there",
        remedy=f"{hint}set it to the service's address, such as https://host/v1, and {setting(name, 'KEY')}",
    )


def _idle(name: str, wanted: set[str]) -> Problem:
    meant = nearest(name, sorted(wanted))
    hint = f"did you mean {setting(meant, 'URL')}? Else " if meant else ""
    return Problem(
        variable=setting(name, "URL"),
        wrong=f"is set, and no model of the catalogue says `endpoint: {name}`",
        remedy=f"{hint}remove it, or give a model that endpoint in models.yaml",
    )


def _names(reader: Reader) -> list[str]:
    """The endpoints that have a variable."""
    found = (_NAME.fullmatch(variable) for variable in reader.named(_NAMED))
    # Its other half is known as well, and may be what somebody meant.
    names = {match[1].lower().replace("_", "-") for match in found if match}
    for name in names:
        for part in ("URL", "KEY"):
            reader.text(setting(name, part))
    return sorted(names)


def _named(reader: Reader, name: str) -> Endpoint | None:
    url, key = setting(name, "URL"), setting(name, "KEY")
    if not reader.text(url):
        reader.refuse(url, f"is not set while {key} is", "set it to the service's address, or remove the key")
        return None
    return _reached(reader, url, key, _service(reader, url))


def _default(reader: Reader) -> Endpoint | None:
    told = [name for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY") if reader.text(name)]
    azure, openai = _azure(reader), _openai(reader)
    if told and reader.text("AZURE_OPENAI_ENDPOINT"):
        others = " and ".join(told)
        wrong = f"is set beside {others}, and nobody can say who is to answer"
        reader.refuse("AZURE_OPENAI_ENDPOINT", wrong, f"remove it, or remove {others}")
        return None
    if not told and reader.text("AZURE_OPENAI_API_KEY") and not reader.text("AZURE_OPENAI_ENDPOINT"):
        wrong, remedy = "is not set while AZURE_OPENAI_API_KEY is", "set it to the resource's address"
        reader.refuse("AZURE_OPENAI_ENDPOINT", wrong, remedy)
    if azure and reader.text("AZURE_OPENAI_KEY") and not reader.text("AZURE_OPENAI_API_KEY"):
        wrong = "is set while AZURE_OPENAI_API_KEY is not, and nothing would read it"
        remedy = "did you mean AZURE_OPENAI_API_KEY? Else remove it, to sign in with Entra"
        reader.refuse("AZURE_OPENAI_KEY", wrong, remedy)
    return azure or openai


def _azure(reader: Reader) -> Endpoint | None:
    url, key = "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"
    return _reached(reader, url, key, _resource(reader), is_azures=True) if reader.text(url) else None


def _openai(reader: Reader) -> Endpoint | None:
    url, key = "OPENAI_BASE_URL", "OPENAI_API_KEY"
    if reader.text(url):
        return _reached(reader, url, key, _service(reader, url))
    given = reader.secret(key)
    return Endpoint(url=OPENAI, key=given, url_from=url, key_from=key) if given else None


def _service(reader: Reader, name: str) -> str:
    """An address that is called as it is."""
    url = reader.address(name)
    if found := next(filter(url.endswith, _OPERATIONS), None):
        wrong = f"ends with {found}, which says what is asked for there"
        reader.refuse(name, wrong, f"leave {found} out")
        return ""
    return url


def _resource(reader: Reader) -> str:
    """The address of a resource or a project on Azure, and of the protocol below it."""
    url = _service(reader, "AZURE_OPENAI_ENDPOINT")
    if "/openai/deployments" in url:
        remedy = "write the resource's address alone, such as https://NAME.openai.azure.com"
        reader.refuse("AZURE_OPENAI_ENDPOINT", "names a deployment, which models.yaml does", remedy)
        return ""
    return url and f"{url.removesuffix(VERSION).removesuffix('/openai')}{VERSION}"


def _reached(
    reader: Reader, url_name: str, key_name: str, url: str, *, is_azures: bool = False
) -> Endpoint | None:
    """That address with its key; None where one of both will not do."""
    given, key = reader.text(key_name), reader.secret(key_name)
    host = host_of(url)
    if not url or (given and not key):
        return None
    provider = "azure.ai.openai" if is_azures or is_azure(host) else "openai"
    if not key and is_azure(host):
        # Entra vouches for the app.
        return Endpoint(url=url, key=None, provider=provider, url_from=url_name, key_from=key_name)
    if not key and not is_loopback(host) and not reader.is_development:
        wrong = (
            f"is not set, and {host}, which {url_name} names, is none of the hosts that take Entra's tokens"
        )
        reader.refuse(key_name, wrong, "set it to the service's key")
        return None
    return Endpoint(url=url, key=key, provider=provider, url_from=url_name, key_from=key_name)

"""What a refusal or a useless answer amounts to, and what helps."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dirigent.adapters.openai.words import error_of, fit, line, name, told
from dirigent.adapters.waits import wait_asked
from dirigent.domain.outcomes import Category, Failure
from dirigent.settings.addresses import host_of
from dirigent.settings.endpoints import Endpoint

#: Names under which providers tell the id of a request, in the order in which their support wants them.
REQUEST_IDS = ("x-request-id", "apim-request-id", "request-id")

#: Of names and ids, which are not ours.
_LONGEST_NAME = 200
_OPENAI = "api.openai.com"
#: A name and a password before the host, and what follows the path.
_OPENERS = re.compile(r"(?<=://)[^/?#]*@|[?#].*")
_ROLE = (
    "give whoever runs the app, in the resource's own tenant, the role 'Cognitive Services OpenAI User' "
    "there, or 'Cognitive Services User' or 'Foundry User' for a project's address or a model of another "
    "maker; a role takes some minutes to count"
)
_LET_IN = "let the app in by the resource's network rules, and see that the resource is not suspended"
_MEANINGS = {
    404: (
        Category.PERMANENT,
        "unknown_model",
        "name a deployment that exists in models.yaml, or look whether the address is right",
    ),
    408: (Category.TIMEOUT, "timeout", "try again"),
    409: (Category.TRANSIENT, "conflict", "try again"),
    429: (Category.RATE_LIMIT, "rate_limit", "wait and try again, or declare fewer calls for it"),
}
#: What of a request a model may not understand → the dialect of models that do not.
_DIALECTS = {
    "response_format": "structure: none",
    "json_schema": "structure: none",
    "temperature": "temperature: false",
    "max_completion_tokens": "tokens: max_tokens",
    "max_tokens": "tokens: max_completion_tokens",
}
_UNKNOWN = re.compile("support|unknown|unrecogni|not permitted|unexpected|response_format|json_schema")

#: Variables that say how connections are made.
CERTIFICATES = "SSL_CERT_FILE and SSL_CERT_DIR"
PROXIES = "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY (for SOCKS the package socksio must be installed)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """Who is asked, as a message names it."""

    deployment: str
    #: The endpoint's name in the settings, and the endpoint itself.
    name: str | None
    endpoint: Endpoint

    @property
    def address(self) -> str:
        """Where it is, without what opens it."""
        return line(_OPENERS.sub("", self.endpoint.url), _LONGEST_NAME)

    @property
    def is_azures(self) -> bool:
        """Whether Azure answers there."""
        return "azure" in self.endpoint.provider

    @property
    def key_setting(self) -> str:
        """The setting that holds the key."""
        if self.endpoint.key_from:
            return self.endpoint.key_from
        if self.name is not None:
            return f"DIRIGENT_ENDPOINT_{setting_name(self.name)}_KEY"
        return "AZURE_OPENAI_API_KEY" if self.is_azures else "OPENAI_API_KEY"

    @property
    def url_setting(self) -> str:
        """The setting that holds the address."""
        if self.endpoint.url_from:
            return self.endpoint.url_from
        if self.name is not None:
            return f"DIRIGENT_ENDPOINT_{setting_name(self.name)}_URL"
        return "AZURE_OPENAI_ENDPOINT" if self.is_azures else "OPENAI_BASE_URL"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must stand in no message."""
        return (self.endpoint.key,) if self.endpoint.key else ()

    @property
    def is_openais(self) -> bool:
        """Whether it is OpenAI itself, whose customers the environment tells of."""
        host = host_of(self.endpoint.url)
        return self.name is None and (host == _OPENAI or host.endswith(f".{_OPENAI}"))

    def fails(
        self,
        category: Category,
        reason: str,
        what: str,
        remedy: str,
        *,
        said: str = "",
        wait: float | None = None,
    ) -> Failure:
        """The failure, in a sentence that names the model and what helps, and beside it what they said."""
        message = f"The model {line(self.deployment, _LONGEST_NAME)!r} {what}, at {self.address}: {remedy}."
        return Failure(category=category, message=message, reason=reason, said=said, retry_after=wait)


def setting_name(endpoint: str) -> str:
    """An endpoint's name as it stands in the names of settings."""
    return endpoint.upper().replace("-", "_")


def no_endpoint(deployment: str, name: str | None) -> Failure:
    """Nothing says where the model is reached."""
    setting = (
        "OPENAI_API_KEY, OPENAI_BASE_URL or AZURE_OPENAI_ENDPOINT"
        if name is None
        else f"DIRIGENT_ENDPOINT_{setting_name(name)}_URL"
    )
    whose = "the usual endpoint" if name is None else f"the endpoint {name!r}"
    message = f"The model {deployment!r} is reached at {whose}, which no setting describes: set {setting}."
    return Failure(category=Category.PERMANENT, message=message, reason="no_endpoint")


def refused(callee: Callee, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Failure:
    """What a status other than success amounts to."""
    error = error_of(body)
    codes = {str(error.get("code")), str(error.get("type"))}
    category, reason, remedy = _meaning(callee, status, codes, body)
    wait = wait_asked(headers, now) if category in (Category.RATE_LIMIT, Category.TRANSIENT) else None
    found = request_id(headers, callee.secrets)
    what = f"answered {status}" + (f" to its request {found!r}" if found else "")
    return callee.fails(category, reason, what, remedy, said=told(body, callee.secrets), wait=wait)


def _meaning(callee: Callee, status: int, codes: set[str], body: bytes) -> tuple[Category, str, str]:
    if status in (401, 403):
        return Category.AUTHENTICATION, *_locked(callee, status)
    if status == 429 and "insufficient_quota" in codes:
        return Category.PERMANENT, "quota", "raise its quota, or name another model"
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status >= 500:
        return Category.TRANSIENT, "server_error", "try again"
    if status < 400:
        return Category.PERMANENT, "redirect", f"set {callee.url_setting} to where it has gone"
    if "content_filter" in codes:
        remedy = "the prompt was stopped by the content filter; change it or the filter"
        return Category.PERMANENT, "content_filter", remedy
    return Category.PERMANENT, "bad_request", _hint(body)


def _locked(callee: Callee, status: int) -> tuple[str, str]:
    reason = "wrong_key" if status == 401 else "forbidden"
    key = callee.key_setting
    if callee.endpoint.key is None:
        return reason, _ROLE if status == 401 else _LET_IN
    if status == 401:
        return reason, f"set {key} to a key that is valid there"
    if callee.is_azures:
        return reason, f"{_LET_IN}; if it takes no keys (disableLocalAuth), remove {key}, and Entra is asked"
    return reason, f"let the key in {key} use this model"


def _hint(body: bytes) -> str:
    error = error_of(body)
    said = f"{error.get('param')} {error.get('message')}".lower()
    # It may name what it wants instead: what it does not want comes first.
    places = [(said.find(word), dialect) for word, dialect in _DIALECTS.items() if word in said]
    if places and _UNKNOWN.search(said):
        return f"set `dialect: {{{min(places)[1]}}}` for the model in models.yaml"
    return "change the request before trying again"


def request_id(headers: Mapping[str, str], secrets: Iterable[str] = ()) -> str | None:
    """How the provider calls the call."""
    found = next((headers[header] for header in REQUEST_IDS if headers.get(header)), None)
    return name(found, _LONGEST_NAME, secrets) if found else None


def unreadable(callee: Callee, what: str, said: str = "") -> Failure:
    """An answer that is none; who is asked again may well answer."""
    return callee.fails(Category.TRANSIENT, "unreadable", what, "try again", said=said)


def oversized(callee: Callee) -> Failure:
    """An answer that was not read to its end."""
    what = "sent more than any answer needs, and was not heard to the end"
    return callee.fails(Category.TRANSIENT, "oversized", what, "try again, or ask for less")


def late(callee: Callee, seconds: float) -> Failure:
    """No answer in time."""
    remedy = "try again, or give its step more time"
    return callee.fails(Category.TIMEOUT, "timeout", f"did not answer within {seconds:.3g} s", remedy)


def dropped(callee: Callee, why: str) -> Failure:
    """The connection was lost on the way."""
    what = f"was cut off in the middle ({fit(why, callee.secrets)})"
    return callee.fails(Category.TRANSIENT, "dropped", what, "try again")


def unreachable(callee: Callee, why: str, said: str = "") -> Failure:
    """There never was a connection."""
    what = f"cannot be reached ({fit(why, callee.secrets)})"
    remedy = "try again, or look whether the address is right"
    return callee.fails(Category.TRANSIENT, "unreachable", what, remedy, said=fit(said, callee.secrets))


def no_token(callee: Callee, why: str, category: Category = Category.AUTHENTICATION) -> Failure:
    """Nobody is signed in."""
    what = f"was not asked, since Entra gives no token ({fit(why)})"
    remedy = f"sign in with `az login`, give the app an identity, or set {callee.key_setting}"
    return callee.fails(category, "no_token", what, remedy)


def odd_key(callee: Callee) -> Failure:
    """The key cannot be sent."""
    what = f"was not asked, since {callee.key_setting} holds signs that no key has"
    return callee.fails(Category.AUTHENTICATION, "wrong_key", what, "set it to the key and nothing else")


def odd_address(callee: Callee) -> Failure:
    """Nothing can be there."""
    what = "was not asked, since that is no address"
    remedy = f"set {callee.url_setting} to one that begins with https://"
    return callee.fails(Category.PERMANENT, "no_endpoint", what, remedy)


def unsent(callee: Callee) -> Failure:
    """The request is none that HTTP knows."""
    what = "was not asked, since the request cannot be sent"
    remedy = "look at the names and numbers in it for odd ones"
    if callee.is_openais:
        remedy += ", and so at OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and OPENAI_PROJECT_ID"
    return callee.fails(Category.PERMANENT, "unsent", what, remedy)


def no_client(callee: Callee, variables: str) -> Failure:
    """What the environment says about connections will not do; it may hold a password, and is not shown."""
    what = "was not asked, since what the environment says about connections will not do"
    return callee.fails(Category.PERMANENT, "no_client", what, f"look at {variables}")


def closed(deployment: str) -> Failure:
    """Given up by us, with all other calls."""
    message = f"The model {deployment!r} was not heard to the end: the app let go of it; try again."
    return Failure(category=Category.TRANSIENT, message=message, reason="closed")

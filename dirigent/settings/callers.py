"""Whose account requests are made on, and who vouches for that."""

import re
from itertools import chain

from dirigent.settings.reader import Reader, offered
from dirigent.settings.values import told

#: What may vouch for callers where accounts are enforced.
FRONTS = ("easy-auth", "api-management")
#: Where Entra's tokens name the tenant and the person or service, as Easy Auth tells it.
TENANT_CLAIM = "http://schemas.microsoft.com/identity/claims/tenantid"
OBJECT_CLAIM = "http://schemas.microsoft.com/identity/claims/objectidentifier"
#: What Entra calls people, services and identities by.
OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Says whether App Service authentication is on; the platform sets it.
EASY_AUTH = "WEBSITE_AUTH_ENABLED"

_OF_DEFAULT = ("DIRIGENT_DEFAULT_ACCOUNT",)
_OF_FRONT = {
    "easy-auth": ("DIRIGENT_ACCOUNT_CLAIM", "DIRIGENT_USER_CLAIM"),
    "api-management": ("DIRIGENT_GATEWAY",),
}
_OF_ENFORCED = ("DIRIGENT_FRONT", *chain.from_iterable(_OF_FRONT.values()), "DIRIGENT_OPERATORS")


def front(reader: Reader, *, is_enforced: bool) -> str | None:
    """Who vouches for callers; nobody is guessed, for it decides whose headers are believed."""
    value = reader.text("DIRIGENT_FRONT")
    if not is_enforced or value in FRONTS:
        return value if is_enforced else None
    wrong = f"is {told(value)}, which is unknown" if value else "is not set while accounts are enforced"
    remedy = f"set it to {offered(FRONTS)}, whichever vouches for callers"
    reader.refuse("DIRIGENT_FRONT", wrong, remedy)
    return None


def gateway(reader: Reader, front: str | None) -> str | None:
    """Object id of the gateway's identity."""
    value = reader.text("DIRIGENT_GATEWAY").lower()
    if front == "api-management" and not OBJECT_ID.fullmatch(value):
        wrong = f"is {told(value)}, which is no object id" if value else "is not set"
        remedy = "set it to the object id of the managed identity that the gateway calls with"
        reader.refuse("DIRIGENT_GATEWAY", wrong, remedy)
    return value or None


def management_urls(reader: Reader, *, is_enforced: bool) -> bool:
    """Whether starts tell Durable's URLs: never where one account must not open another's instances."""
    wanted = reader.truth("DIRIGENT_MANAGEMENT_URLS", default=not is_enforced)
    if wanted and is_enforced:
        reader.refuse(
            "DIRIGENT_MANAGEMENT_URLS",
            "is true while DIRIGENT_ACCOUNTS is 'enforced', and such URLs open every account's instances",
            "leave DIRIGENT_MANAGEMENT_URLS out, or DIRIGENT_ACCOUNTS",
        )
    return wanted


def refuse_forgeries(reader: Reader) -> None:
    """Refuse to believe the platform's headers where the platform says that it leaves them to callers."""
    given = reader.text(EASY_AUTH)
    if not reader.is_development and given.lower() not in ("true", "1"):
        reader.refuse(
            EASY_AUTH,
            f"is {told(given)} while DIRIGENT_ACCOUNTS is 'enforced': callers could forge their account",
            "turn App Service authentication on, which sets it",
        )


def refuse_idle(reader: Reader, *, is_enforced: bool, front: str | None) -> None:
    """Refuse what nothing would read: whoever sets it believes that it protects."""
    for variable in _OF_ENFORCED if not is_enforced else _OF_DEFAULT:
        accounts = "default" if is_enforced else "enforced"
        reader.refuse_set(variable, f"remove it, or set DIRIGENT_ACCOUNTS to {accounts!r}")
    # With no front, what belongs to which is not known; that is told by itself.
    for owner, variables in _OF_FRONT.items() if front else ():
        for variable in variables if owner != front else ():
            reader.refuse_set(variable, f"remove it, or set DIRIGENT_FRONT to {owner!r}")

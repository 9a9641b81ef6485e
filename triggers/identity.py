"""Who calls."""

import azure.functions as func

from dirigent.domain.messages import Message
from dirigent.settings import NAMES, OBJECT_CLAIM, Settings, is_name
from triggers.principals import HEADER, Principal, read_principal, unknown_caller
from triggers.problems import Refused

#: Where the declared gateway, and nobody else, names whom it calls for.
ACCOUNT_HEADER, USER_HEADER = "X-Dirigent-Account", "X-Dirigent-User"


class Caller(Message, frozen=True, kw_only=True):
    """On whose account a request is made, and by which of its users."""

    account: str
    user: str | None = None


def caller(request: func.HttpRequest, settings: Settings) -> Caller:
    """The caller as the declared front tells; without one, a function key speaks for the default account."""
    if settings.accounts != "enforced":
        return Caller(account=settings.default_account)
    principal = read_principal(request.headers.get(HEADER))
    if settings.front == "api-management":
        return _named_by_gateway(request, principal, settings)
    return Caller(
        account=_name(principal.claim(settings.account_claim), f"The claim {settings.account_claim!r}"),
        user=_name(principal.claim(settings.user_claim), f"The claim {settings.user_claim!r}"),
    )


def operator(request: func.HttpRequest, settings: Settings) -> Caller:
    """The caller, if they may steer what all accounts share; without enforced accounts everybody may."""
    found = caller(request, settings)
    if settings.accounts == "enforced" and found.account not in settings.operators:
        raise Refused(403, "This steers what all accounts share: only an operator's account may do it.")
    return found


def _named_by_gateway(request: func.HttpRequest, principal: Principal, settings: Settings) -> Caller:
    if principal.claim(OBJECT_CLAIM).lower() != settings.gateway:
        raise Refused(403, "This request did not come through the gateway: call the gateway instead.")
    account, user = request.headers.get(ACCOUNT_HEADER), request.headers.get(USER_HEADER)
    if account is None:
        raise unknown_caller(f"The gateway named no account in the header {ACCOUNT_HEADER}.")
    return Caller(
        account=_header(account, ACCOUNT_HEADER),
        user=None if user is None else _header(user, USER_HEADER),
    )


def _header(value: str, header: str) -> str:
    # A header that came twice, from a caller and from the gateway, reaches us as both with a comma between.
    if "," in value or not value.isascii():
        raise unknown_caller(f"The header {header} came twice, or holds a comma or a sign that is not ASCII.")
    return _name(value.strip(), f"The header {header}")


def _name(value: str, what: str) -> str:
    if not is_name(value):
        raise unknown_caller(f"{what} is no name for an account or user: {NAMES}.")
    return value

"""Whom App Service authentication vouches for."""

import base64
import binascii

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.settings import OBJECT_CLAIM, TENANT_CLAIM
from triggers.problems import Refused

HEADER = "X-MS-CLIENT-PRINCIPAL"
#: Characters; web servers take fewer for all headers together.
LONGEST = 65_536
#: How App Service calls Entra.
ENTRA = "aad"
#: A claim of Entra's comes under its long name or as the token has it.
_SHORT = {TENANT_CLAIM: "tid", OBJECT_CLAIM: "oid"}
_OF_ENTRA = frozenset(_SHORT) | frozenset(_SHORT.values())


class _Claim(Message, frozen=True, kw_only=True):
    typ: str
    val: str


class _Told(Message, frozen=True, kw_only=True):
    """A principal as the platform writes it; what else it says is not read."""

    auth_typ: str
    claims: tuple[_Claim, ...]


class Principal(Message, frozen=True, kw_only=True):
    """A caller who signed in, with what the provider says of them."""

    provider: str
    claims: tuple[tuple[str, str], ...]

    def claim(self, name: str) -> str:
        """The one value of that claim; `Refused` without one, or with several that differ."""
        # Another provider lets its users choose what they are called, and one may call itself a tenant.
        if name in _OF_ENTRA and self.provider != ENTRA:
            raise unknown_caller(f"The sign-in was not with Entra, whose claim {name!r} names the caller.")
        names = _also_known(name)
        values = {value for kind, value in self.claims if kind in names and value}
        if not values:
            raise unknown_caller(f"The principal of this request has no claim {name!r}.")
        if len(values) > 1:
            raise unknown_caller(f"The principal of this request has several claims {name!r} that differ.")
        return values.pop()


def read_principal(header: str | None) -> Principal:
    """The principal in the platform's header; `Refused` when there is none to be read."""
    if not header:
        raise unknown_caller("This request names no principal: sign in and send your token.")
    if len(header) > LONGEST:
        raise unknown_caller(f"The principal of this request is longer than {LONGEST} characters.")
    try:
        # Strict: a header that came twice reaches us as both texts with a comma between them.
        told = codec.from_json(_Told, base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError) as error:
        raise unknown_caller(f"The header {HEADER} of this request cannot be read.") from error
    claims = tuple((claim.typ, claim.val) for claim in told.claims)
    return Principal(provider=told.auth_typ.lower(), claims=claims)


def unknown_caller(sentence: str) -> Refused:
    """A request of which it is not known on whose account it is made."""
    return Refused(401, sentence, headers={"WWW-Authenticate": "Bearer"})


def _also_known(name: str) -> tuple[str, ...]:
    return next((pair for pair in _SHORT.items() if name in pair), (name,))

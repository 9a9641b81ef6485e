"""Who calls."""

import azure.functions as func

from dirigent.domain.messages import Message
from dirigent.settings import Settings


class Caller(Message, frozen=True, kw_only=True):
    """On whose account a request is made, and by which of its users."""

    account: str
    user: str | None = None


def caller(request: func.HttpRequest, settings: Settings) -> Caller:  # noqa: ARG001
    """The caller; a function key speaks for the default account, whatever headers and body say."""
    return Caller(account=settings.default_account)

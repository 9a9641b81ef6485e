"""How long a service is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds, and how often an operation is tried within them."""

    #: For all tries together.
    limit: float = 20.0
    connect: float = 3.0
    #: A service that stays silent is asked thrice.
    silence: float = 6.0
    tries: int = 4
    #: Before the second try, about; each further pause is three times as long.
    pause: float = 0.25
    #: Bytes in a second, on the slowest line that large contents get more time for.
    slowest: int = 1_000_000

"""The edge: whoever has had all starts is told so at once, before anything is kept of the request.

It only looks, and so many requests that come together may all pass: a courtesy to callers. What keeps the
limits is the account's gate, which each run passes before it does anything.
"""

import logging
from math import ceil

from dirigent.domain.account_gate import Standing, longest
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.passages import Refusal, micros
from dirigent.ports.clock import Clock
from triggers.gatehouse import Gates
from triggers.identity import Caller
from triggers.limit_view import left_view, seconds_until
from triggers.problems import Refused

log = logging.getLogger(__name__)


class Edge:
    """Turns starts away that would be refused inside."""

    def __init__(self, clock: Clock, catalogue: Catalogue) -> None:
        self._clock, self._catalogue = clock, catalogue

    async def check(self, caller: Caller, gates: Gates) -> None:
        """Return if the account, and its user, may start a run now; `Refused` says when they may."""
        gate = await gates.account(caller.account)
        rules, now = self._catalogue.account(caller.account), micros(self._clock.now())
        standings = gate.standings(caller.account, rules, now, caller.user)
        refusal = longest([standing.refusal for standing in standings])
        if refusal is not None:
            log.info("A start was refused: %s.", refusal.sentence)
            raise _too_many(refusal, standings, now)


def _too_many(refusal: Refusal, standings: tuple[Standing, ...], now: int) -> Refused:
    wait = seconds_until(refusal.come_back_at, now)
    # Without an instant it is in vain to come back: the limit is 0.
    again = "" if wait is None else f" Come back in {wait:g} seconds."
    return Refused(
        429,
        f"{refusal.sentence[0].upper()}{refusal.sentence[1:]}.{again}",
        headers={} if wait is None else {"Retry-After": str(max(1, ceil(wait)))},
        members={
            "allowed": False,
            "retry_after": wait,
            "level": refusal.level,
            "key": refusal.key,
            "window": refusal.why,
            "limit": refusal.limit,
            "left": {standing.level: left_view(standing) for standing in standings},
        },
    )

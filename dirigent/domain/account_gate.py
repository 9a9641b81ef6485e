"""An account's gate: it admits starts within the windows of the account and of its users."""

from typing import Self

from msgspec.structs import replace

from dirigent.domain.crowds import Crowd
from dirigent.domain.gates import Entry, Start, refusal_of
from dirigent.domain.messages import Message
from dirigent.domain.passages import Level, Refusal
from dirigent.domain.windows import NEVER, Limits, Windows

#: So many users have windows of their own at a time.
MOST_USERS = 1_000


class AccountRules(Message, frozen=True, kw_only=True, omit_defaults=False):
    """How often runs may be started."""

    limits: Limits = Limits()
    #: By each of its users.
    users: Limits = Limits()


class Standing(Message, frozen=True, kw_only=True, omit_defaults=False):
    """How much somebody may still do."""

    level: Level
    key: str
    limits: Limits
    #: By window; those without limit are left out.
    left: dict[str, int]
    refusal: Refusal | None = None


class AccountGate(Message, frozen=True, kw_only=True):
    """What an account's gate remembers; its time never goes back."""

    version: int = 1
    seen: int = 0
    starts: Windows = Windows()
    users: Crowd = Crowd()

    def admit(self, rules: AccountRules, start: Start, now: int) -> tuple[Self, Entry]:
        """Count the start, unless the account or its user has had all its starts."""
        now = max(now, self.seen)
        starts, of_account = self.starts.admit(rules.limits, now, 1, patience=start.patience)
        waiting = replace(self, seen=now)
        if start.user is None:
            refusal = refusal_of(Level.ACCOUNT, start.account, rules.limits, of_account)
            return replace(waiting, starts=starts), Entry(at=now, refusal=refusal)
        crowd, windows = self.users.of(start.user, now, MOST_USERS)
        windows, of_user = windows.admit(rules.users, now, 1, patience=start.patience)
        users = crowd.put(start.user, windows, MOST_USERS)
        refusals = [
            refusal_of(Level.ACCOUNT, start.account, rules.limits, of_account),
            refusal_of(Level.USER, start.user, rules.users, of_user),
        ]
        refusal = longest(refusals)
        if refusal is None:
            return replace(waiting, starts=starts, users=users), Entry(at=now)
        # Whoever would have admitted counts nothing; who refused remembers the turn it gave, if it is taken.
        is_taken = refusal.come_back_at is not None and refusal.come_back_at <= start.patience
        if of_account.granted == 0 and is_taken:
            waiting = replace(waiting, starts=starts)
        if of_user.granted == 0 and is_taken:
            waiting = replace(waiting, users=users)
        return waiting, Entry(at=now, refusal=refusal)

    def standings(
        self, account: str, rules: AccountRules, now: int, user: str | None = None
    ) -> tuple[Standing, ...]:
        """How the account stands, and its user if one is named; nothing is counted."""
        now = max(now, self.seen)
        found = [standing(Level.ACCOUNT, account, rules.limits, self.starts, now)]
        if user is not None:
            _, windows = self.users.of(user, now, MOST_USERS)
            found.append(standing(Level.USER, user, rules.users, windows, now))
        return tuple(found)


def standing(level: Level, key: str, limits: Limits, windows: Windows, now: int) -> Standing:
    """How somebody with these windows stands."""
    # Who only looks takes no turn, and hears when there is room.
    _, admission = replace(windows, turn=0).admit(limits, now, 1)
    return Standing(
        level=level,
        key=key,
        limits=limits,
        left=windows.left(limits, now),
        refusal=refusal_of(level, key, limits, admission),
    )


def longest(refusals: list[Refusal | None]) -> Refusal | None:
    """Of several refusals the one that lasts longest; None without any."""
    found = [refusal for refusal in refusals if refusal is not None]
    return max(found, key=lambda one: NEVER if one.come_back_at is None else one.come_back_at, default=None)

"""When to try again, and when to give up."""

from datetime import timedelta
from hashlib import sha256

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import RETRIED, Failure

#: A provider that asks for more patience than this has given its answer.
LONGEST_WAIT = timedelta(minutes=15)

#: No delay grows faster: with the exponent's bound it keeps the power within what a float holds.
STEEPEST = 1_000.0
MOST_GROWTHS = 64


class RetryPolicy(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Exponential backoff with full jitter, never endless; delays in seconds."""

    max_attempts: int = 3
    initial_delay: float = 5.0
    exponential_base: float = 2.0
    max_delay: float = 60.0


def wait_before_next(
    policy: RetryPolicy, failure: Failure, *, attempts: int, orders: int, seed: str
) -> timedelta | None:
    """How long to wait after so many attempts and orders; None says that there is no next one."""
    if failure.category not in RETRIED or attempts >= policy.max_attempts:
        return None
    growth = min(policy.exponential_base, STEEPEST) ** min(orders - 1, MOST_GROWTHS)
    # Nor does a patient policy wait longer: by chance alone it would be taken for its own giving up.
    ceiling = min(policy.max_delay, policy.initial_delay * growth, LONGEST_WAIT.total_seconds())
    wait = ceiling * share(f"{seed}/{orders}")
    if failure.retry_after is not None:
        # On top of what was asked for, so that many who were told the same do not return together.
        wait += max(failure.retry_after, 0)
    return timedelta(seconds=wait) if wait <= LONGEST_WAIT.total_seconds() else None


def share(seed: str) -> float:
    """A number from 0 to 1 that falls the same at every replay, and as evenly as dice."""
    # Dice would fall differently at every replay; a hash of who asks falls the same and spreads as well.
    return int.from_bytes(sha256(seed.encode()).digest()[:8]) / 2**64

"""What is left of limits, as the HTTP API shows it."""

from math import ceil

from dirigent.domain.account_gate import Standing
from dirigent.domain.windows import SECOND, SPANS


def limit_view(standing: Standing, now: int) -> dict[str, object]:
    """How much somebody may still do; a window without limit shows null."""
    refusal = standing.refusal
    return {
        "level": standing.level,
        "key": standing.key,
        "allowed": refusal is None,
        "retry_after": None if refusal is None else seconds_until(refusal.come_back_at, now),
        "refused_by": None if refusal is None else refusal.why,
        "limits": {window: standing.limits.of(window) for window in SPANS},
        "left": left_view(standing),
    }


def left_view(standing: Standing) -> dict[str, int | None]:
    """How many more each window admits."""
    return {window: standing.left.get(window) for window in SPANS}


def seconds_until(instant: int | None, now: int) -> float | None:
    """Seconds to the millisecond, rounded up: whoever comes back then is not too early."""
    if instant is None:
        return None
    return ceil(max(instant - now, 0) / (SECOND // 1_000)) / 1_000

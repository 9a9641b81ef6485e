"""App settings, read where they are needed and never inside an orchestrator."""

import os

DEFAULTS = {
    "APPROVAL_LIMIT": 20000,
    "APPROVAL_SECONDS": 86400,
    "RETRY_INTERVAL_MS": 200,
    "QUOTE_TIMEOUT_MS": 10000,
}


def number(name: str) -> int:
    """The whole-number app setting of that name, or its default."""
    return int(os.environ.get(name, DEFAULTS[name]))

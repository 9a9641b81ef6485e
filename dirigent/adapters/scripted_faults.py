"""What the faults of a script look like from outside."""

from dirigent.adapters.model_script import Answered, Fault, Word
from dirigent.domain.outcomes import Category, Failure

_CATEGORIES = {
    401: Category.AUTHENTICATION,
    403: Category.AUTHENTICATION,
    408: Category.TIMEOUT,
    409: Category.TRANSIENT,
    429: Category.RATE_LIMIT,
}
_MEANINGS = {
    Category.AUTHENTICATION: "refused the key; set a valid key or role for the model",
    Category.TIMEOUT: "gave up waiting",
    Category.RATE_LIMIT: "asks for fewer calls; wait and try again",
    Category.TRANSIENT: "had an error of its own; try again",
    Category.PERMANENT: "refused the request; change it before trying again",
}
#: As the adapter of real models calls them.
_REASONS = {
    401: "wrong_key",
    403: "forbidden",
    404: "unknown_model",
    408: "timeout",
    409: "conflict",
    429: "rate_limit",
}

#: Models roll dice: after an answer that cannot be read the next one is as a rule sound.
_WORDS: dict[Word, tuple[Category, str, str]] = {
    "timeout": (Category.TIMEOUT, "timeout", "did not answer (scripted); set a time limit for the call"),
    "garbage": (
        Category.TRANSIENT,
        "unreadable",
        "sent an answer that cannot be read (scripted); try again",
    ),
    "cut": (Category.TRANSIENT, "dropped", "was cut off in the middle of its answer (scripted); try again"),
    "refusal": (
        Category.PERMANENT,
        "refusal",
        "declined to answer (scripted); change what is asked of it",
    ),
    "filtered": (
        Category.PERMANENT,
        "content_filter",
        "stands behind a content filter, which refused the prompt (scripted); change the prompt",
    ),
    "truncated": (
        Category.PERMANENT,
        "truncated",
        "reached its token limit before the end of its answer (scripted); raise the agent's token limit",
    ),
}


def failure_of(fault: Fault, deployment: str) -> Failure | None:
    """What a caller makes of it; nothing where the answer is only slow."""
    if isinstance(fault, str):
        category, reason, what = _WORDS[fault]
        return Failure(category=category, message=f"The model {deployment!r} {what}.", reason=reason)
    return None if fault.status is None else _refusal(fault, fault.status, deployment)


def _refusal(fault: Answered, status: int, deployment: str) -> Failure:
    is_theirs = status >= 500
    category = _CATEGORIES.get(status, Category.TRANSIENT if is_theirs else Category.PERMANENT)
    return Failure(
        category=category,
        message=f"The model {deployment!r} answered {status} (scripted): it {_MEANINGS[category]}.",
        retry_after=fault.retry_after,
        reason=_REASONS.get(status, "server_error" if is_theirs else "bad_request"),
    )

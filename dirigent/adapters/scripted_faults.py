"""What the faults of a script look like from outside."""

from dirigent.domain.outcomes import Category, Failure

_CATEGORIES = {
    401: Category.AUTHENTICATION,
    403: Category.AUTHENTICATION,
    408: Category.TIMEOUT,
    429: Category.RATE_LIMIT,
}
_MEANINGS = {
    Category.AUTHENTICATION: "refused the key; set a valid key or role for the model",
    Category.TIMEOUT: "gave up waiting",
    Category.RATE_LIMIT: "asks for fewer calls; wait and try again",
    Category.TRANSIENT: "had an error of its own; try again",
    Category.PERMANENT: "refused the request; change it before trying again",
}


def refusal(status: int, retry_after: float | None, deployment: str) -> Failure:
    """What a provider's status amounts to."""
    category = _CATEGORIES.get(status, Category.TRANSIENT if status >= 500 else Category.PERMANENT)
    message = f"The model {deployment!r} answered {status} (scripted): it {_MEANINGS[category]}."
    return Failure(category=category, message=message, retry_after=retry_after)


def garbage(deployment: str) -> Failure:
    """An answer that is none; TRANSIENT, since models roll dice and the next answer is as a rule sound."""
    message = f"The model {deployment!r} sent an answer that cannot be read (scripted); try again."
    return Failure(category=Category.TRANSIENT, message=message)


def silence(deployment: str) -> Failure:
    """What is left to say when nobody gave up waiting."""
    message = f"The model {deployment!r} did not answer (scripted); set a time limit for the call."
    return Failure(category=Category.TIMEOUT, message=message)

"""Instants and spans as people read them: to the second."""

import math
import re

_FRACTION = re.compile(r"\.\d+(?=Z$|[+-]\d\d:\d\d$)")


def to_the_second(instant: str) -> str:
    """The instant, as the API writes it, without fractions of its second."""
    return _FRACTION.sub("", instant)


def whole(seconds: float) -> str:
    """The span, rounded up: whoever comes back after it does not come too early."""
    return f"{math.ceil(seconds)} s"

"""What is posted to a service that speaks OpenAI's protocol, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass

from dirigent.adapters.openai.failures import Callee


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    path: str
    body: Mapping[str, object]
    headers: Mapping[str, str]
    deployment: str
    #: The endpoint's name in the settings; None for the usual one.
    endpoint: str | None
    #: It is given up then at the latest.
    seconds: float
    #: Bytes that its answer may have.
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back with a status of success; it may still be anything."""

    callee: Callee
    headers: Mapping[str, str]
    body: bytes

"""What an answer of Service Bus means."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dirigent.adapters.services.attempts import Trouble
from dirigent.adapters.waits import wait_asked

TAKEN = 201
#: What the service says is an element of XML.
_DETAIL = re.compile(r"<Detail>(.*?)</Detail>", re.DOTALL | re.IGNORECASE)
_LONGEST_DETAIL = 400
_NO_PLACE = (404, 410)
#: What 403 is about is said in words alone.
_FULL = "entity size"
_OF_THE_MESSAGE = ("too large", "larger", "size", "bytes")
#: The documents have one line for both, a quota that is exceeded and a message that is too large.
_OF_QUOTAS = ("message", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, as far as it is looked at."""

    status: int
    #: By their names in small letters.
    headers: Mapping[str, str]
    #: The beginning of its body.
    text: str = ""

    @property
    def detail(self) -> str:
        """What the service says, in one line; empty where it says nothing or is another service."""
        found = _DETAIL.search(self.text)
        line = " ".join(html.unescape(found[1]).split()) if found else ""
        return "".join(filter(str.isprintable, line))[:_LONGEST_DETAIL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """It will not be taken, now or later."""

    #: As in `BusRefused`.
    reason: str


def verdict(answer: Answer, now: datetime) -> Trouble | Refusal | None:
    """Why the messages were not taken; None where they were."""
    status = answer.status
    if status == TAKEN:
        return None
    said = f"it answered {status}"
    if status in (408, 429) or status >= 500:
        return Trouble(reason=said, passes=True, pause=wait_asked(answer.headers, now))
    if status < 400 or (status in _NO_PLACE and _is_page(answer)):
        # A portal or a gateway, which stands in the way: it knows no topics.
        return Trouble(reason=f"{said}, and is another service", passes=True)
    return _refusal(answer, said)


def _refusal(answer: Answer, said: str) -> Trouble | Refusal:
    status, detail = answer.status, answer.detail.lower()
    if status == 403 and _is_full(detail):
        # Whoever hears the messages makes room; nobody can say when.
        return Trouble(reason=f"{said}: the topic is full")
    if status == 413 or (status in (400, 403) and _is_too_large(detail)):
        return Refusal(reason="too_large")
    if status in (401, 403):
        return Refusal(reason="unauthorized")
    return Refusal(reason="unknown_topic" if status in _NO_PLACE else "refused")


def _is_full(detail: str) -> bool:
    return _FULL in detail or ("quota" in detail and not _is_too_large(detail))


def _is_too_large(detail: str) -> bool:
    if "quota" in detail:
        return any(word in detail for word in _OF_QUOTAS)
    return any(word in detail for word in _OF_THE_MESSAGE)


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "")
    return kind.lower().startswith("text/html") or answer.text.lstrip()[:5].lower() in ("<html", "<!doc")

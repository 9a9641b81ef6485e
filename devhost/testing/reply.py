"""What a host under test answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devhost.functions.http_exchange import HttpReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer; header names are in lower case, and of repeated ones the last is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, reply: HttpReply) -> Self:
        return cls(
            status=reply.status,
            headers={name.lower(): value for name, value in reply.headers},
            body=reply.body,
        )

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode()

    def json(self) -> Any:
        """The value the body holds as JSON."""
        return json.loads(self.body)

"""Chat completions without a client library: the least that asking a model over HTTP can cost."""

import asyncio
import json
from typing import Self
from urllib.parse import urlsplit

from dirigent.ports.model import Request


class BareLine:
    """One connection that is kept, and the same question on it again and again."""

    def __init__(self, url: str, request: Request) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        body = json.dumps(
            {
                "model": request.deployment,
                "messages": [
                    {"role": "system", "content": request.instructions},
                    {"role": "user", "content": request.prompt},
                ],
                "temperature": request.temperature,
                "max_completion_tokens": request.token_limit,
            }
        ).encode()
        head = (
            f"POST {parts.path}/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Authorization: Bearer none\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._question = head.encode() + body

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def ask(self) -> str:
        """The answer's text."""
        self._writer.write(self._question)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 200"), head
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        answer = json.loads(await self._reader.readexactly(length))
        return str(answer["choices"][0]["message"]["content"])

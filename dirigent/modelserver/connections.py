"""A client's connection, on which errors have OpenAI's form even where no request could be read."""

from uuid import uuid4

from aiohttp import http_exceptions, web

from dirigent.modelserver import errors
from dirigent.modelserver.replies import JSON


class Connection(web.RequestHandler):
    """Speaks HTTP; what is no HTTP, and what went wrong here, it answers itself."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what nobody foresaw; only what is the server's own fault is logged."""
        if isinstance(exc, ConnectionError):
            # Whoever left in the middle of an answer is told nothing, and nothing is wrong.
            raise exc
        if status >= 500:
            self.log_exception("%s %s failed", request.method, request.path, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun: nothing can be said in its place.")
        if isinstance(exc, http_exceptions.LineTooLong):
            error = errors.long_line()
        else:
            error = errors.unexpected() if status >= 500 else errors.unreadable(message or "It is no HTTP")
        response = web.Response(status=error.status, body=error.body(), content_type=JSON)
        response.headers["x-request-id"] = f"req_{uuid4().hex}"
        response.force_close()
        return response

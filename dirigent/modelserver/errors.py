"""A refusal in the form in which OpenAI tells it."""

from collections.abc import Mapping

from dirigent import codec
from dirigent.domain.outcomes import Failure

#: What is wrong with the request itself.
INVALID = "invalid_request_error"


class ApiError(Exception):
    """The answer is an error: its status, its sentence, and what of the request it is about."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = INVALID,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.message, self.kind = status, message, kind
        self.param, self.code = param, code
        self.headers = dict(headers or {})
        super().__init__(f"{status}: {message}")

    def body(self) -> bytes:
        """The error as JSON."""
        told = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return codec.to_json({"error": told})


def unknown_model(name: str) -> ApiError:
    """There is no such deployment."""
    message = f"The model {name!r} does not exist or you do not have access to it."
    return ApiError(404, message, param="model", code="model_not_found")


def wrong_key() -> ApiError:
    """The key is not the server's; it is told to nobody what was sent."""
    return ApiError(401, "Incorrect API key provided.", code="invalid_api_key")


def no_key() -> ApiError:
    """No key was sent where one is asked for."""
    message = "You didn't provide an API key: send it as `Authorization: Bearer KEY` or `api-key: KEY`."
    return ApiError(401, message)


def unknown_url(method: str, path: str) -> ApiError:
    """Nothing is there, or not for that method."""
    message = f"Unknown request URL: {method} {path}. Look at docs/model-server.md for what there is."
    return ApiError(404, message, code="unknown_url")


def unreadable(problem: str) -> ApiError:
    """It is no HTTP, or such as nobody here understands."""
    # Behind the first line stands what was sent, which may be a key.
    return ApiError(400, f"We could not read your request: {problem.splitlines()[0].rstrip(':.')}.")


def long_line() -> ApiError:
    """A header or the address is longer than the server reads."""
    message = "A header or the address of your request is too long: keep each below 8,190 bytes."
    return ApiError(431, message, code="headers_too_large")


def unexpected() -> ApiError:
    """A fault of the server itself; its log says which."""
    message = "The model server failed at this request: its log says how."
    return ApiError(500, message, kind="server_error", code="internal_error")


def own(failure: Failure) -> ApiError:
    """The server itself is in trouble, as where its journal cannot be written."""
    return ApiError(500, failure.message, kind="server_error")

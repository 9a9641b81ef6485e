"""Replies that several doors give."""

from devhost.functions.http_exchange import HttpReply, json_reply

NOT_FOUND = HttpReply(status=404)
ACCEPTED = HttpReply(status=202)
GONE = HttpReply(status=410)


def refusal(status: int, message: str, error: Exception | None = None) -> HttpReply:
    """A reply that says what is wrong; the SDK shows `ExceptionMessage` to the app."""
    said = {"Message": message}
    if error is not None:
        said |= {"ExceptionMessage": str(error), "ExceptionType": type(error).__name__, "StackTrace": ""}
    return json_reply(status, said)

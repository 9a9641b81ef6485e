"""What is sent back, before anybody has said how."""

from dirigent.domain.messages import Message

JSON = "application/json"


class Reply(Message, frozen=True, kw_only=True):
    """An answer with status 200."""

    #: In one piece, or in those of a stream.
    body: tuple[bytes, ...]
    content_type: str = JSON
    #: The connection ends in the middle of it, or where it is empty without any answer.
    is_cut: bool = False

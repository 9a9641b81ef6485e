"""Bookmarks: where a list goes on, for whoever asked for the same list."""

import base64
import binascii
from hashlib import sha256

from dirigent import codec
from dirigent.ports.records import LONGEST_TEXT, TokenRefused


def bookmark(asked: list[str], key: str) -> str:
    """The token of the place behind that key."""
    return base64.urlsafe_b64encode(codec.to_json([_seal(asked, key), key])).decode()


def place_of(token: str, asked: list[str]) -> str:
    """The key that the token marks; `TokenRefused` if it is of another list or of nobody."""
    try:
        if len(token) > LONGEST_TEXT:
            raise TokenRefused(token)
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        seal, key = codec.from_json(tuple[str, str], text)
    except (UnicodeError, binascii.Error, codec.Undecodable) as error:
        raise TokenRefused(token) from error
    if seal != _seal(asked, key):
        raise TokenRefused(token)
    return key


def _seal(asked: list[str], key: str) -> str:
    return sha256(codec.to_json([asked, key])).hexdigest()[:16]

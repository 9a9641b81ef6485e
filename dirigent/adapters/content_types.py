"""Content types of artifacts: the same ones whatever keeps the files."""

import re

LONGEST_TYPE = 200

_WORD = r"[A-Za-z0-9!#$&^_.+-]+"
# Services drop blanks at the end.
_FORM = re.compile(rf"{_WORD}/{_WORD}(?: *; *[!-~](?:[ -~]*[!-~])?)?")


class TypeRefused(ValueError):
    """No artifact can have this content type."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        super().__init__(
            f"{content_type!r:.100} is no content type of an artifact: it is type/subtype, "
            f"with parameters behind a ';' or none, in at most {LONGEST_TYPE} printable ASCII characters."
        )


def check_type(content_type: str) -> None:
    """Refuse what not every store would give back to the letter."""
    if len(content_type) > LONGEST_TYPE or not _FORM.fullmatch(content_type):
        raise TypeRefused(content_type)

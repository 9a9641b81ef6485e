"""Names of artifacts: the same ones whatever keeps the files."""

import re

LONGEST_NAME = 500
LONGEST_PART = 200

_PART = re.compile(r"[A-Za-z0-9._-]+")


class NameRefused(ValueError):
    """No artifact can have this name."""

    def __init__(self, name: str, rule: str) -> None:
        self.name, self.rule = name, rule
        super().__init__(f"{name!r:.100} is no name of an artifact: {rule}.")


def check(name: str) -> None:
    """Refuse what is no name: nothing that passes leads out of where artifacts are kept."""
    if len(name) > LONGEST_NAME:
        raise NameRefused(name, f"it has at most {LONGEST_NAME} characters")
    for part in name.split("/"):
        if not _PART.fullmatch(part) or part in (".", ".."):
            rule = "its parts, joined by '/', are letters, digits, '.', '-' and '_', and neither '.' nor '..'"
            raise NameRefused(name, rule)
        if len(part) > LONGEST_PART:
            raise NameRefused(name, f"a part has at most {LONGEST_PART} characters")


def folder_of(prefix: str) -> str:
    """The prefix without the `/` it ends in."""
    if not prefix.endswith("/"):
        raise NameRefused(prefix, "a prefix ends in '/'")
    check(prefix[:-1])
    return prefix[:-1]

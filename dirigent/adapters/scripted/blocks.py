"""The delimited data of a prompt, told apart from its wording."""

import json
import re

from dirigent.domain.messages import Message

_OPENING = re.compile(r"<([A-Za-z_][\w.-]*)>")
_CLOSING = re.compile(r"</([A-Za-z_][\w.-]*)>")

#: What stands in the wording where data stood: no word, and no end of a sentence.
PLACE = "_"


class Block(Message, frozen=True, kw_only=True):
    """One value a prompt carries."""

    name: str
    text: str


def separate(prompt: str) -> tuple[str, tuple[Block, ...]]:
    """The wording with a mark where each value stood, and the values in their order."""
    wording: list[str] = []
    blocks: list[Block] = []
    end = 0
    # Known before any is searched for, lest many tags without an end be sought through all of a long prompt.
    last_closing = {closing[1]: closing.start() for closing in _CLOSING.finditer(prompt)}
    while opening := _OPENING.search(prompt, end):
        name = opening.group(1)
        if last_closing.get(name, -1) < opening.end():
            wording.append(prompt[end : opening.end()])
            end = opening.end()
            continue
        closing = prompt.index(f"</{name}>", opening.end())
        wording += [prompt[end : opening.start()], f" {PLACE} "]
        blocks.append(Block(name=name, text=_readable(prompt[opening.end() : closing].strip())))
        end = closing + len(name) + 3
    wording.append(prompt[end:])
    return "".join(wording), tuple(blocks)


def _readable(text: str) -> str:
    """The text, with JSON that other steps wrote as one line told line by line."""
    if not any(sign in text for sign in "{["):
        return text
    lines = text.splitlines()
    # A list may be a line of code; one that is all there is was written by a step.
    return "\n".join(_unfolded(line, ("{", "[") if len(lines) == 1 else ("{",)) for line in lines)


def _unfolded(line: str, beginnings: tuple[str, ...]) -> str:
    if not line.startswith(beginnings) or not line.endswith(("}", "]")):
        return line
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return line
    if isinstance(found, dict):
        return "\n".join(f"{key}:{_told(value)}" for key, value in found.items()) or line
    return _told(found).lstrip("\n") or line


def _told(value: object) -> str:
    if isinstance(value, list):
        return "".join(f"\n- {_plain(item)}" for item in value)
    return f" {_plain(value)}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

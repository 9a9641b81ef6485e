"""The delimited data of a prompt, told apart from its wording."""

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
        blocks.append(Block(name=name, text=prompt[opening.end() : closing].strip()))
        end = closing + len(name) + 3
    wording.append(prompt[end:])
    return "".join(wording), tuple(blocks)

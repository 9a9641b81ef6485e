"""Tightens a text without changing what it says."""

import re

_LEAN = {
    "in order to": "to",
    "due to the fact that": "because",
    "a number of": "several",
    "at this point in time": "now",
    "for the purpose of": "for",
    "in the event that": "if",
    "has the ability to": "can",
    "have the ability to": "can",
    "a longer period of time": "years",
    "a period of time": "a time",
    "on a regular basis": "regularly",
    "with regard to": "about",
    "in the near future": "soon",
    "the majority of": "most",
    "a large number of": "many",
    "utilize": "use",
    "utilise": "use",
    "it is important to note that": "",
    "it should be noted that": "",
    "it goes without saying that": "",
    "it is worth noting that": "",
    "needless to say,": "",
    "quite a lot": "much",
    "very": "",
    "really": "",
    "basically": "",
    "actually": "",
    "simply": "",
    "quite": "",
    "in particular": "",
}


def _turns() -> str:
    # By their first letters, each once and in sets: where none begins here, little is tried.
    by_first: dict[str, list[str]] = {}
    for turn in sorted(_LEAN, key=len, reverse=True):
        by_first.setdefault(turn[0], []).append(re.escape(turn[1:]))
    return "|".join(f"[{c}{c.upper()}](?i:{'|'.join(rests)})" for c, rests in by_first.items())


_WORDY = re.compile(rf"(?<![\w-])(?P<words>{_turns()})(?![\w-])(?P<next>[ \t]+\w)?")
_DOUBLED = re.compile(r"\b([A-Za-z]{2,}+)((?i: \1)\b)+")
_MEANT_TWICE = frozenset({"had", "that"})
_BLANKS = re.compile(r"(?<=\S)[ \t]{2,}")
# Begins with a set of letters, which is looked for fast; what must stand before it is asked then.
_BLANK_BEFORE_MARK = re.compile(r"[ \t](?<=\w[ \t])[ \t]*(?=[,.;!?](?:\s|$))")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


def tightened(text: str) -> str:
    """The text with wordy turns shortened, doubled words and blanks removed; code and headings stay."""
    lines: list[str] = []
    in_code = False
    for line in text.strip().splitlines():
        fence = _FENCE.match(line) is not None
        in_code ^= fence
        kept = line if in_code or fence else _line(line.rstrip())
        if kept or in_code or (lines and lines[-1]):
            lines.append(kept)
    return "\n".join(lines)


def wordy(text: str) -> list[str]:
    """The wordy turns of a text, each once, as they first stand there."""
    found: dict[str, str] = {}
    for match in _WORDY.finditer(text):
        found.setdefault(match["words"].lower(), match["words"])
    return list(found.values())


def _line(line: str) -> str:
    if not line or line.lstrip().startswith(("#", "|", ">")) or "`" in line:
        return line
    lean, count = _WORDY.subn(_shorter, line)
    if count:
        # Again: the letter after one wordy turn may be the first of another.
        lean = _WORDY.sub(_shorter, lean)
    lean = _DOUBLED.sub(lambda m: m[0] if m[1].lower() in _MEANT_TWICE else m[1], lean)
    indent = line[: len(line) - len(line.lstrip())]
    lean = lean.strip()
    if "  " in lean or "\t" in lean:
        lean = _BLANKS.sub(" ", lean)
    return indent + _BLANK_BEFORE_MARK.sub("", lean)


def _shorter(match: re.Match[str]) -> str:
    lean, following = _LEAN[match["words"].casefold()], match["next"] or ""
    kept = lean + following if lean else following.lstrip()
    return kept[:1].upper() + kept[1:] if match["words"][0].isupper() else kept

"""What the other side said, as it may stand in a message of ours."""

import json
import re
from collections.abc import Iterable, Mapping

#: Characters of theirs in a message of ours.
LONGEST = 300
#: Bytes of theirs that are looked at.
_SEEN = 65_536

_BLANK = "[…]"
#: What is shorter keeps no secret, as `EMPTY` where a service asks for none, and may well be part of a word.
_SHORTEST_SECRET = 8
#: What may stand between the signs of a secret that was broken over lines.
_GAP = r"(?:[\s\x00-\x1f\x7f-\xa0\u200b-\u200d\u2060\ufeff]|\\[nrt])*"
#: What looks like a credential: whoever is refused is often told what they sent.
_CREDENTIALS = re.compile(
    r"(?ix)"
    r"\b(?:bearer|basic)\s+[^\s\"',;]+"
    r"|\b(?:sk|pk|rk|key|xai|gsk|ghp|pat)[-_][\w*.-]{4,}"
    r"|\bAIza[\w-]{10,}"
    r"|\beyJ[\w-]+\.[\w.-]*"
    r"|\b(?:api[-_ ]?key|accountkey|sharedaccesskey|sharedaccesssignature|password|secret|token|sig)"
    r"[\"']?\s*[=:]\s*[\"']?[^\s\"',;&]+"
    r"|://[^\s/@]+@"
)
#: Keys without a mark of their own are long and of letters and digits.
_LONG = re.compile(r"[\w+/]{32,}={0,2}")
_MARKUP = re.compile(r"\s*<(?:!|\?xml|html|head|body)", re.IGNORECASE)


def told(body: bytes, secrets: Iterable[str] = ()) -> str:
    """Their sentence about what went wrong; empty where there is none."""
    error = error_of(body)
    if (message := error.get("message")) and isinstance(message, str):
        return fit(message, secrets)
    text = body[:_SEEN].decode("utf-8", "replace")
    if _MARKUP.match(text):
        return "a page of HTML"
    return fit(text, secrets)


def error_of(body: bytes) -> Mapping[str, object]:
    """The error in the form in which OpenAI and its likes tell it; empty where it is none."""
    try:
        # Of a body that is longer nobody needs the error's form: its beginning is shown as it is.
        found = json.loads(body[:_SEEN])
    except (ValueError, RecursionError):
        return {}
    error = found.get("error", found) if isinstance(found, dict) else {}
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def fit(text: str, secrets: Iterable[str] = ()) -> str:
    """The text in one line, not too long and without what looks like a credential."""
    text = blanked(text, secrets)
    return line(_LONG.sub(_mixed_blanked, _CREDENTIALS.sub(_BLANK, text)), LONGEST)


def name(text: str, longest: int, secrets: Iterable[str] = ()) -> str:
    """A name or an id of theirs, which may look like a key, but is none of ours."""
    return line(blanked(text, secrets), longest)


def blanked(text: str, secrets: Iterable[str]) -> str:
    """The text's beginning without the secrets, even where they are broken over lines or cut at its end."""
    text = text[:_SEEN]
    for secret in secrets:
        signs = [re.escape(sign) for sign in secret if not sign.isspace()]
        if len(secret) < _SHORTEST_SECRET or not signs:
            continue
        text = re.sub(_GAP.join(signs), _BLANK, text)
        for length in range(len(secret) - 1, _SHORTEST_SECRET - 1, -1):
            if text.endswith(secret[:length]):
                text = text[:-length] + _BLANK
    return text


def line(text: str, longest: int) -> str:
    """The text in one line of printable characters, and not too long: a name, an id."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:_SEEN])
    found = " ".join(printable.split())
    return found if len(found) <= longest else f"{found[: longest - 1]}…"


def _mixed_blanked(found: re.Match[str]) -> str:
    signs = found[0]
    is_mixed = any(map(str.isdigit, signs)) and any(map(str.isalpha, signs))
    return _BLANK if is_mixed else signs

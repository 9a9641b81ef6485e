"""The script by which the scripted model fails, dawdles, says what it is told to and keeps a journal."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from dirigent.codec import Undecodable, decode
from dirigent.domain.messages import Message
from dirigent.domain.spelling import nearest, suggestion

_LISTED = "docs/scripted-model.md lists what a script may hold."
_WAYS = "Write {status: 429}, {slow: 3.0}, timeout, garbage, cut, refusal, filtered or truncated."
_RULE = re.compile(r"(?:faults|answers)\[([0-9]+)\]")

_Seconds = Annotated[float, Meta(ge=0, le=86_400 * 365)]


class Mistake(Message, frozen=True, kw_only=True):
    """One thing that is wrong in a script."""

    #: Where: `faults[1].fault.status`; empty when it is the file as a whole.
    path: str = ""
    problem: str
    remedy: str

    def __str__(self) -> str:
        rule = _RULE.match(self.path)
        place = f"{self.path} (rule {int(rule[1]) + 1})" if rule else self.path
        return f"{place}: {self.problem}. {self.remedy}" if place else f"{self.problem}. {self.remedy}"


class ScriptRefused(Exception):
    """A script cannot be followed; every mistake is told at once."""

    #: Tells a host that its text says all there is to say: no stack helps whoever reads it.
    speaks_for_itself = True

    def __init__(self, file: Path, mistakes: tuple[Mistake, ...]) -> None:
        self.file, self.mistakes = file, mistakes
        told = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"The script {file} cannot be followed; mend this and start again:{told}")


class Answered(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault with particulars: an HTTP status as the provider would answer it, or a slow answer."""

    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    #: Seconds the provider asks for, with 429 and 503.
    retry_after: _Seconds | None = None
    #: Seconds after which the answer comes all the same.
    slow: _Seconds | None = None


#: What needs no particulars: no answer, one that cannot be read, one whose connection is cut half-way, one in
#: which the model declines, none because a filter stops the prompt, and one that ends at the token limit.
Word = Literal["timeout", "garbage", "cut", "refusal", "filtered", "truncated"]
WORDS: tuple[Word, ...] = get_args(Word)
Fault = Answered | Word


class Match(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls are meant."""

    agent: str | None = None
    deployment: str | None = None
    #: Text that stands in the prompt.
    contains: str | None = None
    #: So many of its calls are let through first.
    after: Annotated[int, Meta(ge=0)] = 0
    #: So many are met; None: all from then on.
    times: Annotated[int, Meta(ge=1)] | None = None


class Rule(Match, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls meet which fault."""

    fault: Fault


class Dictated(Match, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls get which answer."""

    #: Word for word; an object is said as JSON.
    answer: str | dict[str, Any]


class Script(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the scripted model does besides answering, and where it is told what to answer."""

    #: Seconds every call takes.
    pace: _Seconds = 0.0
    #: File that gets a line for each call begun; from the script's folder where it is relative.
    journal: str | None = None
    #: Deployments there are; any that is asked for, where none is named.
    models: tuple[str, ...] = ()
    faults: tuple[Rule, ...] = ()
    answers: tuple[Dictated, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Script":
        """The script in a YAML file; `ScriptRefused` names all that is wrong in it."""
        found = _parsed(path)
        journal = found.get("journal")
        place = path.resolve().parent / journal if isinstance(journal, str) else None
        mistakes = [*_mistakes(cls, found, "")]
        if place is not None and not place.parent.is_dir():
            remedy = f"Make the folder {place.parent}, or name a file in one that exists."
            mistakes.append(Mistake(path="journal", problem="its folder does not exist", remedy=remedy))
        if mistakes:
            raise ScriptRefused(path, tuple(mistakes))
        return decode(cls, found if place is None else {**found, "journal": str(place)})


_LISTS: dict[Any, Any] = {tuple[Rule, ...]: Rule, tuple[Dictated, ...]: Dictated}


def _parsed(path: Path) -> dict[Any, Any]:
    # Only who has a script pays for the reader of YAML at a cold start.
    import yaml  # noqa: PLC0415

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "Name a file that exists and can be read in DIRIGENT_SCRIPT, or leave the setting out."
        problem = f"it cannot be read ({error.strerror})"
        raise ScriptRefused(path, (Mistake(problem=problem, remedy=remedy),)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = f"it is no YAML ({' '.join(str(error).split())})"
        mistake = Mistake(problem=problem, remedy="Mend the file at that place.")
        raise ScriptRefused(path, (mistake,)) from error
    if not isinstance(found, dict):
        remedy = "Begin with `faults:`, `answers:`, `pace:` or `journal:`, or leave DIRIGENT_SCRIPT out."
        raise ScriptRefused(path, (Mistake(problem="it holds no mapping", remedy=remedy),))
    return found


def _mistakes(kind: type[Message], values: dict[Any, Any], path: str) -> Iterator[Mistake]:
    """What is wrong in a mapping that should be of that kind; unknown keys first."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in values:
        if key not in fields:
            hint = suggestion(str(key), fields, kind="the keys here")
            yield Mistake(path=_below(path, str(key)[:60]), problem="unknown key", remedy=_sentence(hint))
    for name, field in fields.items():
        if name in values:
            yield from _mistakes_of(field.type, values[name], _below(path, name))
        elif field.required:
            yield Mistake(path=path, problem=f"the key `{name}` is missing", remedy=_LISTED)


def _mistakes_of(kind: Any, value: Any, path: str) -> Iterator[Mistake]:
    if kind in _LISTS and isinstance(value, list):
        for number, rule in enumerate(value):
            yield from _mistakes_of(_LISTS[kind], rule, f"{path}[{number}]")
    elif kind in _LISTS.values() and isinstance(value, dict):
        yield from _mistakes(kind, value, path)
    elif kind == Fault and isinstance(value, dict):
        found = [*_mistakes(Answered, value, path)]
        yield from found or _odd(path, decode(Answered, value))
    elif kind == Fault:
        if value not in WORDS:
            hint = f"did you mean {meant!r}? " if (meant := nearest(str(value), WORDS)) else ""
            problem = f"{str(value)[:60]!r} is no fault"
            yield Mistake(path=path, problem=problem, remedy=_sentence(hint) + _WAYS)
    else:
        yield from _undecodable(kind, value, path)


def _undecodable(kind: Any, value: Any, path: str) -> Iterator[Mistake]:
    try:
        decode(kind, value)
    except Undecodable as error:
        yield Mistake(path=path, problem=str(error).partition(" - at ")[0], remedy=_LISTED)


def _odd(path: str, fault: Answered) -> Iterator[Mistake]:
    if (fault.status is None) == (fault.slow is None):
        yield Mistake(path=path, problem="it needs `status` or `slow`, and not both", remedy=_WAYS)
    elif fault.retry_after is not None and fault.status not in (429, 503):
        remedy = "Leave it out, or use it with status 429 or 503."
        problem = "providers send it with 429 and 503 only"
        yield Mistake(path=f"{path}.retry_after", problem=problem, remedy=remedy)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _sentence(hint: str) -> str:
    return hint[:1].upper() + hint[1:]

"""What is asked for, read from the wording of a prompt and from the role; what stands in data has no say."""

import re
from enum import StrEnum

from dirigent.adapters.scripted.prose import NUMBERS


class Kind(StrEnum):
    """A kind of text."""

    RESEARCH = "research"
    ARTICLE = "article"
    EDIT = "edit"
    SUMMARY = "summary"
    PLAN = "plan"
    REVIEW = "review"
    TRANSLATION = "translation"
    CHOICE = "choice"
    LABEL = "label"
    SCORE = "score"
    ITEMS = "items"
    COMPARISON = "comparison"
    ANALYSIS = "analysis"
    CODE = "code"
    CHART = "chart"
    MESSAGE = "message"
    ANSWER = "answer"


#: Verbs that say by themselves what is wanted; where two begin alike, the first that fits.
_VERBS = {
    Kind.CODE: r"implement|code|program|debug|refactor|"
    r"(?:fix|repair)(?=\s+(?:[\w'-]+\s+){0,3}(?:code|bugs?|functions?|tests?|modules?|scripts?|programs?)\b)",
    Kind.CHOICE: r"vote|choose|pick|decide|select|rank|moderate|route|"
    r"judge(?=[^.!?\n]{0,400}\b(?:which|best|better|winner|between)\b)",
    Kind.LABEL: r"classify|categori[sz]e|label",
    Kind.SCORE: r"rate|score|grade",
    Kind.ITEMS: r"extract",
    Kind.RESEARCH: r"research|investigate|explore|gather|collect|search|look\s+(?:up|into)|find\s+out|"
    r"brainstorm",
    Kind.EDIT: r"edit|revise|polish|proofread|improve|tighten|rewrite|refine|correct|copy-?edit|shorten|"
    r"fix|clean|normali[sz]e|deduplicate|reformat",
    Kind.SUMMARY: r"summari[sz]e|condense|synthesi[sz]e|merge|combine|aggregate|consolidate|sum\s+up",
    Kind.PLAN: r"plan|outline|decompose|break\s+down|split|schedule|allocate",
    Kind.REVIEW: r"review|critique|critici[sz]e|judge|assess|evaluate|check|validate|inspect|audit|verify|"
    r"comment",
    Kind.TRANSLATION: r"translate|locali[sz]e",
    Kind.COMPARISON: r"compare|contrast",
    Kind.ANALYSIS: r"analy[sz]e|interpret|examine|diagnose|describe|measure",
    Kind.CHART: r"visuali[sz]e|plot|tabulate",
    Kind.MESSAGE: r"(?:reply|respond)\s+to|notify",
    Kind.ANSWER: r"(?:answer|reply|respond)(?!\s+(?:only|just|exactly|in|with|as|by)\b)|explain|tell|clarify",
}
#: Verbs whose object says what is wanted.
_MAKING = (
    r"write|draft|compose|author|craft|create|produce|prepare|generate|make|turn|give|provide|compile|list|"
    r"present|deliver|build|develop|return|name|suggest|state|find|identify|enumerate|mention|point\s+out"
)
_WRITING = re.compile(r"write|draft|compose|author|craft", re.IGNORECASE)
#: These ask for several short things, and never for one long one.
_LISTING = re.compile(r"list|name|identify|enumerate|mention|point\s+out", re.IGNORECASE)
_GATHERING = re.compile(r"find|suggest|state|return", re.IGNORECASE)
_OF_A_LIST = frozenset({Kind.RESEARCH, Kind.PLAN, Kind.SUMMARY, Kind.ITEMS})
_OBJECTS = {
    Kind.RESEARCH: r"notes|findings?|facts?|ideas?|sources?|evidence|research|background|insights?",
    Kind.EDIT: r"(?:final|edited|revised|polished|improved)\s+(?:version|copy|text|article|draft|report)",
    Kind.ARTICLE: r"articles?|posts?|essays?|stor(?:y|ies)|reports?|papers?|blog|column|guide|text|"
    r"proposals?|chapters?|tutorial|documentation",
    Kind.SUMMARY: r"summar(?:y|ies)|digest|abstract|overview|synthesis|key\s+points|tl;?dr",
    Kind.PLAN: r"plans?|outline|roadmap|schedule|steps|tasks?|subtasks?",
    Kind.REVIEW: r"reviews?|feedback|critique|assessment|evaluation|comments?",
    Kind.TRANSLATION: r"translations?",
    Kind.CHOICE: r"vote|verdict|decision|choice|ballot",
    Kind.LABEL: r"label|category",
    Kind.SCORE: r"scores?|rating|grade",
    Kind.COMPARISON: r"comparison",
    Kind.ANALYSIS: r"analys[ei]s|diagnosis|statistics",
    Kind.CHART: r"charts?|tables?|diagrams?|graphs?",
    Kind.ANSWER: r"answer|explanation|reasons?|paragraphs?|sentences?|headlines?|titles?|slogans?|captions?|"
    r"poem|haiku|descriptions?|introduction|conclusion|docstring|commit\s+message",
    Kind.CODE: r"code|functions?|tests?|modules?|scripts?|programs?|class(?:es)?|implementation|query|sql",
    Kind.MESSAGE: r"e-?mails?|messages?|sms|notifications?|alerts?|replies|reply|tweet|announcement|letter",
}
_ROLES = {
    Kind.RESEARCH: r"research\w*|investigator|librarian|scout|scraper",
    Kind.EDIT: r"(?:copy-?)?editor|proofreader",
    Kind.ARTICLE: r"writer|author|journalist|blogger|columnist|copywriter",
    Kind.SUMMARY: r"summari[sz]er|synthesi[sz]er|aggregator",
    Kind.PLAN: r"planner|architect|coordinator|orchestrator|organi[sz]er",
    Kind.REVIEW: r"reviewer|critic|auditor|validator|inspector|tester",
    Kind.TRANSLATION: r"translator|interpreter",
    Kind.LABEL: r"classifier",
    Kind.CHOICE: r"judge|voter|moderator|router|arbiter",
    Kind.ANALYSIS: r"analy(?:st|[sz]er)",
    Kind.CODE: r"coder|programmer|developer|engineer",
    Kind.MESSAGE: r"messenger|notifier|correspondent",
}


def _alternatives(table: dict[Kind, str]) -> str:
    return "|".join(f"(?P<{kind.value}>{words})" for kind, words in table.items())


# A verb asks only where a sentence or clause begins: "write" in "Using the research notes, write …". A word
# before a colon ("Research notes: …") is a label.
_LABEL_FOLLOWS = r"(?!\s*:|[ \t]+(?!this|the|these|a|an|that)\w+\s*:)"
_ASKING = re.compile(
    r"(?:^|[.!?:;,(•\n-]|\b(?:and|then|please|to|you|must|should|can|now|will|first|next|carefully|critically))"
    rf"\s*\b(?:{_alternatives(_VERBS)}|(?P<making>{_MAKING}))\b{_LABEL_FOLLOWS}",
    re.IGNORECASE,
)
_OBJECT = re.compile(rf"\b(?:{_alternatives(_OBJECTS)})\b", re.IGNORECASE)
_ROLE = re.compile(rf"\b(?:{_alternatives(_ROLES)})\b", re.IGNORECASE)
# Of a long run of line feeds a few are as good as all, and _ASKING would read on from each of them.
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]{0,9}")
_REFUSAL = re.compile(r"\b(?:never|not|don't|do not|avoid|without)\b", re.IGNORECASE)
# What follows belongs to another word than the verb: in "a review of the article" no article is asked for.
_BEYOND = re.compile(
    r"\b(?:of|from|for|on|about|in|to|that|which|who|with|by|so|because|if|than|between|under|below|above|at|"
    r"based|using|after|before|how|what|why|whether|where|when|as|into)\b|[:;(]",
    re.IGNORECASE,
)
_BECOMING = re.compile(r"\b(?:into|as\s+(?:an?|one|the))\b", re.IGNORECASE)
_BOUNDS = re.compile(
    r"\s*(?:(?:me|us)\s+)?(?:(?:at (?:least|most)|up to|no more than|about|around)\b)?", re.I
)
_JOINT = re.compile(r",|\b(?:and|or)\b", re.IGNORECASE)
_LENGTH = re.compile(r"\b\d+(?:\s*(?:to|-|\u2013)\s*\d+)?\s+words\b", re.IGNORECASE)
_SEVERAL = re.compile(rf"\b(?:[1-9]\d?|{'|'.join(NUMBERS)}|several|some)\s+(?!words\b)[a-z]", re.IGNORECASE)
_SHORT_FORM = re.compile(r"\b(?:paragraphs?|sentences?|answer|poem|haiku)\b", re.IGNORECASE)
_PLURAL = re.compile(r"[a-z]{2,}[^s\W]s\s*$", re.IGNORECASE)
_QUESTION = re.compile(r"(?:^|[.!?\n])[ \t]*(?:why|how|what|who|whose|when|where|which)\b[^.!?\n]*\?", re.I)
_OBJECT_WITHIN = 160


def kind_of(wording: str, instructions: str) -> Kind:
    """The kind of text the wording asks for; where it asks for none, the role's."""
    asked = _asked(wording) or (Kind.ANSWER if _QUESTION.search(wording) else None)
    return asked or _role(instructions) or _asked(instructions) or Kind.ANSWER


def _asked(text: str) -> Kind | None:
    for sentence in _SENTENCE.findall(text):
        refusal = _REFUSAL.search(sentence)
        for asking in _ASKING.finditer(sentence):
            verb = asking.start("making") if asking["making"] else asking.end()
            if refusal is not None and refusal.end() <= verb:
                break
            found = _made(asking, sentence) if asking["making"] else _first(asking)
            if found is not None:
                return found
    return None


def _made(asking: re.Match[str], sentence: str) -> Kind | None:
    verb, rest = asking["making"], sentence[asking.end() : asking.end() + _OBJECT_WITHIN]
    phrase = _BEYOND.split(rest[_bounds(rest) :], maxsplit=1)[0]
    if _LISTING.fullmatch(verb):
        named = _object(phrase)
        return named if named in _OF_A_LIST else Kind.ITEMS
    becoming = _BECOMING.search(rest)
    named = _object(_BEYOND.split(rest[becoming.end() :], maxsplit=1)[0]) if becoming else None
    named = named or _object(phrase)
    if named in (None, Kind.ANSWER) and _SEVERAL.search(phrase) and not _SHORT_FORM.search(phrase):
        return Kind.ITEMS
    if _GATHERING.fullmatch(verb) and named in (None, Kind.ARTICLE):
        return _gathered(verb, phrase)
    return named or (_written(phrase) if _WRITING.fullmatch(verb) else None)


def _bounds(rest: str) -> int:
    bounds = _BOUNDS.match(rest)
    return bounds.end() if bounds else 0


def _object(phrase: str) -> Kind | None:
    for part in _JOINT.split(phrase):
        # The last word of a compound is what it is: a test plan is a plan.
        if found := list(_OBJECT.finditer(part)):
            return _first(found[-1])
    return None


def _gathered(verb: str, phrase: str) -> Kind | None:
    if _PLURAL.search(phrase):
        return Kind.ITEMS
    return Kind.RESEARCH if verb.lower() == "find" else None


def _written(phrase: str) -> Kind | None:
    return Kind.ARTICLE if not phrase.strip(" _,.") or _LENGTH.search(phrase) else None


def _role(instructions: str) -> Kind | None:
    named = _ROLE.search(instructions)
    return None if named is None else _first(named)


def _first(match: re.Match[str]) -> Kind:
    return next(kind for kind in Kind if match.groupdict().get(kind.value) is not None)

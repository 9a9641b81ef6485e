"""The text for a request: deterministic, never empty, within its limit."""

from collections.abc import Callable

from dirigent.adapters.scripted import (
    articles,
    charts,
    choices,
    enumerations,
    forms,
    objects,
    reports,
    verdicts,
)
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.editing import tightened
from dirigent.adapters.scripted.prose import cut, keywords
from dirigent.adapters.scripted.requests import Kind
from dirigent.domain.steps import AnswerField

_WRITTEN: dict[Kind, Callable[[Assignment], str]] = {
    Kind.RESEARCH: articles.findings,
    Kind.ARTICLE: articles.article,
    Kind.EDIT: lambda assignment: tightened(assignment.main) or articles.article(assignment),
    Kind.SUMMARY: reports.summary,
    Kind.PLAN: reports.plan,
    Kind.REVIEW: reports.review,
    Kind.TRANSLATION: reports.translation,
    Kind.CHOICE: verdicts.choice,
    Kind.LABEL: verdicts.label,
    Kind.SCORE: verdicts.score,
    Kind.ITEMS: enumerations.items,
    Kind.COMPARISON: reports.comparison,
    Kind.ANALYSIS: reports.analysis,
    Kind.CODE: reports.code,
    Kind.CHART: charts.chart,
    Kind.MESSAGE: reports.message,
    Kind.ANSWER: reports.reply,
}


def answer(*, instructions: str, prompt: str, limit: int, fields: tuple[AnswerField, ...] = ()) -> str:
    """What is asked for, in at most so many characters (at least one); JSON where fields are declared."""
    limit = max(limit, 1)
    if fields:
        return forms.filled(instructions=instructions, prompt=prompt, limit=limit, fields=fields)
    assignment = Assignment(instructions=instructions, prompt=prompt)
    if objects.is_wanted(assignment):
        return objects.json_text(assignment, _WRITTEN[assignment.kind](assignment), limit)
    if found := choices.options(assignment):
        return cut(choices.chosen(found, assignment), limit)
    if choices.wants_one_word(assignment):
        return cut(next(iter(keywords(assignment.topic, 1)), "yes"), limit)
    return cut(_WRITTEN[assignment.kind](assignment), limit)

"""What is asked for, read from the wording of a prompt and from the role."""

import pytest

from dirigent.adapters.scripted.requests import Kind, kind_of


@pytest.mark.parametrize(
    ("wording", "kind"),
    [
        ("Research the topic _ and report the key findings.", Kind.RESEARCH),
        ("Prepare notes for an article on this topic: _", Kind.RESEARCH),
        ("Please give me five ideas for _", Kind.RESEARCH),
        ("Using the research notes, write an article about _.", Kind.ARTICLE),
        ("Topic: _\nResearch notes: _\n\nWrite a blog post of about 600 words.", Kind.ARTICLE),
        ("Turn these findings into a report for managers:\n_", Kind.ARTICLE),
        ("Here is a draft. Your job is to edit it.\nDraft: _", Kind.EDIT),
        ("Prepare the final version of this draft: _", Kind.EDIT),
        ("Don't summarise. Polish the text: _", Kind.EDIT),
        ("Merge what the agents found. _ _", Kind.SUMMARY),
        ("Write a summary of the article below. _", Kind.SUMMARY),
        ("Break down the request into tasks. _", Kind.PLAN),
        ("Create an outline for _", Kind.PLAN),
        ("Carefully review the code: _", Kind.REVIEW),
        ("Translate into German and keep the tone. _", Kind.TRANSLATION),
        ("Vote on the question. _", Kind.CHOICE),
        ("Compare the offers. _ _", Kind.COMPARISON),
        ("Analyse the offers. _ _", Kind.ANALYSIS),
        ("Implement the plan. _", Kind.CODE),
        ("Visualise the figures. _", Kind.CHART),
        ("Make a table and a chart in Markdown that show this: _", Kind.CHART),
        ("Write a function that does what is described: _", Kind.CODE),
        ("Draft an e-mail to the guest. _", Kind.MESSAGE),
        ("Name the three weakest spots of this text: _", Kind.ITEMS),
        ("Write a test plan for the code: _", Kind.PLAN),
        ("Fix the spelling of the article: _", Kind.EDIT),
        ("Fix the failing tests: _", Kind.CODE),
        ("Write up the notes as a report. _", Kind.ARTICLE),
        ("Write three questions about _.", Kind.ITEMS),
        ("Judge the article. _", Kind.REVIEW),
        ("Judge which of them is best. _ _", Kind.CHOICE),
        ("Classify the article. _", Kind.LABEL),
        ("Rate the article. _", Kind.SCORE),
        ("Answer the letter. _", Kind.ANSWER),
        ("Reply to the letter. _", Kind.MESSAGE),
        ("What is the capital of France?", Kind.ANSWER),
        ("", Kind.ANSWER),
    ],
)
def test_the_wording_says_what_kind_is_wanted(wording: str, kind: Kind) -> None:
    assert kind_of(wording, "") == kind


def test_where_the_wording_asks_for_nothing_the_role_decides() -> None:
    assert kind_of("Topic: _", "You are a seasoned copy editor. You never write articles anew.") == Kind.EDIT


def test_the_wording_goes_before_the_role() -> None:
    assert kind_of("Summarise this: _", "You are a writer.") == Kind.SUMMARY


def test_a_question_goes_before_the_role() -> None:
    assert kind_of("Why is the sea blue? _", "You are a writer.") == Kind.ANSWER


def test_an_order_goes_before_a_question() -> None:
    assert kind_of("Why is the sea blue? Write an article on it.", "") == Kind.ARTICLE


def test_instructions_without_a_role_may_say_it_too() -> None:
    assert kind_of("_", "Your duty is simple: translate.") == Kind.TRANSLATION


@pytest.mark.parametrize("piece", ["\n", " ", ", write", "not write, "])
def test_a_long_wording_is_read_only_a_few_times(piece: str) -> None:
    assert kind_of(f"x{piece * (100_000 // len(piece))}x\nTranslate it.", "") == Kind.TRANSLATION

"""The stock of phrases: they fit nearly any topic, and so show no more than the shape of an answer."""


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


#: Said once in an article, so that nobody takes it for knowledge.
LABEL = "*This is scripted text: it was put together from stock phrases, without a language model.*"

# A label and two ways of putting the finding; `{t}` is the topic.
_ASPECTS = _paragraphs(
    """
What it covers

People who speak of {t} do not all mean the same: some mean the whole, others the one part they work with,
and many disagreements end once that is said.

Definitions of {t} differ mostly in where they draw the edge; one that names what it leaves out serves
readers better than a broad one.

Where it comes from

Interest in {t} grew out of earlier answers to the same need, and some of today's habits only make sense
when those are known.

Much of what is now said about {t} was put together from older ideas, each of which still shapes the words
in use.

Why it matters now

Attention to {t} rises when circumstances change faster than habits do, which is when old answers are
worth testing again.

Choices about {t} are being made at the moment, and some of them will be hard to undo later.

How it works in practice

Day to day, {t} comes down to a few routines that somebody has to own; where nobody owns them, good
intentions fade.

The everyday side of {t} is less about grand designs than about small steps, done in the same order each
time and looked at afterwards.

Who is affected

The people closest to {t} are seldom those who decide about it, so their view has to be asked for.

Questions of {t} touch at least three groups: those who decide, those who do the work and those who live
with the result.

What it costs

The visible price of {t} is the smaller part; time, attention and upkeep weigh more over the years.

Estimates for {t} tend to count the beginning and forget the upkeep, which is where most of the effort
goes.

Common misunderstandings

A frequent mistake with {t} is to copy the outcome of a well-known example without the conditions that
made it possible.

It is often assumed that {t} is either settled or hopeless; most cases lie between the two.

Risks and limits

What speaks for {t} in one setting can speak against it in another, so claims should name the setting they
were made for.

The main risk with {t} is not failure at once but slow drift, which goes unnoticed without a measure
agreed on beforehand.

How to judge progress

Progress with {t} shows in a handful of signs chosen early; signs chosen afterwards tend to confirm what
was done anyway.

A fair judgement of {t} compares it with the next best use of the same time and money, not with nothing.

First steps

A beginning with {t} is best kept small: one place, one question, a date on which to look at the result.

Those who are new to {t} gain most from watching one complete example before changing anything.

Open questions

It is still open which parts of {t} carry over from one place to another and which have to be found anew.

What remains unclear about {t} is how much of the effect is due to the thing itself and how much to the
care of those who began.
"""
)
#: Label of a finding → how it may be put.
ASPECTS = tuple(zip(_ASPECTS[::3], zip(_ASPECTS[1::3], _ASPECTS[2::3], strict=True), strict=True))

#: Sentences that carry a point further; a first draft's, so they are wordier than they need to be.
EXPANSIONS = _paragraphs(
    """
In order to judge this, it is important to note that the starting point matters as much as the goal.

It should be noted that what holds in one setting may not hold in another, even where both look alike.

Due to the fact that circumstances differ, an example is a reason to look closer rather than a proof.

A number of readers will know this from their own work, where the plan and the day rarely agree.

At this point in time it is really worth asking who would notice first if things went wrong.

This does not have to be complicated, but it does have to be written down and looked at again.

It is very easy to overlook, because nothing in particular happens when it is left undone.

The question behind it is basically a simple one: what would be different if it worked?

Those who take the time to ask will actually find that others have met the same doubt.

For the purpose of a first look it is enough to know the direction; the exact figure can follow.

Seen over a longer period of time, the small decisions add up to more than the one large one.

In the event that opinions differ, it helps to say which observation would change one's mind.

There is quite a lot to be said for beginning with what can be undone.

None of this is new, and yet it is the part that is most often left for later.

It goes without saying that this takes patience, and patience has to be planned for like anything else.

What looks like a detail here is often the very thing that decides whether the rest can be relied upon.

A second look on a regular basis costs little and spares a large number of corrections afterwards.

Where there is no agreement yet, it is fair to say so rather than to smooth it over.

With regard to everything else, a short list that is kept up is worth more than a long one that is not.

Whoever is responsible has the ability to make this easier simply by saying what will not be done.
"""
)
TITLES = (
    "{t}: what to know and where to begin",
    "A closer look at {t}",
    "{t}, explained step by step",
    "Making sense of {t}",
    "{t}: the questions that matter",
)
OPENINGS = (
    "Few subjects are as easy to mention and as hard to pin down as {t}.",
    "Sooner or later, whoever deals with {t} meets the same handful of questions.",
    "There is more to {t} than its name suggests.",
    "Opinions about {t} are easily come by; an orderly look at it is rarer.",
)
PLANS_OF_TEXT = (
    "This article takes it in {n} parts and begins with {first}.",
    "What follows goes through {n} points, from {first} to {last}.",
    "The {n} sections below can be read on their own; together they lead from {first} to {last}.",
)
CLOSINGS = (
    "None of this settles the matter, but it makes clear where a decision about {t} has to begin.",
    "Whoever keeps these points in view will judge news about {t} more calmly, and act on it sooner.",
    "The next step with {t} does not need to be large; it needs to be one whose result can be seen.",
)
HEADINGS = (
    "The background",
    "The present state",
    "What follows from it",
    "The other side",
    "In everyday use",
    "Looking ahead",
    "What remains",
    "A last point",
)
STEPS = (
    "Say in one sentence what {t} is to achieve, and for whom.",
    "Collect what is known already about {t}, and mark what is only assumed.",
    "Choose the smallest part of {t} that is of use by itself.",
    "Do that part, with one person answerable for it.",
    "Look at the result together and write down what surprised.",
    "Decide what of it becomes routine, and what is dropped.",
    "Tell those who are affected by {t} what will change, and when.",
    "Set the date on which {t} is looked at again.",
)

"""The pattern of votes: voters, what a choice needs, and who decides where they do not."""

from dirigent.declarations.choices import choices
from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import drafts_of
from dirigent.declarations.pattern_keys import DEADLINE
from dirigent.declarations.shapes import Part, Shape, called, common, completed, count, drafts
from dirigent.declarations.teams import examine_common, examine_deadline
from dirigent.domain.catalogue import BRANCH, DECISION, GATHERED, OUTCOME, TALLY
from dirigent.domain.elections import written
from dirigent.domain.spelling import suggestion

BALLOTS = GATHERED["quorum"]
ABSTAIN = "abstain"
#: The step that tells how the vote ended; its output bears a name that nobody else's may.
CLOSING, CLOSED = "tally", TALLY

#: What a judge is asked that nobody has told otherwise.
SAME_PROMPT = """\
Several people have answered the same question, each for themselves. Say which of their answers mean the \
same: give the same short label to all who take the same position, however they word it, and different \
labels to those who differ in substance. Judge what is said, not how well it is said.

{{ballots}}
"""


def quorum(workflow: Draft) -> Shape:
    """Voters side by side, then how their vote ended."""
    given = workflow.values.get("voters")
    voters = [called(common(voter, workflow)) for voter in drafts(given)]
    everybody = range(len(voters))
    parts = [Part(kind="agent", draft=voter, names={BRANCH: ()}) for voter in voters]
    same, resolution = _asked(workflow, "same"), _asked(workflow, "resolution")
    if same is not None:
        judge = completed(same, prompt=(SAME_PROMPT, same.place))
        parts.append(_merging(judge, len(voters), groups=True))
    if resolution is not None:
        answers = workflow.values.get("answers")
        shared = {} if answers is None else {"answers": (answers, workflow.at("answers"))}
        parts.append(_merging(completed(resolution, **shared), len(voters)))
    tally = Draft(place=workflow.at("voters"), values={"name": CLOSING, "output": CLOSED})
    parts.append(Part(kind="tally", draft=tally, takes=range(len(parts))))
    weights = [_weight(voter) for voter in voters]
    election = {
        "voters": [
            {"name": voter.text("name"), "weight": weight}
            for voter, weight in zip(voters, weights, strict=True)
        ],
        "needed": needed(workflow, sum(weights)),
        "tally": CLOSING,
        "deadline": workflow.values.get("deadline", DEADLINE),
        "by": workflow.text("vote"),
        "abstain": workflow.text("abstain") or ABSTAIN,
        "same": None if same is None else same.text("name"),
        "resolution": None if resolution is None else resolution.text("name"),
    }
    told = dict.fromkeys((DECISION, OUTCOME, TALLY), ()) | {BALLOTS: everybody}
    return Shape(
        parts=parts,
        told=told,
        reserved=(BRANCH, *told),
        is_whole=len(voters) == len(given if isinstance(given, list) else [None])
        and all("prompt" in part.draft.values for part in parts[:-1])
        and ("same" not in workflow.written or same is not None)
        and ("resolution" not in workflow.written or resolution is not None),
        fields={"election": election},
    )


def needed(workflow: Draft, weight: int) -> int:
    """The weight a choice needs, of all there is."""
    wanted = workflow.values.get("needed", "majority")
    if isinstance(wanted, int):
        return wanted
    return weight if wanted == "unanimity" else weight // 2 + 1


def _weight(voter: Draft) -> int:
    weight = voter.values.get("weight", 1)
    return weight if isinstance(weight, int) else 1


def _asked(workflow: Draft, key: str) -> Draft | None:
    found = workflow.values.get(key)
    if not isinstance(found, Draft):
        return None
    return called(completed(found, name=(key, found.place)))


def _merging(draft: Draft, voters: int, *, groups: bool = False) -> Part:
    return Part(
        kind="agent",
        draft=draft,
        sees=range(voters),
        names={BALLOTS: range(voters)},
        extra={"groups": True} if groups else {},
    )


def examine_quorum(workflow: Draft, report: Report) -> None:
    """Report a vote that cannot be decided, or by which nobody knows what was decided."""
    voters = drafts(workflow.values.get("voters"))
    examine_deadline(workflow, report)
    examine_common(workflow, voters, "voters", report)
    if len(voters) == count(workflow.values.get("voters")) and all(voter.is_whole for voter in voters):
        _examine_needed(workflow, sum(map(_weight, voters)), report)
    vote = workflow.text("vote")
    if vote is None:
        return
    if "same" in workflow.written:
        why = f"Voters vote by the field {vote!r}, so nobody has to say what means the same"
        report.add(workflow.at("same"), f"{why}: remove `same` or `vote`.")
    _examine_vote(vote, workflow, report)


def _examine_needed(workflow: Draft, weight: int, report: Report) -> None:
    wanted = workflow.values.get("needed")
    if not isinstance(wanted, int):
        return
    at = workflow.at("needed")
    if wanted > weight:
        why = f"A choice needs {wanted}, and all voters together weigh {weight}, so none ever wins"
        report.add(at, f"{why}: lower `needed`, or add voters.")
    elif 2 * wanted <= weight and "resolution" not in workflow.written:
        why = f"Two choices can both have {wanted} of {weight}, and then nobody decides"
        report.add(at, f"{why}: need at least {weight // 2 + 1}, or add a `resolution`.")


def _examine_vote(vote: str, workflow: Draft, report: Report) -> None:
    answers = drafts_of(workflow, "answers")
    if answers is None:
        if "answers" not in workflow.written:
            why = f"Nothing says that voters answer with the field {vote!r}"
            report.add(workflow.at("vote"), f"{why}: declare it in `answers`, or leave `vote` out.")
        return
    if vote not in answers:
        hint = suggestion(vote, answers, kind="the fields of the answers")
        report.add(workflow.at("vote"), f"The answers have no field {vote!r}: {hint}")
        return
    if answers[vote].is_whole:
        _examine_choices(vote, answers[vote], workflow, report)


def _examine_choices(vote: str, field: Draft, workflow: Draft, report: Report) -> None:
    kind = field.values.get("type", "string")
    if kind == "list":
        report.add(workflow.at("vote"), f"{vote!r} is a list, and a vote is one value: name another field.")
        return
    abstain, possible = workflow.text("abstain"), choices(field)
    if kind != "string" and abstain is not None:
        why = f"{vote!r} is no text, so nobody can say {abstain!r}: leave `abstain` out."
        report.add(workflow.at("abstain"), why)
    if not possible:
        return
    counted = {written(choice): choice for choice in possible}
    if len(counted) < len(possible):
        why = "Lists choices that count as the same, for signs and capitals do not matter: reword one."
        report.add(field.at("one_of"), why)
    if abstain is not None and written(abstain) not in counted:
        hint = suggestion(abstain, possible, kind="its values")
        report.add(workflow.at("abstain"), f"Nobody can say {abstain!r}, it is no value of {vote!r}: {hint}")
    if len(counted.keys() - {written(abstain or ABSTAIN)}) < 2:
        report.add(field.at("one_of"), "Leaves one choice only, besides abstaining: add another.")

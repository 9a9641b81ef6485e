"""Workflows as pictures, in Mermaid."""

from collections.abc import Iterable, Iterator

from dirigent.domain.catalogue import Catalogue, Workflow, plain
from dirigent.domain.elections import Election
from dirigent.domain.steps import (
    AskStep,
    ChooseStep,
    CombineStep,
    NotifyStep,
    PublishStep,
    SendStep,
    Step,
    TallyStep,
    WorkflowStep,
)
from dirigent.domain.teams import Team

_START = "start"
#: What is around the name, by the kind of step.
_SHAPES = {
    AskStep: ("[", "]"),
    PublishStep: ("[/", "/]"),
    WorkflowStep: ("[[", "]]"),
    ChooseStep: ("{", "}"),
    SendStep: (">", "]"),
    NotifyStep: (">", "]"),
    CombineStep: ("(", ")"),
    TallyStep: ("(", ")"),
}


def drawn(workflow: Workflow) -> str:
    """The workflow's picture: who comes after whom, who works side by side, and who is asked."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in _Drawing(workflow).lines())])


def events_drawn(catalogue: Catalogue) -> str:
    """Topics, who tells events on them, and who hears which: a picture of the whole catalogue."""
    heard = list(catalogue.subscriptions.values())
    told = {
        (name, step.topic, step.event): None
        for name, workflow in catalogue.workflows.items()
        for step in plain(workflow)
        if isinstance(step, SendStep)
    }
    topics = dict.fromkeys([*(one.topic for one in heard), *(topic for _, topic, _ in told)])
    names = dict.fromkeys([*(name for name, _, _ in told), *(one.workflow for one in heard)])
    topic_ids = {topic: f"t{number}" for number, topic in enumerate(topics)}
    ids = {name: f"w{number}" for number, name in enumerate(names)}
    lines = [f"{topic_ids[topic]}([{_quoted(topic)}])" for topic in topics]
    lines += [f"{ids[name]}[[{_quoted(name)}]]" for name in names]
    lines += [f"{ids[name]} -- {_quoted(event)} --> {topic_ids[topic]}" for name, topic, event in told]
    for one in heard:
        said = one.name if one.filter is None else f"{one.name}: {one.filter}"
        lines.append(f"{topic_ids[one.topic]} -- {_quoted(said)} --> {ids[one.workflow]}")
    return "\n".join(["flowchart LR", *(f"    {line}" for line in lines)])


class _Drawing:
    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._steps = {step.name: step for step in workflow.steps}
        # Numbers, for words such as `end` mean something in Mermaid.
        self._ids = {name: f"s{number}" for number, name in enumerate(self._steps)}

    def lines(self) -> Iterator[str]:
        given = ", ".join(field.name for field in self._workflow.input) or "start"
        yield f"{_START}([{_quoted(given)}])"
        if self._workflow.election is not None:
            yield from self._vote(self._workflow.election)
        elif self._workflow.team is not None:
            yield from self._team(self._workflow.team, _START, "")
        else:
            yield from self._chain()

    def _chain(self) -> Iterator[str]:
        before: Iterable[str] = [_START]
        for step in self._workflow.steps:
            yield self._node(step.name)
            here = self._ids[step.name]
            yield from (f"{name} --> {here}" for name in before)
            before = [here]
            if isinstance(step, ChooseStep):
                before = [f"{here}_{number}" for number, _ in enumerate(_ways(step))]
                for name, (value, way) in zip(before, _ways(step), strict=True):
                    yield f"{name}{_shaped(way, _said(way))}"
                    yield f"{here} -- {_quoted(value)} --> {name}"

    def _team(self, team: Team, before: str, suffix: str) -> Iterator[str]:
        if team.brief is not None:
            yield self._node(team.brief)
            if before:
                yield f"{before} --> {self._ids[team.brief]}"
            before = self._ids[team.brief]
        group = f"team{suffix}"
        until = "" if team.deadline is None else f", {team.deadline:g} s at most"
        yield f"subgraph {group}[{_quoted(f'side by side{until}')}]"
        for number, member in enumerate(team.members):
            if isinstance(member, str):
                yield f"    {self._node(member)}"
            else:
                yield from (f"    {line}" for line in self._team(member, "", f"{suffix}_{number}"))
        yield "end"
        yield self._node(team.merge)
        if before:
            yield f"{before} --> {group}"
        yield f"{group} --> {self._ids[team.merge]}"

    def _vote(self, election: Election) -> Iterator[str]:
        until = "" if election.deadline is None else f", {election.deadline:g} s at most"
        yield f"subgraph voters[{_quoted(f'{election.needed} of {election.weight} decide{until}')}]"
        for voter in election.voters:
            weight = "" if voter.weight == 1 else f"counts {voter.weight}"
            yield f"    {self._node(voter.name, weight)}"
        yield "end"
        yield f"{_START} --> voters"
        last = "voters"
        if election.same is not None:
            yield self._node(election.same)
            yield f"{last} --> {self._ids[election.same]}"
            last = self._ids[election.same]
        yield self._node(election.tally)
        yield f"{last} --> {self._ids[election.tally]}"
        if election.resolution is not None:
            yield self._node(election.resolution)
            yield f'{last} -- "undecided" --> {self._ids[election.resolution]}'
            yield f"{self._ids[election.resolution]} --> {self._ids[election.tally]}"

    def _node(self, name: str, *more: str) -> str:
        step = self._steps[name]
        said = (f"{name}: {_said(step)}" if _said(step) not in ("", name) else name, *more)
        return f"{self._ids[name]}{_shaped(step, ', '.join(part for part in said if part))}"


def _ways(step: ChooseStep) -> list[tuple[str, Step]]:
    others: list[tuple[str, Step]] = [] if step.otherwise is None else [("otherwise", step.otherwise)]
    return [*step.branches.items(), *others]


def _said(step: Step) -> str:
    """Who does it, or what is done."""
    match step:
        case AskStep():
            return step.agent
        case PublishStep():
            return f"publishes {step.publish}"
        case WorkflowStep():
            return step.workflow
        case SendStep():
            return f"tells {step.event}"
        case NotifyStep():
            return f"notifies by {step.channel}"
        case ChooseStep():
            return step.choose
        case CombineStep() | TallyStep():
            return ""


def _shaped(step: Step, label: str) -> str:
    left, right = _SHAPES[type(step)]
    return f"{left}{_quoted(label)}{right}"


def _quoted(label: str) -> str:
    # Mermaid knows no backslash; this is how it writes a quotation mark, and what would begin a tag.
    return f'"{label.replace(chr(34), "#quot;").replace("<", "#lt;")}"'

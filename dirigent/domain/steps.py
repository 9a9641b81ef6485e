"""Steps of workflows, as declared."""

from typing import Literal

import msgspec

from dirigent.domain.messages import Message

FieldType = Literal["string", "integer", "number", "boolean", "list"]


class AnswerField(Message, frozen=True, kw_only=True, omit_defaults=False):
    """One field of the JSON object that an agent is to answer with."""

    name: str
    type: FieldType = "string"
    description: str = ""
    #: It is one of these texts; empty for any.
    one_of: tuple[str, ...] = ()


class AskStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="ask", tag_field="kind"):
    """Ask an agent; its answer is the step's output."""

    name: str
    agent: str
    #: Template over the input's fields and earlier outputs.
    prompt: str
    #: Name of the output, for later steps and the result.
    output: str
    #: Name of the step's record where it differs from the step's.
    record: str = ""
    timeout: float | None = None
    #: Seconds for all its attempts and the waits between them; None is as long as the run.
    total_timeout: float | None = None
    #: The answer is a JSON object of these fields; without any it is a text.
    answers: tuple[AnswerField, ...] = ()
    #: The agent chooses among what the branches brought: the field `winner` of its answer names the best.
    picks: bool = False
    #: The agent says which answers of voters mean the same.
    groups: bool = False


class PublishStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="publish", tag_field="kind"):
    """Write an earlier output as an artifact; its address is the step's output."""

    name: str
    #: The output to publish.
    publish: str
    output: str
    #: What the artifact is called, a template like a prompt; it ends in the file's extension.
    filename: str
    content_type: str = "text/markdown; charset=utf-8"
    record: str = ""
    timeout: float | None = None
    total_timeout: float | None = None


class WorkflowStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="workflow", tag_field="kind"):
    """Run another workflow; its result is the step's output, an object."""

    name: str
    workflow: str
    output: str
    #: Its input, field by field: an input field or an output, or a template where it holds variables.
    given: dict[str, str] = msgspec.field(default_factory=dict)
    record: str = ""
    #: Seconds it may take in all; None is as long as it is declared to.
    total_timeout: float | None = None


class CombineStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="combine", tag_field="kind"):
    """Put together what branches brought, without asking anybody."""

    name: str
    output: str
    #: Over the same names as a prompt, filled in as they are; None puts one below the other.
    template: str | None = None
    record: str = ""


class TallyStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="tally", tag_field="kind"):
    """Tell how a vote ended."""

    name: str
    output: str
    record: str = ""


class SendStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="send", tag_field="kind"):
    """Tell an event on a topic; what became of the message is the step's output, an object."""

    name: str
    topic: str
    #: The event's type.
    event: str
    output: str
    #: Its data, field by field: an input field or an output, or a template where it holds variables.
    given: dict[str, str] = msgspec.field(default_factory=dict)
    #: What filters see besides the type: templates. One variable alone stays the number or truth it is; all
    #: else is filled in as text.
    properties: dict[str, str] = msgspec.field(default_factory=dict)
    #: Seconds after which nobody needs to hear of it; None as long as the topic keeps messages.
    time_to_live: float | None = None
    record: str = ""
    timeout: float | None = None
    total_timeout: float | None = None


class NotifyStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="notify", tag_field="kind"):
    """Tell people something over a channel; the receipt is the step's output, an object."""

    name: str
    #: Such as `email`.
    channel: str
    #: Templates like a file's name, filled in as they are.
    to: str
    text: str
    output: str
    subject: str = ""
    record: str = ""
    timeout: float | None = None
    total_timeout: float | None = None


PlainStep = AskStep | PublishStep | WorkflowStep | SendStep | NotifyStep


class ChooseStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="choose", tag_field="kind"):
    """Go one of several ways, as an earlier answer says; all have this step's name and output."""

    name: str
    #: An output and a field of it: `triage.kind`.
    choose: str
    output: str
    #: Value of the field → what is done then.
    branches: dict[str, PlainStep]
    #: What is done for any other value.
    otherwise: PlainStep | None = None
    record: str = ""

    def taking(self, branch: str | None) -> PlainStep:
        """What is done on that branch; none, or an empty one, is the way of all other values."""
        found = self.branches[branch] if branch else self.otherwise
        if found is None:
            raise LookupError(f"The step {self.name!r} goes no way for other values than those declared.")
        return found


Step = AskStep | PublishStep | WorkflowStep | SendStep | NotifyStep | CombineStep | TallyStep | ChooseStep

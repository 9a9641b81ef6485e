"""What of a step's output the run must know to go on: which way it goes, or for what somebody votes."""

from activities.outline import Outline
from activities.scene import Output
from dirigent import codec
from dirigent.domain.elections import LONGEST_CHOICE, written
from dirigent.domain.steps import AskStep


def told(outline: Outline, output: Output) -> str | None:
    """The same whenever it is asked, also of a step that was done before."""
    name = output.record.step
    step = outline.step(name)
    if isinstance(step, AskStep) and step.groups:
        labels = {voter: written(str(label)) for voter, label in (output.fields or {}).items()}
        return codec.to_json(labels).decode()
    field = outline.told(name)
    if field is None:
        return None
    said = _said(output, field)
    # No declared branch is called by a longer text; none may fill a history.
    return written(said) if name in outline.voters else said[:LONGEST_CHOICE]


def _said(output: Output, field: str) -> str:
    if not field:
        return output.text
    value = (output.fields or {}).get(field)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        # Who says 1.0 means 1.
        value = int(value)
    return value if isinstance(value, str) else codec.to_json(value).decode()

"""What a workflow gives to another one that is a step of it: held against the other's input."""

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import Drafts, Scope, drafts_of
from dirigent.domain.catalogue import BRANCH
from dirigent.domain.prompts import sole
from dirigent.domain.spelling import suggestion

#: The types of fields, for people.
SAYS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object",
}


def examine_givens(scope: Scope, workflows: Drafts | None, report: Report) -> None:
    """Report every workflow in it that nobody knows, and every input that one would refuse."""
    if workflows is None:
        return
    for part in scope.shape.parts:
        for way in part.ways():
            name = way.text("workflow")
            if name is None:
                continue
            if name not in workflows:
                hint = suggestion(name, workflows, kind="workflows")
                report.add(way.at("workflow"), f"No workflow is called {name!r}: {hint}")
            else:
                _examine_given(name, way, workflows[name], scope, report)


def _examine_given(name: str, way: Draft, other: Draft, scope: Scope, report: Report) -> None:
    fields = drafts_of(other, "input")
    given = way.values.get("with")
    if fields is None or (given is None and "with" in way.written):
        return
    draft = given if isinstance(given, Draft) else Draft(place=way.at("workflow"))
    for key, field in fields.items():
        if key not in draft.written and _is_required(field):
            why = f"The workflow {name!r} needs {key!r}, and it is not given: add it to `with`."
            report.add(draft.place, why)
    for key in draft.values:
        if key not in fields:
            hint = suggestion(key, fields, kind="its fields")
            report.add(draft.at(key), f"The workflow {name!r} has no input field {key!r}: {hint}")
        else:
            _examine_field(key, fields[key], draft, scope, report)


def _is_required(field: Draft) -> bool:
    return field.is_whole and field.values.get("required", True) is True


def _examine_field(key: str, field: Draft, given: Draft, scope: Scope, report: Report) -> None:
    template, wanted = given.text(key) or "", field.values.get("type", "string")
    if not field.is_whole or not isinstance(wanted, str):
        return
    name = sole(template)
    if name is None:
        if wanted != "string":
            why = f"The other's {key!r} must be {SAYS[wanted]}, and this makes a text"
            report.add(given.at(key), f"{why}: write one variable and nothing else.")
        return
    brought = "string" if name == BRANCH and name not in scope.fields else scope.type_of(name)
    if brought and brought != wanted and (brought, wanted) != ("integer", "number"):
        why = f"The other's {key!r} must be {SAYS[wanted]}, and {name!r} is {SAYS[brought]}"
        report.add(given.at(key), f"{why}: give something else, or change the field's type.")
    own = scope.fields.get(name)
    if own is not None and own.values.get("required") is False and _is_required(field):
        why = f"{name!r} may be left out, and the other needs {key!r}"
        report.add(given.at(key), f"{why}: make both required, or neither.")

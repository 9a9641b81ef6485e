"""What docs/catalogue.md says is what the code does: keys, defaults, examples, refusals."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from dirigent.declarations import Finding, read
from dirigent.declarations.keys import ACCOUNT, AGENT, BREAKER, DIALECT, FALLBACK, LIMITS, MODEL, RETRY
from dirigent.declarations.kinds import Key, Keys
from dirigent.declarations.pattern_keys import (
    BRANCH,
    BRIEF,
    COMBINE,
    FAN_OUT,
    HIERARCHY,
    MANAGER,
    MEMBER,
    NESTED_MEMBER,
    NOTIFYING_BRANCH,
    QUORUM,
    RESOLUTION,
    SAME,
    SEQUENTIAL,
    TELLING_BRANCH,
    VOTER,
    WORKFLOW,
)
from dirigent.declarations.step_keys import (
    ANSWER_FIELD,
    ASK_STEP,
    CHOOSE_STEP,
    INPUT_FIELD,
    NOTIFY_STEP,
    PUBLISH_STEP,
    RESULT_FIELD,
    SEND_STEP,
    WORKFLOW_STEP,
)
from dirigent.declarations.subscriptions import SUBSCRIPTION
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.catalogue import Agent, Fallback, InputField, Model, ResultField, Workflow
from dirigent.domain.dialects import Dialect
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.steps import (
    AnswerField,
    AskStep,
    ChooseStep,
    NotifyStep,
    PublishStep,
    SendStep,
    WorkflowStep,
)
from dirigent.domain.subscriptions import Subscription
from dirigent.domain.windows import Limits

ROOT = Path(__file__).resolve().parents[4]
DOCUMENT = ROOT / "docs" / "catalogue.md"

TYPES: dict[str, tuple[Keys, type[msgspec.Struct]]] = {
    "A model": (MODEL, Model),
    "An agent": (AGENT, Agent),
    "A breaker": (BREAKER, BreakerRules),
    "A dialect": (DIALECT, Dialect),
    "A retry policy": (RETRY, RetryPolicy),
    "Limits": (LIMITS, Limits),
    "A fallback": (FALLBACK, Fallback),
    "An account": (ACCOUNT, AccountRules),
    "A workflow": (WORKFLOW, Workflow),
    "An input field": (INPUT_FIELD, InputField),
    "Steps one after another": (SEQUENTIAL, Workflow),
    "A step that asks an agent": (ASK_STEP, AskStep),
    "A field of an answer": (ANSWER_FIELD, AnswerField),
    "A step that publishes": (PUBLISH_STEP, PublishStep),
    "A step that runs another workflow": (WORKFLOW_STEP, WorkflowStep),
    "A step that tells an event": (SEND_STEP, SendStep),
    "A step that notifies": (NOTIFY_STEP, NotifyStep),
    "A step that chooses": (CHOOSE_STEP, ChooseStep),
    "Branches side by side": (FAN_OUT, Workflow),
    "A branch": (BRANCH, AskStep),
    "A branch or worker that runs another workflow": (NESTED_MEMBER, WorkflowStep),
    "A branch that tells an event": (TELLING_BRANCH, SendStep),
    "A branch that notifies": (NOTIFYING_BRANCH, NotifyStep),
    "A closing step": (COMBINE, AskStep),
    "Managers and workers": (HIERARCHY, Workflow),
    "A manager": (MANAGER, AskStep),
    "A brief": (BRIEF, AskStep),
    "A worker": (MEMBER, AskStep),
    "A vote": (QUORUM, Workflow),
    "A voter": (VOTER, AskStep),
    "A comparison": (SAME, AskStep),
    "A resolution": (RESOLUTION, AskStep),
    "A subscription": (SUBSCRIPTION, Subscription),
    "A field of the result": (RESULT_FIELD, ResultField),
}

STEP = "{name: a, agent: baker, prompt: a, output: b}"
TEXT = "{agent: baker, output: b, answers: {c: {}}}"
TRUTH = "{agent: baker, output: b, answers: {c: {type: boolean}}}"

#: Tested beside what they speak of, for it takes more than one file or many lines.
OF_MANY = (
    "Here workflows are nested",
    "steps with those of the workflows in it",
    "steps in all",
    "above one another",
    "does not fit: the answer",
    "The workflow's",
    "Nobody subscribes to",
    "No step tells",
)
#: Tested beside the folder and its files, for they speak of files that are not there or not readable.
OF_FOLDERS = ("cannot be read", "Cannot be read", "Files end in .yaml here", "is declared: add")

#: What the document lists as a refusal → a file that is refused so.
REFUSED: dict[str, tuple[str, str | bytes]] = {
    "Nobody reads this": ("teams", "a: 1"),
    "The file is empty": ("agents/more", ""),
    "Is not UTF-8": ("agents/more", b"\xff"),
    "Is larger than": ("agents/more", "#" * 600_000),
    "Is not YAML": ("agents/more", "a: b: c"),
    "control character": ("agents/more", "a: \x07"),
    "A second document begins here": ("agents/more", "a: 1\n---\n"),
    "Anchors (&) are refused": ("agents/more", "a: &b 1"),
    "Aliases (*) are refused": ("agents/more", "a: *b"),
    "Tags (!) are refused": ("agents/more", "a: !b 1"),
    "levels deep": ("agents/more", "[" * 50),
    "must stand in quotes": ("workflows/more", "a: {{b}}"),
    "keys are plain text": ("agents/more", "? [a]\n: 1"),
    "stands here twice": ("models", "main: {deployment: a, deployment: b}"),
    "is declared already": ("agents/more", "baker: {description: d, instructions: i, model: main}"),
    "Unknown key": ("models", "main: {deployment: a, deploiment: b}"),
    "is missing": ("models", "main: {}"),
    "Must be": ("models", "main: {deployment: 5}"),
    "cannot be chosen": ("workflows/more", "a: {pattern: b}"),
    "is out of bounds": ("agents/more", "a: {timeout: 0}"),
    "Is empty": ("models", "main: {deployment: ''}"),
    "characters long": ("models", f"main: {{deployment: {'x' * 300}}}"),
    "does not fit: write": ("models", "Main: {deployment: a}"),
    "Has 0 items": ("workflows/more", "a: {steps: []}"),
    "Has 0 entries": ("models", "{}"),
    "is less than initial_delay": ("agents/more", "a: {retry: {max_delay: 1}}"),
    "which cannot be seen": ("accounts", '"a\\u200bb": {}'),
    "so it would never be reached": ("accounts", "a: {limits: {minute: 2000}}"),
    "Has another breaker than": (
        "models",
        "{main: {deployment: a}, b: {deployment: a, breaker: {trials: 2}}}",
    ),
    "Is at another endpoint than": ("models", "{main: {deployment: a}, b: {deployment: a, endpoint: c}}"),
    "Has another dialect than": (
        "models",
        "{main: {deployment: a}, b: {deployment: a, dialect: {temperature: false}}}",
    ),
    "is the agent itself": ("agents/more", "a: {fallback: {agent: a}}"),
    "so both fail together": ("agents/more", "a: {model: main, fallback: {model: main}}"),
    "No model is called": ("agents/more", "a: {model: b}"),
    "No agent is called": ("workflows/more", "a: {steps: [{agent: b}]}"),
    "Says not what to do": ("workflows/more", "a: {steps: [{name: a}]}"),
    "Has both": ("workflows/more", "a: {steps: [{agent: a, publish: b}]}"),
    "of which only one may stand here": ("agents/more", "a: {fallback: {agent: a, value: b}}"),
    "is more than total_timeout": (
        "workflows/more",
        "a: {steps: [{agent: baker, timeout: 2, total_timeout: 1}]}",
    ),
    "Must have one of": ("workflows/more", "a: {result: {a: {}}}"),
    "is reserved": ("workflows/more", "a: {result: {degraded: a}}"),
    "is no variable": ("workflows/more", "a: {input: {}, steps: [{agent: baker, prompt: '{{a.b.c}}'}]}"),
    "Nothing is called": ("workflows/more", "a: {input: {}, steps: [{agent: baker, prompt: '{{a}}'}]}"),
    "is produced only later": (
        "workflows/more",
        f"a: {{input: {{}}, steps: [{{agent: baker, prompt: '{{{{b}}}}'}}, {STEP}]}}",
    ),
    "reads its own output": (
        "workflows/more",
        "a: {input: {}, steps: [{agent: baker, prompt: '{{a}}', output: a}]}",
    ),
    "in a cycle": (
        "workflows/more",
        "a: {input: {}, steps: [{agent: c, prompt: '{{b}}', output: a}, {publish: a, output: b}]}",
    ),
    "only an output can be published": ("workflows/more", "a: {input: {b: {}}, steps: [{publish: b}]}"),
    "Another step has the": ("workflows/more", f"a: {{input: {{}}, steps: [{STEP}, {STEP}]}}"),
    "There is an input field": ("workflows/more", f"a: {{input: {{b: {{}}}}, steps: [{STEP}]}}"),
    "in capitals only": ("workflows/more", f"a: {{input: {{x: {{}}, X: {{}}}}, steps: [{STEP}]}}"),
    "Nothing reads": ("workflows/more", f"a: {{input: {{}}, steps: [{STEP}], result: {{}}}}"),
    "has no field": ("workflows/more", "a: {input: {b: {}}, steps: [{agent: baker, prompt: '{{b.c}}'}]}"),
    "is not known here": (
        "workflows/more",
        "a: {pattern: fan_out, input: {}, branches: [{agent: baker, prompt: '{{branches}}'}]}",
    ),
    "is not there for this step": (
        "workflows/more",
        "a: {pattern: quorum, input: {}, voters: [{name: b, agent: baker}, {prompt: '{{b}}'}]}",
    ),
    "It reads nothing of what it is to merge": (
        "workflows/more",
        "a: {pattern: fan_out, input: {}, branches: [], combine: {agent: baker, prompt: b}}",
    ),
    "No output can be called": ("workflows/more", "a: {pattern: quorum, voters: [{name: 3d}]}"),
    "is there twice": ("workflows/more", "a: {steps: [{agent: baker, answers: {b: {one_of: [c, C]}}}]}"),
    "and `one_of` lists texts": (
        "workflows/more",
        "a: {steps: [{agent: baker, answers: {b: {type: list, one_of: [c, d]}}}]}",
    ),
    "cannot be chosen by": (
        "workflows/more",
        "a: {input: {}, steps: [{agent: baker, output: b, answers: {c: {type: list}}}, {choose: b.c}]}",
    ),
    "can be chosen by": ("workflows/more", "a: {input: {}, steps: [{publish: d, output: b}, {choose: b.c}]}"),
    "is never": (
        "workflows/more",
        f"a: {{input: {{}}, steps: [{TRUTH}, {{choose: b.c, branches: {{d: {{agent: baker}}}}}}]}}",
    ),
    "may be any text": (
        "workflows/more",
        f"a: {{input: {{}}, steps: [{TEXT}, {{choose: b.c, branches: {{d: {{agent: baker}}}}}}]}}",
    ),
    "Nothing is said for": (
        "workflows/more",
        f"a: {{input: {{}}, steps: [{TRUTH}, {{choose: b.c, branches: {{}}}}]}}",
    ),
    "One answer can decide by one of its fields only": (
        "workflows/more",
        "a: {input: {}, steps: [{choose: b.c}, {choose: b.d}]}",
    ),
    "No workflow is called": ("workflows/more", "a: {input: {}, steps: [{workflow: b}]}"),
    "and it is not given": ("workflows/more", "a: {input: {}, steps: [{workflow: bread}]}"),
    "has no input field": ("workflows/more", "a: {input: {}, steps: [{workflow: bread, with: {b: c}}]}"),
    "The other's": (
        "workflows/more",
        "a: {input: {b: {type: list}}, steps: [{workflow: bread, with: {grain: '{{b}}'}}]}",
    ),
    "may be left out, and the other needs": (
        "workflows/more",
        "a: {input: {b: {required: false}}, steps: [{workflow: bread, with: {grain: '{{b}}'}}]}",
    ),
    "The filter cannot be used": ("subscriptions/more", "a: {filter: b LIKE c}"),
    "says besides": ("subscriptions/more", f"a: {{filter: \"a = '{'x' * 1_000}'\"}}"),
    "The filter looks at": ("subscriptions/more", "a: {event: b, filter: {type: b}}"),
    "No step sets the property": ("subscriptions/more", "a: {topic: b, filter: {event: c}}"),
    "Nothing is given": ("subscriptions/more", "a: {with: {}}"),
    "The workflows are steps of one another": ("workflows/more", "a: {steps: [{workflow: a}]}"),
    "is not over before": (
        "workflows/more",
        "b: {pattern: quorum}\na: {pattern: fan_out, branches: [{name: c, workflow: b}]}",
    ),
    "is not less than the": ("workflows/more", "a: {pattern: quorum, timeout: 5}"),
    "so there never is a result": (
        "workflows/more",
        "a: {pattern: fan_out, needed: 2, branches: [{agent: baker}]}",
    ),
    "There is one branch only": (
        "workflows/more",
        "a: {pattern: fan_out, branches: [{agent: baker}], combine: {agent: baker, pick: best}}",
    ),
    "is asked for without being declared": (
        "workflows/more",
        "a: {pattern: fan_out, branches: [], combine: {agent: baker, pick: best, answers: {winner: {}}}}",
    ),
    "Nobody is asked here": ("workflows/more", "a: {pattern: fan_out, branches: [], combine: {prompt: b}}"),
    "An agent is asked by a `prompt`": (
        "workflows/more",
        "a: {pattern: fan_out, branches: [], combine: {agent: baker, template: b}}",
    ),
    "Nobody takes it": (
        "workflows/more",
        "a: {pattern: fan_out, prompt: b, branches: [{agent: baker, prompt: c}]}",
    ),
    "No input field is called": ("workflows/more", "a: {pattern: fan_out, select: b, input: {}}"),
    "is no list that may be left out": ("workflows/more", "a: {pattern: fan_out, select: b, input: {b: {}}}"),
    "The sample does not fit: no branch": (
        "workflows/more",
        "a: {pattern: fan_out, select: b, input: {b: {}}, sample: {b: [c]}}",
    ),
    "so none ever wins": (
        "workflows/more",
        "a: {pattern: quorum, needed: 3, voters: [{name: a, agent: baker}, {name: b, agent: baker}]}",
    ),
    "and then nobody decides": (
        "workflows/more",
        "a: {pattern: quorum, needed: 1, voters: [{name: a, agent: baker}, {name: b, agent: baker}]}",
    ),
    "Nothing says that voters answer": ("workflows/more", "a: {pattern: quorum, vote: b}"),
    "The answers have no field": ("workflows/more", "a: {pattern: quorum, vote: b, answers: {c: {}}}"),
    "a vote is one value": ("workflows/more", "a: {pattern: quorum, vote: b, answers: {b: {type: list}}}"),
    "so nobody has to say what means the same": (
        "workflows/more",
        "a: {pattern: quorum, vote: b, same: {agent: baker}}",
    ),
    "so nobody can say": (
        "workflows/more",
        "a: {pattern: quorum, vote: b, abstain: c, answers: {b: {type: boolean}}}",
    ),
    "Nobody can say": (
        "workflows/more",
        "a: {pattern: quorum, vote: b, abstain: e, answers: {b: {one_of: [c, d]}}}",
    ),
    "count as the same": (
        "workflows/more",
        "a: {pattern: quorum, vote: b, answers: {b: {one_of: [c, c., d]}}}",
    ),
    "Leaves one choice only": (
        "workflows/more",
        "a: {pattern: quorum, vote: b, answers: {b: {one_of: [c, abstain]}}}",
    ),
    "The sample does not fit the input": ("workflows/more", "a: {input: {b: {}}, sample: {}}"),
}


def rows_of(title: str) -> list[tuple[str, str, str]]:
    """What the table of that type must say: key, what it takes, default."""
    keys, kind = TYPES[title]
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    return [(name, key.kind.says, _default(key, fields.get(name))) for name, key in keys.items()]


def _default(key: Key, field: msgspec.structs.FieldInfo | None) -> str:
    if key.required or key.default:
        return key.default or "required"
    if field is None or field.required:
        return "none"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,g}" if value < 100_000 else f"{value:,}"
    return f"`{value}`" if isinstance(value, str) and value else "none"


def test_the_tables_say_what_the_types_say() -> None:
    sections = re.split(r"^### ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    told = {
        section.partition("\n")[0]: re.findall(
            r"^\| `(\w+)` \| (.+?) \| (.+?) \| .+ \|$", section, re.MULTILINE
        )
        for section in sections
    }

    assert {title: told.get(title) for title in TYPES} == {title: rows_of(title) for title in TYPES}


def test_the_example_is_a_catalogue(tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```yaml\n# (\S+)\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    for name, text in blocks:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        # Models are shown in two places, and stand in one file.
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    catalogue = read(tmp_path)

    assert len(blocks) == DOCUMENT.read_text("utf-8").count("```yaml")
    assert sorted(catalogue.workflows) == ["answering", "briefing", "mail", "office", "post", "readings"]
    assert sorted(catalogue.subscriptions) == ["council-letters", "letter-arrived"]
    assert [model.endpoint for model in catalogue.models.values()] == [
        None,
        None,
        None,
        "claude",
        "my-gateway",
    ]
    assert catalogue.account("5f1c0a52-9a0e-4a9b-8a57-0c4f3c1f7e11") == AccountRules(
        limits=Limits(hour=200, day=1_000), users=Limits(minute=20)
    )


def test_the_refusals_listed_are_those_there_are() -> None:
    listed = re.findall(r"^\| \u2026(.+?)\u2026 \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(listed) == sorted([*REFUSED, *OF_FOLDERS, *OF_MANY])


@pytest.mark.parametrize("refusal", sorted(REFUSED))
def test_a_listed_refusal_is_made(findings: Callable[..., list[Finding]], refusal: str) -> None:
    name, text = REFUSED[refusal]

    found = findings(**{name: text})

    assert [finding for finding in found if refusal in finding.message]

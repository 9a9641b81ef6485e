"""Workflows of every pattern, within each other, whose results are the same however often a host dies."""

from typing import Any

ABOUT = "Explain {{topic}} in two sentences."
GIVEN = {"topic": "{{topic}}"}


def workers(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "agent": name, "prompt": ABOUT} for name in names]


def poll(*names: str, **said: Any) -> dict[str, Any]:
    return {
        "pattern": "quorum",
        "deadline": 600,
        "prompt": ABOUT,
        "voters": [{"name": name, "agent": name} for name in names],
        "result": {"topic": "topic", "decision": "decision", "outcome": "outcome"},
        **said,
    }


def manager(name: str, *team: Any, **said: Any) -> dict[str, Any]:
    return {"name": name, "agent": name, "prompt": "Merge this: {{reports}}", "team": [*team], **said}


def way(workflow: str) -> dict[str, Any]:
    return {"workflow": workflow, "with": GIVEN}


TRIAGE = {
    "name": "triage",
    "agent": "clerk",
    "prompt": "Classify this: {{topic}}",
    "output": "sorted",
    "answers": {"kind": {"one_of": ["even", "odd"]}},
}
#: Their deadlines are far: whatever is missing was lost.
FLOWS: dict[str, dict[str, Any]] = {
    "chain": {
        "steps": [
            {"name": "begin", "agent": "ann", "prompt": ABOUT, "output": "begun"},
            {"name": "go-on", "agent": "ben", "prompt": "Explain {{begun}}", "output": "gone_on"},
        ],
        "result": {"begun": "begun", "text": "gone_on"},
    },
    "wide": {
        "pattern": "fan_out",
        "deadline": 600,
        "branches": workers("ann", "ben", "cid", "shaky"),
        "combine": {"agent": "head", "prompt": "Merge this: {{branches}}"},
        "result": {"text": "combined", "branches": "branches"},
    },
    "firm": {
        "pattern": "hierarchy",
        "master": manager(
            "head",
            manager("left", *workers("ann", "shaky")),
            manager("right", *workers("ben", "cid")),
            brief={"prompt": "Divide the work on {{topic}}.", "output": "orders"},
            prompt="Merge for {{orders}}: {{reports}}",
        ),
        "result": {"text": "head", "reports": "reports"},
    },
    "poll": poll("yes-one", "no-one", "yes-two"),
    "tie": poll(
        "yes-one", "no-one", "yes-two", "no-two", resolution={"agent": "head", "prompt": "Judge: {{ballots}}"}
    ),
    "desk": {
        "steps": [
            TRIAGE,
            {
                "name": "process",
                "choose": "sorted.kind",
                "branches": {"even": way("wide"), "odd": way("poll")},
                "output": "processed",
            },
        ],
        "result": {"kind": "sorted.kind", "processed": "processed"},
    },
    "deep": {
        "pattern": "fan_out",
        "deadline": 900,
        "branches": [
            {"name": "firm", **way("firm")},
            {"name": "desk", **way("desk")},
            *workers("ann"),
        ],
        "combine": {"template": "All about {{topic}}: {{ann}}"},
        "result": {"text": "combined", "branches": "branches"},
    },
    # What somebody says who never answers is waited for a moment, by all that is around.
    "asleep": {
        "steps": [
            {"name": "begin", "agent": "ann", "prompt": ABOUT, "output": "begun"},
            {"name": "sleep", "agent": "sleeper", "prompt": "Explain {{begun}}", "output": "slept"},
        ],
        "result": {"text": "slept"},
    },
    "cut": {
        "pattern": "hierarchy",
        "master": manager(
            "head",
            *workers("ben"),
            manager("left", *workers("cid"), {"name": "asleep", **way("asleep")}, deadline=1.5),
        ),
        "result": {"text": "head", "reports": "reports"},
    },
}
#: Those that are started; the others are steps of theirs.
STARTED = ("chain", "wide", "firm", "poll", "tie", "desk", "deep", "cut")
ANSWERS: list[dict[str, Any]] = [
    *({"agent": name, "answer": "Yes."} for name in ("yes-one", "yes-two")),
    *({"agent": name, "answer": "No."} for name in ("no-one", "no-two")),
    *({"agent": "clerk", "contains": f"an {kind} one", "answer": {"kind": kind}} for kind in ("even", "odd")),
]

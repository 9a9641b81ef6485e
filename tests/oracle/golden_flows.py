"""Workflows of recorded runs, one of each pattern; what they are called is in histories, so it stays."""

from typing import Any

ABOUT = "Explain {{topic}}."


def asked(*names: str) -> list[dict[str, Any]]:
    """Branches, voters or workers, called as their agents."""
    return [{"name": name, "agent": name, "prompt": ABOUT} for name in names]


FLOWS: dict[str, dict[str, Any]] = {
    "abreast": {
        "pattern": "fan_out",
        "deadline": 20,
        "branches": asked("quick", "slow", "busy", "silent"),
        "combine": {"name": "merge", "agent": "merger", "prompt": "Merge: {{branches}}", "output": "merged"},
        "result": {"text": "merged", "branches": "branches"},
    },
    "firm": {
        "pattern": "hierarchy",
        "master": {
            "name": "head",
            "agent": "head",
            "brief": {"prompt": "Divide {{topic}}.", "output": "orders"},
            "prompt": "Merge: {{reports}}",
            "team": [
                {
                    "name": "left",
                    "agent": "merger",
                    "prompt": "Merge: {{reports}}",
                    "team": asked("quick", "lost"),
                },
                {
                    "name": "right",
                    "agent": "merger",
                    "prompt": "Merge for {{orders}}: {{reports}}",
                    "deadline": 10,
                    "team": asked("slow", "silent"),
                },
            ],
        },
        "result": {"text": "head"},
    },
    "poll": {
        "pattern": "quorum",
        "prompt": ABOUT,
        "voters": [{"name": name, "agent": name} for name in ("quick", "slow", "silent")],
        "resolution": {"agent": "merger", "prompt": "Choose: {{ballots}}"},
        "result": {"decision": "decision", "ballots": "ballots"},
    },
    "compared": {
        "pattern": "quorum",
        "prompt": ABOUT,
        "voters": [{"name": name, "agent": name} for name in ("quick", "slow", "busy")],
        "same": {"agent": "merger", "prompt": "Compare: {{ballots}}"},
        "resolution": {"agent": "head", "prompt": "Choose: {{ballots}}"},
        "result": {"decision": "decision", "ballots": "ballots"},
    },
    "nested": {
        "steps": [
            {
                "name": "triage",
                "agent": "head",
                "prompt": ABOUT,
                "output": "sorted",
                "answers": {"kind": {"one_of": ["wide", "deep"]}},
            },
            {"name": "first", "workflow": "poll", "with": {"topic": "{{topic}}"}, "output": "first"},
            {
                "name": "process",
                "choose": "sorted.kind",
                "branches": {
                    "wide": {"workflow": "abreast", "with": {"topic": "{{first.decision}}"}},
                    "deep": {"agent": "quick", "prompt": ABOUT},
                },
                "output": "processed",
            },
        ],
        "result": {"processed": "processed"},
    },
}

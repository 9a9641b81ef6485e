"""What is told of guards: circuits, limits, who was refused and who stood in for whom."""

from collections import Counter
from typing import Any

from dirigent.cli.tables import beside, table
from dirigent.cli.times import to_the_second, whole


def circuits_page(page: dict[str, Any]) -> str:
    """A table of circuits."""
    rows = [("circuit", "state", "failures", "left alone until", "agents")]
    for circuit in page["circuits"]:
        agents = ", ".join(circuit["agents"]) or "-"
        rows.append(
            (circuit["name"], circuit["state"], _failures(circuit), _rest(circuit) or "-", agents),
        )
    return "\n".join(table(rows)) if page["circuits"] else "No circuits."


def circuit_page(circuit: dict[str, Any]) -> str:
    """One circuit, with its rules."""
    rules = circuit["rules"]
    pairs = [("circuit", circuit["name"]), ("state", circuit["state"]), ("failures", _failures(circuit))]
    if circuit["state"] == "half_open":
        pairs.append(("trials", f"{circuit['trials']} of {rules['trials']} under way"))
        pairs.append(("successes", f"{circuit['successes']} of {rules['success_threshold']}"))
    if (rest := _rest(circuit)) is not None:
        pairs.append(("left alone until", rest))
    pairs += [
        ("changed", to_the_second(circuit["changed_at"] or "never")),
        ("models", ", ".join(circuit["models"]) or "-"),
        ("agents", ", ".join(circuit["agents"]) or "-"),
        ("opens after", f"{_times(rules['failures'], 'failure')} in a row, for {rules['cool_down']:g} s"),
        ("closes after", f"{_times(rules['success_threshold'], 'success')}, {_trials(rules['trials'])}"),
    ]
    return "\n".join(beside(pairs))


def limits_page(limits: dict[str, Any]) -> str:
    """What somebody may still do, window by window."""
    who = f"The {limits['level']} {limits['key']!r}"
    rows = [("window", "left", "limit")]
    for window, limit in limits["limits"].items():
        left = "-" if limit is None else str(limits["left"][window])
        rows.append((window, left, "unlimited" if limit is None else str(limit)))
    told = f"{who} may go ahead."
    if not limits["allowed"]:
        again = come_back(limits["retry_after"]) or "It is in vain to come back: the limit is 0."
        told = f"{who} is refused: the window `{limits['refused_by']}` is full. {again}"
    return "\n".join([told, "", *table(rows, right=(1, 2))])


def come_back(seconds: float | None) -> str:
    """When the same may work; nothing where that is not known."""
    return "" if seconds is None else f"Come back in {whole(seconds)}."


def answered_instead(degraded: dict[str, Any]) -> str:
    """Who answered in place of the agent, and why."""
    # Of a step that is a run, its own task tells who.
    nameless = {"value": "a fixed value", "workflow": "a fallback within it"}
    who = nameless.get(degraded["by"]) or f"{degraded['by']} {degraded.get('name')!r}"
    return f"{who} answered ({degraded['category']}: {_in_a_line(degraded['because']).removesuffix('.')})"


def degraded_section(result: dict[str, Any]) -> list[str]:
    """The steps of a result that somebody else answered, a line each under a heading; none where none was."""
    found = result.get("degraded") or []
    lines = [f"  {each['step']}: {answered_instead(each)}" for each in found]
    return ["Degraded", *lines] if lines else []


def guards_section(trace: dict[str, Any]) -> list[str]:
    """Where guards did more than let a run through, a line each; none where they did not."""
    found = [("start", _guarded((trace.get("guards") or {}).get("admission"), None))]
    found += [(step["name"], _guarded(step.get("guards"), step.get("degraded"))) for step in trace["steps"]]
    error = trace.get("error") or {}
    if error.get("step"):
        found.append((error["step"], _guarded(error.get("guards"), None)))
    told = [(f"  {name}", text) for name, text in found if text]
    return ["Guards", *beside(told)] if told else []


def _guarded(passage: dict[str, Any] | None, degraded: dict[str, Any] | None) -> str:
    parts = []
    if passage is not None and passage["refused"]:
        why = _causes(passage, known="" if degraded is None else _in_a_line(degraded["because"]))
        parts.append(f"refused {_times(passage['refused'], 'time')}, waited {passage['waited']:.2f} s{why}")
    if passage is not None and passage.get("state") not in (None, "closed"):
        parts.append(f"circuit {passage['key']!r} {passage['state']}")
    if degraded is not None:
        parts.append(f"degraded: {answered_instead(degraded)}")
    return "; ".join(parts)


def _causes(passage: dict[str, Any], known: str) -> str:
    """Why it was refused, each cause once, with how often where there are several."""
    refusals = passage.get("refusals") or []
    causes = Counter(_in_a_line(refusal["sentence"]) for refusal in refusals)
    if len(causes) > 1:
        # The app keeps the last few refusals only.
        kept = f"the last {len(refusals)}: " if passage["refused"] > len(refusals) else ""
        told = "; ".join(f"{_times(count, 'time')} {cause}" for cause, count in causes.items())
        return f" ({kept}{told})"
    # Why somebody else answered is most often why it was refused: once is enough.
    return "".join(f" ({cause})" for cause in causes if cause not in known)


def _failures(circuit: dict[str, Any]) -> str:
    # In a row, of those that a closed circuit bears; the others count trials that go well.
    is_closed = circuit["state"] == "closed"
    return f"{circuit['failures']} of {circuit['rules']['failures']}" if is_closed else "-"


def _trials(number: int) -> str:
    return f"with {_times(number, 'trial')} at a time"


def _rest(circuit: dict[str, Any]) -> str | None:
    """Until when nobody is let through: the circuit's own time, or the pause the dependency asked for."""
    times = [time for time in (circuit["cooled_at"], circuit["paused_until"]) if time]
    return to_the_second(max(times)) if times else None


def _times(number: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def _in_a_line(text: object) -> str:
    return " ".join(str(text).split())

"""Who brought something to a result and who did not, as the HTTP API shows it."""

from dirigent.domain.outcomes import Missing, Turnout


def turnout_view(turnout: Turnout) -> dict[str, object]:
    """How many brought something, and who is missing and why."""
    view: dict[str, object] = {
        "completed_agents": turnout.completed_agents,
        "timed_out": turnout.timed_out,
    }
    return view | {"missing": missing_view(turnout)} if turnout.missing else view


def missing_view(turnout: Turnout) -> list[dict[str, object]]:
    """Each that is missing, with why and since when."""
    return [_missing(missing) for missing in turnout.missing]


def _missing(missing: Missing) -> dict[str, object]:
    view: dict[str, object] = {"branch": missing.branch}
    if missing.agent is not None:
        view["agent"] = missing.agent
    return view | why_view(missing)


def why_view(missing: Missing) -> dict[str, object]:
    """Why it is missing, and since when."""
    return {"category": missing.category, "because": missing.because, "since": missing.since}

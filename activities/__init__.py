"""Act: one effect a file, built from ports."""

from activities.ask_agent import ask_agent
from activities.close_run import close_run
from activities.open_run import open_run
from activities.publish_artifact import publish_artifact
from activities.stage import Activity, Stage
from dirigent.ports import Parts


def activities(parts: Parts) -> tuple[Activity, ...]:
    """Every activity, over these parts."""
    stage = Stage(parts)
    return (ask_agent(stage, parts), publish_artifact(stage, parts), open_run(parts), close_run(parts))

"""Act: one effect a file, built from ports."""

from activities.archive import Archive
from activities.ask_agent import ask_agent
from activities.close_run import close_run
from activities.combine_branches import combine_branches
from activities.finish_run import finish_run
from activities.notify_people import notify_people
from activities.open_run import open_run
from activities.publish_artifact import publish_artifact
from activities.redrive import redrive
from activities.send_event import send_event
from activities.stage import Activity, Stage
from activities.stop_runs import Steering, stop_runs
from dirigent.domain.catalogue import Catalogue
from dirigent.ports import Parts


def activities(parts: Parts, catalogue: Catalogue) -> tuple[Activity, ...]:
    """Every activity that takes its order alone, over these parts."""
    # One for all: what one activity has written, the next need not read.
    archive = Archive(parts)
    stage = Stage(parts, archive)
    return (
        ask_agent(stage, parts),
        publish_artifact(stage, parts),
        send_event(stage, parts),
        notify_people(stage, parts),
        combine_branches(stage),
        finish_run(stage),
        open_run(archive),
        close_run(archive),
        redrive(parts, catalogue),
    )


def steering(parts: Parts) -> tuple[Steering, ...]:
    """Every activity that takes a durable client besides its order, over these parts."""
    return (stop_runs(Archive(parts)),)

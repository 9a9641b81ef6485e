"""Close a run whose last step was a run of its own."""

from typing import Any

from activities.stage import Activity, Stage
from dirigent import codec
from dirigent.domain.runs import Perform


def finish_run(stage: Stage) -> Activity:
    """The activity."""

    async def finish_run(order: Any) -> Any:
        return codec.encode(await stage.finish(codec.decode(Perform, order)))

    return finish_run

"""Publish an output as a file people can open."""

import asyncio
from typing import Any

from activities.scene import Scene
from activities.stage import Activity, Product, Stage
from dirigent import codec
from dirigent.domain import prompts
from dirigent.domain.runs import Perform
from dirigent.domain.steps import PublishStep
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable


def publish_artifact(stage: Stage, parts: Parts) -> Activity:
    """The activity, publishing into this store."""

    async def publish(scene: Scene) -> Product:
        step = scene.step
        if not isinstance(step, PublishStep):
            raise TypeError(f"The step {scene.order.step!r} publishes nothing.")
        filename = prompts.fill(step.filename, await scene.texts(prompts.variables(step.filename)))
        content = (await scene.text(step.publish)).encode()
        # Of the run's and the step's own name, which holds no dot: published again after a crash, it replaces
        # itself alone. A folder for each would cost more than the file.
        name = f"runs/{scene.order.run}/{scene.order.step}.{filename}"
        left = scene.seconds_left(parts.clock.now())
        try:
            # In the store's time, which is real whatever the clock says.
            async with asyncio.timeout(left):
                return Product(text=await parts.artifacts.put(name, content, content_type=step.content_type))
        except TimeoutError as error:
            raise ArtifactsUnavailable(f"The file {name!r} was not written within {left:.3g} s.") from error

    async def publish_artifact(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), publish))

    return publish_artifact

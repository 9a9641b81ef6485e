"""Ask an agent for its step."""

import asyncio
from typing import Any

from activities.stage import Activity, Product, Scene, Stage, named
from dirigent import codec
from dirigent.domain import prompts
from dirigent.domain.catalogue import AskStep
from dirigent.domain.outcomes import Category, Failure
from dirigent.domain.runs import Perform
from dirigent.ports import Parts
from dirigent.ports.clock import Clock
from dirigent.ports.model import Model, ModelFailed, Reply, Request


def ask_agent(stage: Stage, parts: Parts) -> Activity:
    """The activity, asking this model."""

    async def answer(scene: Scene) -> Product:
        request = await _request(scene)
        reply = await _reply(parts.model, request, parts.clock, scene.seconds_left(parts.clock.now()))
        if not reply.text.strip():
            empty = Failure(category=Category.TRANSIENT, message=f"agent {request.agent!r}: an empty answer")
            raise ModelFailed(empty)
        return Product(text=reply.text, agent=request.agent, model=reply.model, usage=reply.usage)

    async def ask_agent(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), answer))

    return ask_agent


async def _request(scene: Scene) -> Request:
    if not isinstance(scene.step, AskStep):
        raise TypeError(f"The step {scene.step.name!r} asks nobody.")
    agent = scene.definition.agents[scene.step.agent]
    values = await scene.texts(prompts.variables(scene.step.prompt))
    return Request(
        deployment=scene.definition.models[agent.model].deployment,
        agent=agent.name,
        instructions=f"{agent.instructions.strip()}\n\n{prompts.STANDING}",
        prompt=prompts.render(scene.step.prompt, values),
        temperature=agent.temperature,
        token_limit=agent.token_limit,
        run=scene.order.run,
        step=scene.step.name,
    )


async def _reply(model: Model, request: Request, clock: Clock, seconds: float) -> Reply:
    try:
        return await within(clock, seconds, model, request)
    except ModelFailed as error:
        raise ModelFailed(named(error.failure, f"agent {request.agent!r}")) from error


async def within(clock: Clock, seconds: float, model: Model, request: Request) -> Reply:
    """The model's reply, if it comes in time; a call that does not is cancelled, not left behind."""
    call = asyncio.ensure_future(model.complete(request))
    # A model that answers at once needs no timer, and a clock that can jump must not see one.
    await asyncio.sleep(0)
    if call.done():
        return call.result()
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({call, timer}, return_when=asyncio.FIRST_COMPLETED)
        if call.done():
            return call.result()
    finally:
        call.cancel()
        timer.cancel()
        await asyncio.gather(call, timer, return_exceptions=True)
    message = f"no answer from {request.deployment!r} within {seconds:.3g} s"
    raise ModelFailed(Failure(category=Category.TIMEOUT, message=message))

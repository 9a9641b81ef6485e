"""The app's own gates, with an orchestrator that asks for permits and makes nothing of them."""
# mypy: disable-error-code="untyped-decorator"
# The Durable SDK has no types, and so neither have its decorators.

import os
from datetime import timedelta

import azure.durable_functions as df

from dirigent import declarations, wiring
from dirigent.domain.outcomes import Done
from dirigent.domain.pendings import Call
from dirigent.domain.waves import Wave
from dirigent.ports.orchestration import Context, Steps
from dirigent.settings import Settings
from entities import entities
from orchestrators.beginning import begun
from orchestrators.gates import permitted, settle
from orchestrators.hearing import now

settings = Settings.read(os.environ)
parts = wiring.join(settings)
catalogue = declarations.read(settings.catalogue)

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def tolls(context: Context) -> Steps:
    """Each step's permit, handed back at once: what gates cost without the calls they are for."""
    start = begun(context)
    deadline = now(context) + timedelta(seconds=start.timeout)
    for step in start.plan:
        one = yield from permitted(context, Wave.of(start, (Call(step=step),), deadline, now=now(context)))
        assert one.next_due(now(context)) is None, one
        settle(context, one, {0: Done()})


for entity in entities(parts.clock, catalogue):
    app.entity_trigger(context_name="context")(entity)

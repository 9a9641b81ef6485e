"""The app's own activities and gates, with orchestrators that send out many calls at a time."""
# mypy: disable-error-code="untyped-decorator"
# The Durable SDK has no types, and so neither have its decorators.

import os
from datetime import timedelta

import azure.durable_functions as df

from activities import activities
from dirigent import declarations, wiring
from dirigent.domain.outcomes import Done, Failed
from dirigent.domain.pendings import Call
from dirigent.domain.waves import Wave
from dirigent.ports.orchestration import Context, Steps
from dirigent.settings import Settings
from entities import entities
from orchestrators.asking import asking
from orchestrators.beginning import begun
from orchestrators.gates import admitted, permitted, settle
from orchestrators.hearing import now

settings = Settings.read(os.environ)
parts = wiring.join(settings)
catalogue = declarations.read(settings.catalogue)

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def wave(context: Context) -> Steps:
    """All steps of the plan at once."""
    start = begun(context)
    admission = yield from admitted(context, start)
    assert not isinstance(admission, Failed), admission
    deadline = now(context) + timedelta(seconds=start.timeout)
    calls = tuple(Call(step=step, opens=place == 0) for place, step in enumerate(start.plan))
    outcomes = yield from asking(context, start, calls, deadline, admission)
    assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes


@app.orchestration_trigger(context_name="context")
def tolls(context: Context) -> Steps:
    """Each step's permit, handed back at once: what gates cost without the calls they are for."""
    start = begun(context)
    deadline = now(context) + timedelta(seconds=start.timeout)
    for step in start.plan:
        one = yield from permitted(context, Wave.of(start, (Call(step=step),), deadline, now=now(context)))
        assert one.next_due(now(context)) is None, one
        settle(context, one, {0: Done()})


for activity in activities(parts):
    app.activity_trigger(input_name="order")(activity)
for entity in entities(parts.clock, catalogue):
    app.entity_trigger(context_name="context")(entity)

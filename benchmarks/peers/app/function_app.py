"""The app's own orchestrators, activities and gates, with the bench's model behind its port."""
# mypy: disable-error-code="untyped-decorator"
# The Durable SDK has no types, and so neither have its decorators.

import os
from dataclasses import replace

import azure.durable_functions as df

from activities import activities, steering
from benchmarks.peers.paced_model import PacedModel
from benchmarks.peers.work import Model
from dirigent import declarations, wiring
from dirigent.settings import Settings
from entities import entities
from orchestrators import ORCHESTRATORS

settings = Settings.read(os.environ)
model = PacedModel(Model(seconds=float(os.environ["PEERS_MODEL_SECONDS"])))
parts = replace(wiring.join(settings), model=model)
catalogue = declarations.read(settings.catalogue)

app = df.DFApp()

for orchestrator in ORCHESTRATORS:
    app.orchestration_trigger(context_name="context")(orchestrator)
for activity in activities(parts, catalogue):
    app.activity_trigger(input_name="order")(activity)
for steer in steering(parts):
    app.activity_trigger(input_name="order")(app.durable_client_input(client_name="client")(steer))
for entity in entities(parts.clock, catalogue):
    app.entity_trigger(context_name="context")(entity)

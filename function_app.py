"""The Azure door: reads the settings, joins the parts and registers what each room lists."""

import os

import azure.durable_functions as df
import azure.functions as func

from activities import activities, steering
from dirigent import declarations, wiring
from dirigent.settings import Settings
from entities import entities
from orchestrators import ORCHESTRATORS
from triggers import blueprints

settings = Settings.read(os.environ)
parts = wiring.join(settings)
catalogue = declarations.read(settings.catalogue)
settings.check(catalogue)

# Function keys guard every route, unless a trigger says otherwise.
app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for orchestrator in ORCHESTRATORS:
    app.orchestration_trigger(context_name="context")(orchestrator)
for activity in activities(parts, catalogue):
    app.activity_trigger(input_name="order")(activity)
for steered in steering(parts):
    app.activity_trigger(input_name="order")(app.durable_client_input(client_name="client")(steered))
for entity in entities(parts.clock, catalogue):
    app.entity_trigger(context_name="context")(entity)
for blueprint in blueprints(parts, catalogue, settings):
    app.register_functions(blueprint)

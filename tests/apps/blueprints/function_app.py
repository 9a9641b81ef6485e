"""An app whose functions live in two blueprints."""

import azure.durable_functions as df
import azure.functions as func
from greetings import greetings
from pages import pages

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(greetings)
app.register_functions(pages)

"""JSON answers for the HTTP functions."""

import json
from typing import Any

import azure.functions as func


def reply(body: Any, status_code: int = 200) -> func.HttpResponse:
    """A JSON response; values that are not JSON themselves are written as text."""
    return func.HttpResponse(
        json.dumps(body, default=str), status_code=status_code, mimetype="application/json"
    )

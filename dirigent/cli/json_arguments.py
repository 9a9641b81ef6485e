"""Values on a command line that are no texts."""

import argparse
import json
from pathlib import Path


def field(text: str) -> tuple[str, object]:
    """The name and the value of a field: `name=text`, or `name:=JSON` for what is no text."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip(":"):
        raise argparse.ArgumentTypeError(f"{text!r} is no field: write name=text or name:=JSON")
    if not name.endswith(":"):
        return name, value
    try:
        return name.removesuffix(":"), json.loads(value)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(
            f"{value!r} is no JSON ({error.msg}): for a text write {name.removesuffix(':')}=…"
        ) from error


def json_object(text: str) -> dict[str, object]:
    """The object that the text is, or that the file after its `@` holds."""
    try:
        source = Path(text.removeprefix("@")).read_text(encoding="utf-8") if text.startswith("@") else text
        value = json.loads(source)
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{text.removeprefix('@')!r} cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise argparse.ArgumentTypeError(f"this is no JSON: {error.msg} at {where}") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError('this is no JSON object: write one such as {"order": 17}')
    return value

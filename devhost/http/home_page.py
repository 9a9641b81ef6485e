"""The page at /: what this host serves."""

from collections.abc import Iterable
from html import escape

from devhost.functions.catalog import Function
from devhost.functions.http_exchange import HttpReply

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{hub} on the local Functions host</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
</style>
</head>
<body>
<h1>Your Functions app is up and running</h1>
<p>Task hub <strong>{hub}</strong>, {instances}.</p>
<table>
<thead><tr><th scope="col">Function</th><th scope="col">Trigger</th><th scope="col">Where</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def home_page(functions: Iterable[tuple[Function, str]], *, hub: str, instances: str) -> HttpReply:
    """The functions, each with the words that say where it is reached."""
    rows = "\n".join(
        f"<tr><td>{escape(f.name)}</td><td>{escape(f.trigger.type)}</td><td>{escape(where)}</td></tr>"
        for f, where in functions
    )
    page = _FRAME.format(hub=escape(hub), instances=escape(instances), rows=rows)
    return HttpReply(
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")),
        body=page.encode("utf-8", "replace"),
    )

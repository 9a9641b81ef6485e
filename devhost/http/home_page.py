"""The page at /: what this host serves and holds, as HTML that keeps itself fresh."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from devhost.functions.http_exchange import HttpReply

#: Where the page gets its news.
OVERVIEW = "/admin/devhost/overview"

#: Table → its columns: a row's member, the heading, and whether the row's link hangs there.
_COLUMNS: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "instances": (
        ("id", "Instance", True),
        ("name", "Orchestrator", False),
        ("status", "Status", False),
        ("created", "Created (UTC)", False),
        ("updated", "Updated (UTC)", False),
        ("customStatus", "Custom status", False),
        ("output", "Output", False),
    ),
    "entities": (
        ("name", "Entity", False),
        ("key", "Key", True),
        ("lastOperation", "Last operation (UTC)", False),
        ("state", "State", False),
    ),
    "bus": (
        ("place", "Queue or subscription", True),
        ("active", "Waiting", False),
        ("locked", "Locked", False),
        ("scheduled", "Scheduled", False),
        ("dead", "Dead letters", False),
        ("rules", "Rules", False),
    ),
    "functions": (
        ("name", "Function", False),
        ("trigger", "Trigger", False),
        ("methods", "Methods", False),
        ("where", "Where", True),
    ),
}

_MORE = "There are more than are shown here."

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 80rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td:nth-child(3) { overflow-wrap: normal; }
"""

# Text goes in as text and links only as the host made them: nothing of the app's is read as HTML.
_SCRIPT = """
"use strict";
const news = document.body.dataset.news, pulse = document.getElementById("pulse");
function cell(row, heading) {
  const td = document.createElement("td"), text = row[heading.dataset.member] ?? "";
  if ("linked" in heading.dataset && row.link) {
    const a = document.createElement("a");
    a.href = row.link;
    a.textContent = text || row.link;
    td.append(a);
  } else td.textContent = text;
  return td;
}
function show(overview) {
  for (const table of document.querySelectorAll("table")) {
    const headings = [...table.tHead.rows[0].cells], part = overview[table.id];
    table.tBodies[0].replaceChildren(...part.rows.map(row => {
      const tr = document.createElement("tr");
      tr.append(...headings.map(heading => cell(row, heading)));
      return tr;
    }));
    document.getElementById(table.id + "-more").textContent = part.hasMore ? document.body.dataset.more : "";
  }
  pulse.textContent = overview.pulse;
}
let shown = "";
async function refresh() {
  try {
    if (!document.hidden) {
      const text = await (await fetch(news)).text();
      if (text !== shown) { show(JSON.parse(text)); shown = text; }
    }
  } catch {
    pulse.textContent = shown = "The host does not answer.";
  }
  setTimeout(refresh, 2000);
}
setTimeout(refresh, 2000);
"""

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{hub} on the local Functions host</title>
<style>{style}</style>
</head>
<body data-news="{news}" data-more="{more}">
<h1>Your Functions app is up and running</h1>
<p>Task hub <strong>{hub}</strong>: <span id="pulse">{pulse}</span></p>
<h2>Instances</h2>
<p>Show {choices}. The newest come first.</p>
{instances}
<h2>Entities</h2>
{entities}
<h2>Service Bus</h2>
{bus}
<h2>Functions</h2>
{functions}
<script>{script}</script>
</body>
</html>
"""


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


#: The browser runs the page's own script and style and nothing else, and talks to this host alone.
_POLICY = (
    f"default-src 'none'; script-src {_hashed(_SCRIPT)}; style-src {_hashed(_STYLE)}; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def home_page(overview: Mapping[str, Any]) -> HttpReply:
    """The overview for people, complete without its script."""
    page = _FRAME.format(
        hub=escape(overview["hub"]),
        style=_STYLE,
        more=_MORE,
        news=escape(f"{OVERVIEW}?status={quote(overview['status'])}"),
        pulse=escape(overview["pulse"]),
        choices=_choices(overview),
        **{name: _table(name, overview[name]) for name in _COLUMNS},
        script=_SCRIPT,
    )
    return HttpReply(
        status=200,
        headers=(
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ),
        body=page.encode("utf-8", "replace"),
    )


def _choices(overview: Mapping[str, Any]) -> str:
    return ", ".join(
        f"<strong>{escape(status or 'all')}</strong>"
        if status == overview["status"]
        else f'<a href="/?status={quote(status)}">{escape(status or "all")}</a>'
        for status in ("", *overview["statuses"])
    )


def _table(name: str, part: Mapping[str, Any]) -> str:
    columns = _COLUMNS[name]
    head = "".join(
        f'<th scope="col" data-member="{member}"{" data-linked" if linked else ""}>{heading}</th>'
        for member, heading, linked in columns
    )
    rows = "\n".join(
        f"<tr>{''.join(_cell(row, member, linked=linked) for member, _, linked in columns)}</tr>"
        for row in part["rows"]
    )
    return (
        f'<table id="{name}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n'
        # Empty rather than hidden: a terminal browser shows what is hidden.
        f'<p id="{name}-more">{_MORE if part["hasMore"] else ""}</p>'
    )


def _cell(row: Mapping[str, Any], member: str, *, linked: bool) -> str:
    text = escape(row[member] or "")
    link = row["link"] if linked else None
    return f'<td><a href="{escape(link)}">{text or escape(link)}</a></td>' if link else f"<td>{text}</td>"

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

from devhost.functions.http_exchange import HttpReply
from devhost.http.home_page import OVERVIEW, home_page
from devhost.http.queries import STATUSES

EVIL = "</td></script><script>alert(1)</script><img src=x onerror='alert(2)'>\"&{x}"


class Reader(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def attributes(self, name: str) -> list[str | None]:
        return [values[name] for _, values in self.tags if name in values]


def overview(text: str = "run-1", status: str = "", *, has_more: bool = False) -> dict[str, Any]:
    linked = {"link": f"/x?{text}"}
    instance = dict.fromkeys(("id", "name", "status", "created", "updated", "customStatus", "output"), text)
    entity = dict.fromkeys(("name", "key", "lastOperation", "state"), text)
    place = dict.fromkeys(("place", "active", "locked", "scheduled", "dead", "rules"), text)
    function = dict.fromkeys(("name", "trigger", "where"), text)
    return {
        "hub": text,
        "pulse": text,
        "status": status,
        "statuses": list(STATUSES),
        "instances": {"rows": [instance | linked], "hasMore": has_more},
        "entities": {"rows": [entity | linked], "hasMore": has_more},
        "bus": {"rows": [place | linked], "hasMore": has_more},
        "functions": {"rows": [function | {"methods": None, "link": None}], "hasMore": has_more},
    }


def read(reply: HttpReply) -> Reader:
    return Reader(reply.body.decode())


def test_shows_every_table_without_its_script() -> None:
    reply = home_page(overview())

    page = read(reply)
    assert (reply.status, reply.header("content-type")) == (200, "text/html; charset=utf-8")
    assert page.count("table") == 4
    assert page.count("tr") == 4 + 4
    for word in ("Instance", "Status", "Output", "Entity", "State", "Function", "Trigger", "Where"):
        assert word in page.texts
    assert page.attributes("data-news") == [f"{OVERVIEW}?status="]


def test_nothing_of_the_apps_becomes_html() -> None:
    harmless, evil = read(home_page(overview())), read(home_page(overview(EVIL)))

    assert [tag for tag, _ in evil.tags] == [tag for tag, _ in harmless.tags]
    assert [sorted(values) for _, values in evil.tags] == [sorted(values) for _, values in harmless.tags]
    assert evil.texts.count(EVIL) == harmless.texts.count("run-1")
    assert evil.attributes("href")[-1] == f"/x?{EVIL}"


def test_half_a_surrogate_pair_breaks_nothing() -> None:
    assert b"<td>?</td>" in home_page(overview("\ud800")).body


def test_offers_each_status_and_marks_the_one_shown() -> None:
    page = read(home_page(overview(status="Failed")))

    links = [link for link in page.attributes("href") if link and link.startswith("/?status=")]
    assert links == [f"/?status={status}" for status in ("", *STATUSES) if status != "Failed"]
    assert page.attributes("data-news") == [f"{OVERVIEW}?status=Failed"]


def test_says_when_there_is_more() -> None:
    def said(page: Reader) -> int:
        return page.texts.count("There are more than are shown here.")

    assert said(read(home_page(overview()))) == 0
    assert said(read(home_page(overview(has_more=True)))) == 4


def test_needs_nothing_from_elsewhere_and_lets_no_other_script_run() -> None:
    reply = home_page(overview(EVIL))

    page = reply.body.decode()
    policy = reply.header("content-security-policy") or ""
    for tag, kind in (("script", "script-src"), ("style", "style-src")):
        [text] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "connect-src 'self'" in policy
    assert not {"src", "srcset", "action"} & {name for _, values in read(reply).tags for name in values}
    assert read(reply).count("link") == 0


def test_every_column_is_a_member_of_its_rows() -> None:
    told = overview()
    for name in ("instances", "entities", "bus", "functions"):
        [table] = re.findall(rf'<table id="{name}">(.*?)</thead>', home_page(told).body.decode(), re.DOTALL)
        members = re.findall(r'data-member="(\w+)"', table)
        assert members
        assert set(members) <= set(json.loads(json.dumps(told[name]["rows"][0])))

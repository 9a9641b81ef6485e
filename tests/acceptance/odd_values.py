"""Values no client should send: texts, numbers, ids, names and headers that break a careless reader."""

import json
from random import Random

#: Percent-encoded pieces of a path; some are no UTF-8, some no escapes, some half a surrogate pair.
PIECES = (
    "",
    ".",
    "..",
    "%2e%2e",
    "%2F",
    "%2f..%2f",
    "%5C",
    "%00",
    "a%00b",
    "%",
    "%%",
    "%zz",
    "%u0041",
    "%c3%28",
    "%ff%fe",
    "%ed%a0%80",
    "%f0%9f%92%a9",
    "%E2%80%AE",
    "%0d%0aX-Injected:%201",
    "%20",
    "+",
    "~",
    "@",
    "@x@1",
    "a;b=c",
    "a:b",
    "*",
    "$",
    "-1",
    "0",
    "NaN",
    "null",
    "';%20DROP%20TABLE%20instances;--",
    "a b",
    "%3Cscript%3E",
    "{id}",
    "x" * 100,
    "x" * 101,
    "x" * 300,
    "x" * 3000,
    "%C3%A9" * 90,
    "CON",
    "__proto__",
    "instances",
)
ROOTS = ("/runtime/webhooks/durabletask", "/durabletask", "/Runtime/WebHooks/DurableTask", "/durabletask/")
NAMES = ("chain", "CHAIN", "listen", "nobody", "double", "shelf")
INSTANCES = ("ended", "waiting", "other", "nobody")
ACTIONS = (
    "raiseEvent/Word",
    "raiseEvent/",
    "raiseEvent",
    "terminate",
    "suspend",
    "resume",
    "rewind",
    "restart",
    "explode",
    "raiseEvent/a/b",
    "terminate/now",
)
METHODS = (
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "PoSt",
    "BREW",
    "M-SEARCH",
    "PROPFIND",
    "X" * 40,
)
QUERIES = (
    "",
    "?",
    "??",
    "?&&==&",
    "?a",
    "?=b",
    "?reason=%00",
    "?reason=%ed%a0%80",
    "?reason=%ff",
    "?top=0",
    "?top=-1",
    "?top=1e999",
    "?top=99999999999999999999",
    "?top=%D9%A3",
    "?top=1&top=2",
    "?createdTimeFrom=yesterday",
    "?createdTimeFrom=0001-01-01T00:00:00%2B14:00",
    "?createdTimeTo=9999-12-31T23:59:59-14:00",
    "?createdTimeFrom=2026-02-30T00:00:00Z",
    "?runtimeStatus=Completed,,Nonsense",
    "?runtimeStatus=%00",
    "?instanceIdPrefix=%25%5F",
    "?instanceIdPrefix=%ed%a0%80",
    "?showHistory=true&showHistoryOutput=true",
    "?showHistory=perhaps",
    "?showInput=false&showInput=true",
    "?op=" + "o" * 400,
    "?op=%ed%a0%80",
    "?timeout=nan&pollingInterval=inf",
    "?timeout=0.01&pollingInterval=0.01",
    "?timeout=-1&pollingInterval=-1",
    "?timeout=1e999&pollingInterval=0",
    "?version=%ed%a0%80",
    "?taskHub=Other&connection=Nowhere&code=x",
    "?restartWithNewInstanceId=maybe",
    "?returnInternalServerErrorOnFailure=x",
    "?a=" + "b" * 7000,
    "?" + "&".join(f"p{n}={n}" for n in range(900)),
    "?x=" + "%41" * 2000,
    "?fetchState=true&entityNameStarts=%00",
)
MEDIA_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=utf-99",
    "text/plain",
    "application/JSON",
    "text/json",
    "",
    ";;;",
    'application/json;charset="',
    "multipart/form-data",
    'multipart/form-data; boundary="x',
    "application/x-www-form-urlencoded",
    "a/b/c",
    "\xff\xfe",
    "x" * 2000,
)
HOSTS: tuple[bytes, ...] = (
    b"Host: [::1",
    b"Host: ]",
    b"Host: a b",
    b"Host: ",
    b"Host: evil.example:99999",
    b"Host: \xff\xfe",
    b"Host: a/b?c#d",
    b"Host: user:pass@x",
    b"Host: [fe80::1%25eth0]:x",
    b"Host: " + b"h" * 3000,
    b"Host: \xe2\x84\x80",
    b"Host: <b>",
)
HEADERS: tuple[bytes, ...] = (
    b"Host: a second one",
    b"No colon here",
    b": no name",
    b"Bad Name: x",
    b"Null: a\0b",
    b"Folded: a\r\n b",
    b"Tab:\tx",
    b"Bare: a\rb",
    b"X: " + b"y" * 9000,
    b"\r\n".join(b"H%d: v" % n for n in range(300)),
    b"Cookie: " + b"a=b; " * 500,
    b"Expect: 100-continue",
    b"Expect: nonsense",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Connection: close, keep-alive",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: nonsense",
    b"Range: bytes=9-1",
    b"x-ms-continuation-token: rubbish",
    b"x-ms-continuation-token: \xed\xa0\x80",
    b"x-ms-continuation-token: bnVsbA==",
    b"x-ms-continuation-token: W10=",
    b"traceparent: 00-zz",
    b"traceparent: " + b"\xff" * 55,
    b"If-Match: *",
    b"X-HTTP-Method-Override: DELETE",
    b"Authorization: Basic ====",
    b"X-Forwarded-Host: a\\b",
    b"Accept: \x01",
)
#: As they stand on the wire.
TEXTS: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\0",
    b"{",
    b"}",
    b"[",
    b"nul",
    b"undefined",
    b"'single'",
    b'"open',
    b'{"a":1,}',
    b'{"a":1}{"b":2}',
    b'{"a":1,"a":2}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\0}\0",
    b"\xed\xa0\x80",
    b'"\xed\xa0\x80"',
    b'"\\ud800"',
    b'{"\\udfff":"\\ud83d"}',
    b'"\\u0000"',
    b'{"\\u0000":0}',
    b"1e999",
    b"-1e999",
    b"NaN",
    b"[Infinity]",
    b"-0",
    b"1" * 5000,
    b"0." + b"1" * 5000,
    b"1e-999",
    b"01",
    b"0x10",
    b"true",
    b"null",
    b'""',
    b'"null"',
    b'"\\"{}\\""',
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 50_000,
    b'"' + b"x" * 200_000 + b'"',
    b"[[],{},[[]]]",
    b'{"__class__":"x","__module__":"os","__data__":"{}"}',
    b'{"input":"{}"}',
    b'{"input":1e999}',
    b'{"input":{}}',
    b'{"input":"\\ud800"}',
    b'{"INPUT":null}',
    b"\x1f\x8b\x08\0\0\0",
    b"<xml/>",
    b"a=b&c=%ZZ",
    b'{"a":"\t"}',
)
#: Bodies in pieces, as chunked coding sends them, or as it must not.
CHUNKS: tuple[bytes, ...] = (
    b"2\r\n{}\r\n0\r\n\r\n",
    b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    b"zz\r\n{}\r\n0\r\n\r\n",
    b"-1\r\n{}\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\n{}",
    b"2;x=y\r\n{}\r\n0\r\nTrailer: x\r\n\r\n",
    b"5\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}0\r\n\r\n",
    b"0\r\n\r\n",
    b"\r\n\r\n",
    b"2\n{}\n0\n\n",
    b"0x2\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}\r\n",
)


def nested(dice: Random) -> bytes:
    """JSON that is nested about as deeply as Python can read, and a little more or less."""
    depth = dice.choice((100, dice.randrange(200, 2000), dice.randrange(900, 1000)))
    if dice.random() < 0.5:
        return b"[" * depth + b"]" * depth
    return b'{"a":' * depth + b"1" + b"}" * depth


def body(dice: Random) -> bytes:
    """Any body but a plain one, most of the time."""
    match dice.randrange(6):
        case 0:
            return nested(dice)
        case 1:
            return dice.randbytes(dice.randrange(1, 400))
        case 2 | 3:
            return json.dumps({"number": dice.randrange(100)}).encode()
    return dice.choice(TEXTS)


def piece(dice: Random) -> str:
    return dice.choice(PIECES) if dice.random() < 0.5 else dice.choice(INSTANCES)


def target(dice: Random) -> str:
    """A path of the app, the management API, the admin API or nobody's, with a query."""
    return dice.choice((_of_app, _of_instances, _of_instances, _of_management, _of_admin, _of_nobody))(
        dice
    ) + (dice.choice(QUERIES) if dice.random() < 0.6 else "")


def _of_app(dice: Random) -> str:
    name, one, two = dice.choice(NAMES), piece(dice), piece(dice)
    return dice.choice(
        (
            f"/api/echo/{one}/{two}",
            f"/api/word/{one}/number/{two}",
            f"/api/word/{one}/number/7",
            "/api/json",
            f"/api/start/{name}",
            f"/api/start/{one}",
            f"/API/ECHO/{one}",
            "/api",
            "/api/",
            f"/api/{one}",
        )
    )


def _of_instances(dice: Random) -> str:
    root, one = dice.choice(ROOTS), piece(dice)
    action = dice.choice(("", "", "/", f"/{dice.choice(ACTIONS)}", f"/{dice.choice(ACTIONS)}"))
    return f"{root}/instances/{one}{action}"


def _of_management(dice: Random) -> str:
    root, one, two = dice.choice(ROOTS), piece(dice), piece(dice)
    return dice.choice(
        (
            f"{root}/orchestrators/{dice.choice(NAMES)}",
            f"{root}/orchestrators/{dice.choice(NAMES)}/{one}",
            f"{root}/orchestrators/{one}/{two}",
            f"{root}/entities/shelf/{one}",
            f"{root}/entities/{one}/{two}",
            f"{root}/entities/shelf",
            f"{root}/entities",
            f"{root}/instances",
            f"{root}/instances/",
            f"{root}/{one}",
            root,
            f"{root}//instances//{one}",
            f"{root}/orchestrators",
        )
    )


def _of_admin(dice: Random) -> str:
    one = piece(dice)
    return dice.choice(
        (
            "/admin/host/ping",
            "/admin/host/status",
            "/admin/functions",
            f"/admin/functions/{one}",
            "/admin",
            "/admin/functions/double",
            "/admin/functions/chain",
            "/admin/functions/shelf",
            "/admin/functions/echo",
            f"/admin/{one}/{one}",
            "/admin/functions/double/status",
        )
    )


def _of_nobody(dice: Random) -> str:
    return dice.choice(
        (
            "/",
            "//",
            "/favicon.ico",
            f"/{piece(dice)}",
            f"//{piece(dice)}//",
            "*",
            "",
            "http://[::1/",
            "http:///x",
            "http://other.example/api/echo/x",
            "nonsense",
            "/" + "y" * 9000,
            "/../../etc/passwd",
            "/?",
            "/#x",
            "\\",
        )
    )

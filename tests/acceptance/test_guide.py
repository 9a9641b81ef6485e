"""The guide to the local host, docs/devhost.md, says what is so; README.md runs as it stands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from driver import APPS, ROOT, fresh

from devhost.testing import LocalHost

GUIDE = (ROOT / "docs" / "devhost.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = {"DESK_SECTION": "desk", "RESTOCK_SCHEDULE": "0 30 2 * * *", "SUPPLIER_QUEUE": "supplies"}
HOOKS = "/runtime/webhooks/durabletask"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", GUIDE + README, re.MULTILINE | re.DOTALL)
#: Method, path, answers, whether it is served.
MANAGEMENT = re.findall(
    r"^\| `([A-Z]+) ([^/`][^`]*)` \| .* \| ([\d, ]+) \| (served|next part) \|$", GUIDE, re.M
)
ADMIN = re.findall(r"^\| `([A-Z]+) (/admin/(?!servicebus)[^`]*)` \|", GUIDE, re.MULTILINE)


def test_the_guide_has_what_is_checked_here() -> None:
    assert (len(EXAMPLES), len(MANAGEMENT), len(ADMIN)) == (7, 19, 6)


def test_every_option_is_explained_as_it_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devhost", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=True,
    )

    offered = re.findall(r"^  (--\S+(?: \S+)?)", done.stdout, re.MULTILINE)
    explained = re.findall(r"^\| `(--[^`]+)` \|", GUIDE, re.MULTILINE)
    assert explained == offered


def test_every_example_runs_as_it_stands(tmp_path: Path) -> None:
    for number, example in enumerate(EXAMPLES):
        app = example.partition("\n")[0].removeprefix("# ")
        folder = shutil.copytree(ROOT / app, tmp_path / str(number))
        (folder / f"test_example_{number}.py").write_text(example, encoding="utf-8")
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert re.search(r"^10 passed", done.stdout, re.MULTILINE), done.stdout


def test_the_management_api_answers_as_the_table_says(tmp_path: Path) -> None:
    with LocalHost(APPS / "order_desk", state=tmp_path, settings=SETTINGS) as host:
        host.signal("stock", "oslo-pen", "add", 1)
        for method, path, answers, state in MANAGEMENT:
            status = asked(host, method, path)
            assert str(status) == answers.partition(",")[0], (method, path, status)
            assert (status == 501) == (state == "next part"), (method, path, status)


def asked(host: LocalHost, method: str, path: str) -> int:
    """What the request is answered when its instance is one that waits."""
    waiting = host.start("parcel_watch", input={"scans": 1})
    host.settle()
    if path.endswith("/resume"):
        host.suspend(waiting)
    names = {"name": "parcel_watch", "new": fresh("new"), "id": waiting, "event": "scan"}
    names |= {"entity": "stock", "key": "oslo-pen"}
    reply = host.request(method, f"{HOOKS}/{path.format(**names)}", json=1 if method == "POST" else None)
    return reply.status


def test_the_admin_api_answers_what_the_table_lists(tmp_path: Path) -> None:
    with LocalHost(APPS / "order_desk", state=tmp_path, settings=SETTINGS) as host:
        replies = [
            host.request(method, path.format(name="restock_at_night"), json={"input": ""}).status
            for method, path in ADMIN
        ]
        # What was set off by hand still runs: it has been answered with 202.
        host.settle()

    assert replies == [200, 200, 200, 200, 200, 202]

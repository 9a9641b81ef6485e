"""A person and a pipeline learn what is wrong with a catalogue."""

from io import StringIO
from pathlib import Path
from shutil import copytree

from dirigent.cli.catalogue_check import check

ROOT = Path(__file__).resolve().parents[4]


def test_says_what_is_declared() -> None:
    out = StringIO()

    status = check(ROOT / "catalogue", out)

    assert status == 0
    assert "nothing is wrong.\n" in out.getvalue()
    assert out.getvalue().startswith(f"{(ROOT / 'catalogue').relative_to(Path.cwd())}: ")
    assert "  content-creation: research \u2192 write \u2192 edit \u2192 publish\n" in out.getvalue()


def test_prints_each_mistake_as_an_editor_opens_it(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text("main: {deployment: gpt}\nmore: {deployment: 5}\n")
    out = StringIO()

    status = check(tmp_path, out)

    *lines, last = out.getvalue().splitlines()
    assert status == 1
    assert lines[-2].startswith(f"{tmp_path}/models.yaml:2: models.more.deployment: Must be a text")
    assert last == f"{tmp_path}: 3 mistakes; the app would not start with it."


def test_counts_accounts_where_there_are_any(tmp_path: Path) -> None:
    out = StringIO()
    copytree(ROOT / "catalogue", tmp_path, dirs_exist_ok=True)
    (tmp_path / "accounts.yaml").write_text("default: {limits: {minute: 5}}\nacme: {}\n")

    status = check(tmp_path, out)

    assert status == 0
    assert " workflows, 2 accounts" in out.getvalue()


def test_tells_who_hears_what(tmp_path: Path) -> None:
    out = StringIO()
    copytree(ROOT / "catalogue", tmp_path, dirs_exist_ok=True)
    (tmp_path / "subscriptions").mkdir(exist_ok=True)
    (tmp_path / "subscriptions" / "more.yaml").write_text(
        "one-of-many: {topic: papers, event: Asked, workflow: content-creation}\n"
        "one-of-all: {topic: papers, workflow: content-creation}\n"
    )

    status = check(tmp_path, out)

    assert status == 0
    assert " subscriptions; nothing is wrong." in out.getvalue()
    assert "  one-of-many: papers (type = 'Asked') → content-creation\n" in out.getvalue()
    assert "  one-of-all: papers (all events) → content-creation\n" in out.getvalue()


def test_prints_the_mistake_of_a_filter(tmp_path: Path) -> None:
    out = StringIO()
    copytree(ROOT / "catalogue", tmp_path, dirs_exist_ok=True)
    (tmp_path / "subscriptions").mkdir(exist_ok=True)
    (tmp_path / "subscriptions" / "more.yaml").write_text(
        "one-of-many:\n  topic: papers\n  workflow: content-creation\n  filter: color LIKE 'r%'\n"
    )

    status = check(tmp_path, out)

    first, *_ = out.getvalue().splitlines()
    assert status == 1
    assert first.startswith(
        f"{tmp_path}/subscriptions/more.yaml:4: subscriptions.one-of-many.filter: The filter cannot be used: "
    )


def test_prints_the_mistake_of_an_account(tmp_path: Path) -> None:
    out = StringIO()
    copytree(ROOT / "catalogue", tmp_path, dirs_exist_ok=True)
    (tmp_path / "accounts.yaml").write_text("default:\n  limits: {minute: fast}\n")

    status = check(tmp_path, out)

    first, *_ = out.getvalue().splitlines()
    assert status == 1
    assert first.startswith(f"{tmp_path}/accounts.yaml:2: accounts.default.limits.minute: Must be a whole")


def test_prints_that_there_is_no_such_folder(tmp_path: Path) -> None:
    out = StringIO()

    status = check(tmp_path / "none", out)

    assert status == 1
    assert "No such file or directory" in out.getvalue()


def test_counts_what_it_does_not_tell(tmp_path: Path) -> None:
    out = StringIO()
    (tmp_path / "models.yaml").write_text("a: 1\n" * 1_500)

    status = check(tmp_path, out)

    *told, more, last = out.getvalue().splitlines()
    assert (status, len(told), more) == (1, 200, "and 1,302 more")
    assert last == f"{tmp_path}: 1,502 mistakes; the app would not start with it."

"""What every store of artifacts does."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from dirigent.ports.artifacts import Artifact, Artifacts

Result = TypeVar("Result")

MARKDOWN = "text/markdown; charset=utf-8"


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


async def put(artifacts: Artifacts, *names: str) -> None:
    await asyncio.gather(*(artifacts.put(name, name.encode(), content_type="text/plain") for name in names))


async def names_left(artifacts: Artifacts, *names: str) -> list[str]:
    return [name for name in names if await artifacts.get(name) is not None]


@pytest.mark.parametrize(
    "name", ["a", "runs/1/article.md", "A-b_c.d/..e/f.json", ".hidden", "x.type", "a." * 90]
)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/plain; charset=utf-8", MARKDOWN, "application/json", "image/png"]
)
def test_gives_back_what_was_put_in(artifacts: Artifacts, name: str, content_type: str) -> None:
    content = bytes(range(256)) * 10

    address = run(artifacts.put(name, content, content_type=content_type))

    assert run(artifacts.get(name)) == Artifact(content=content, content_type=content_type)
    assert ":/" in address
    assert name in address


def test_keeps_an_empty_file(artifacts: Artifacts) -> None:
    run(artifacts.put("empty", b"", content_type=MARKDOWN))

    assert run(artifacts.get("empty")) == Artifact(content=b"", content_type=MARKDOWN)


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; boundary="=_a b"; type="text/x"',
        "application/vnd.x.y+json;profile=http://localhost/p?a=1&b=2",
        "TEXT/Plain;Charset=UTF-8",
        "application/octet-stream",
        f"text/x; long={'y' * 187}",
        "a/b;c",
    ],
)
def test_keeps_odd_types_to_the_letter(artifacts: Artifacts, content_type: str) -> None:
    run(artifacts.put("a.json", b"{}", content_type=content_type))

    assert run(artifacts.get("a.json")) == Artifact(content=b"{}", content_type=content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "",
            " ",
            "text",
            "/",
            "text/",
            "/plain",
            "text/plain/x",
            " text/plain",
            "text/plain ",
            "text plain/x",
        ),
        *(
            "text/plain;",
            "text/plain; ",
            "text/plain, text/html",
            "text/pläin",
            "text/plain; a=é",
            "text/\ud800",
        ),
        *("text/plain\n", "text/plain; a\r\nb: c", "text/plain;\ta=b", "text/plain; a=\0", "text/x; \x7f"),
        *(f"text/x; long={'y' * 188}", f"text/{'y' * 9_000}"),
    ],
    ids=lambda content_type: f"{content_type!a:.30}",
)
def test_refuses_a_type_that_not_every_store_gives_back(artifacts: Artifacts, content_type: str) -> None:
    with pytest.raises(ValueError, match="no content type"):
        run(artifacts.put("a.json", b"{}", content_type=content_type))
    assert run(artifacts.get("a.json")) is None


def test_keeps_twenty_megabytes(artifacts: Artifacts) -> None:
    content = bytes(range(256)) * 80_000

    run(artifacts.put("large", content, content_type="application/octet-stream"))
    found = run(artifacts.get("large"))

    assert found is not None
    assert found.content == content


def test_knows_no_file_that_nobody_wrote(artifacts: Artifacts) -> None:
    run(put(artifacts, "runs/1/a"))

    assert run(artifacts.get("runs/1/b")) is None
    assert run(artifacts.get("runs/1")) is None
    assert run(artifacts.get("other/1/b")) is None


def test_writes_over_what_was_there(artifacts: Artifacts) -> None:
    first = run(artifacts.put("a.md", b"long ago", content_type=MARKDOWN))
    second = run(artifacts.put("a.md", b"now", content_type="text/x-log"))

    assert first == second
    assert run(artifacts.get("a.md")) == Artifact(content=b"now", content_type="text/x-log")


@pytest.mark.parametrize("kinds", [("text/a", "text/b", MARKDOWN), (MARKDOWN, "text/a", "text/b")])
def test_one_content_changes_its_type(artifacts: Artifacts, kinds: tuple[str, ...]) -> None:
    seen = []
    for kind in kinds:
        run(artifacts.put("a.md", b"same", content_type=kind))
        seen.append(run(artifacts.get("a.md")))

    assert [artifact and artifact.content_type for artifact in seen] == list(kinds)


def test_of_many_writers_at_once_one_wins_whole(artifacts: Artifacts) -> None:
    async def work() -> list[Artifact | None]:
        async def write(number: int) -> Artifact | None:
            content = str(number).encode() * 10_000
            await artifacts.put("a", content, content_type=f"text/x-{number}")
            return await artifacts.get("a")

        return list(await asyncio.gather(*map(write, range(8))))

    for artifact in run(work()):
        assert artifact is not None
        number = artifact.content_type.removeprefix("text/x-")
        assert artifact.content == number.encode() * 10_000


def test_removes_what_lies_under_a_prefix_and_nothing_else(artifacts: Artifacts) -> None:
    names = ("runs/1/a.md", "runs/1/steps/b", "runs/1/steps/c/d", "runs/10/a", "runs/1.md", "other/runs/1/a")
    run(put(artifacts, *names))

    removed = run(artifacts.delete_under("runs/1/"))

    assert removed == 3
    assert run(names_left(artifacts, *names)) == ["runs/10/a", "runs/1.md", "other/runs/1/a"]
    assert run(artifacts.delete_under("runs/1/")) == 0


def test_removes_hundreds_at_once(artifacts: Artifacts) -> None:
    names = [f"runs/1/{number % 7}/{number}" for number in range(230)]
    run(put(artifacts, *names, "runs/2/a"))

    removed = run(artifacts.delete_under("runs/1/"))

    assert removed == len(names)
    assert run(names_left(artifacts, *names[::10], "runs/2/a")) == ["runs/2/a"]


@pytest.mark.parametrize("name", ["a./b.", "a/b", "a", "a.", "a./b"])
def test_dots_at_ends_tell_names_apart(artifacts: Artifacts, name: str) -> None:
    run(artifacts.put(f"{name}./file", b"other", content_type="text/plain"))
    run(artifacts.put(f"{name}/file", b"this", content_type="text/plain"))

    removed = run(artifacts.delete_under(f"{name}/"))

    assert removed == 1
    assert run(names_left(artifacts, f"{name}./file", f"{name}/file")) == [f"{name}./file"]


def test_what_was_removed_can_be_written_again(artifacts: Artifacts) -> None:
    run(artifacts.put("runs/1/a", b"first", content_type="image/png"))
    run(artifacts.delete_under("runs/"))
    run(artifacts.put("runs/1/a", b"first", content_type="text/plain"))

    assert run(artifacts.get("runs/1/a")) == Artifact(content=b"first", content_type="text/plain")


def test_writing_and_removing_at_once_harms_neither(artifacts: Artifacts) -> None:
    async def work() -> Artifact | None:
        for _ in range(20):
            await asyncio.gather(put(artifacts, "runs/1/x/y/a"), artifacts.delete_under("runs/1/"))
        await put(artifacts, "runs/1/x/y/a")
        return await artifacts.get("runs/1/x/y/a")

    assert run(work()) == Artifact(content=b"runs/1/x/y/a", content_type="text/plain")


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/..", "/etc/passwd"),
        *("a b", "a\\b", "é", "a\n", "a\0", "a~", "~", "C:", "a%2e", "x" * 201, "a/" * 250 + "a"),
    ],
    ids=ascii,
)
def test_refuses_a_name_that_could_lead_anywhere(artifacts: Artifacts, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        run(artifacts.put(name, b"", content_type="text/plain"))
    with pytest.raises(ValueError, match="name"):
        run(artifacts.get(name))
    with pytest.raises(ValueError, match="name"):
        run(artifacts.delete_under(f"{name}/"))


@pytest.mark.parametrize("prefix", ["", "runs", "/", "../"])
def test_refuses_to_remove_under_what_is_no_prefix(artifacts: Artifacts, prefix: str) -> None:
    run(put(artifacts, "runs/1"))

    with pytest.raises(ValueError, match="name"):
        run(artifacts.delete_under(prefix))
    assert run(names_left(artifacts, "runs/1")) == ["runs/1"]


def test_serves_callers_of_several_loops_at_once(artifacts: Artifacts) -> None:
    async def work(number: int) -> Artifact | None:
        await artifacts.put(f"runs/{number}", b"mine", content_type=f"text/x-{number}")
        return await artifacts.get(f"runs/{number}")

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda number: run(work(number)), range(6)))

    assert found == [Artifact(content=b"mine", content_type=f"text/x-{number}") for number in range(6)]


def test_a_closed_store_opens_again(artifacts: Artifacts) -> None:
    run(put(artifacts, "a"))
    artifacts.close()
    artifacts.close()

    assert run(artifacts.get("a")) == Artifact(content=b"a", content_type="text/plain")


def test_a_cancelled_caller_harms_nobody(artifacts: Artifacts) -> None:
    async def work() -> Artifact | None:
        task = asyncio.create_task(put(artifacts, "a"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await put(artifacts, "b")
        return await artifacts.get("b")

    assert run(work()) == Artifact(content=b"b", content_type="text/plain")

"""Artifacts as files in a folder; what every store does is told in tests/contract."""

import asyncio
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.ports.artifacts import ArtifactsUnavailable

MARKDOWN = "text/markdown; charset=utf-8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "artifacts"


@pytest.fixture
def artifacts(folder: Path) -> FileArtifacts:
    return FileArtifacts(folder)


def put(artifacts: FileArtifacts, name: str, content_type: str = MARKDOWN) -> str:
    return asyncio.run(artifacts.put(name, b"content", content_type=content_type))


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_makes_nothing_before_it_is_used(artifacts: FileArtifacts, folder: Path) -> None:
    assert asyncio.run(artifacts.get("a")) is None
    assert asyncio.run(artifacts.delete_under("a/")) == 0
    assert not folder.parent.exists()


def test_the_address_leads_to_the_file(artifacts: FileArtifacts, folder: Path) -> None:
    address = urlparse(put(artifacts, "runs/1/a.md"))

    assert address.scheme == "file"
    assert Path(url2pathname(address.path)) == (folder / "runs/1/a.md").resolve()
    assert Path(url2pathname(address.path)).read_bytes() == b"content"


def test_a_usual_type_needs_no_note(artifacts: FileArtifacts, folder: Path) -> None:
    put(artifacts, "a.md")
    put(artifacts, "b.json", "application/json")
    put(artifacts, "c.txt", "text/plain; charset=utf-8")

    assert everything(folder) == ["a.md", "b.json", "c.txt"]


def test_leaves_no_empty_folder_and_no_note(artifacts: FileArtifacts, folder: Path) -> None:
    put(artifacts, "runs/1/deep/er/a.md", "text/x-unusual")
    put(artifacts, "runs/1/b.md")
    put(artifacts, "kept/c.md")

    asyncio.run(artifacts.delete_under("runs/1/"))

    assert everything(folder) == ["kept", "kept/c.md"]


def test_writes_into_a_folder_that_was_removed_meanwhile(artifacts: FileArtifacts, folder: Path) -> None:
    put(artifacts, "runs/1/a.md")
    asyncio.run(FileArtifacts(folder).delete_under("runs/"))

    put(artifacts, "runs/1/a.md")

    assert (folder / "runs/1/a.md").read_bytes() == b"content"


def test_removes_what_a_killed_writer_left(artifacts: FileArtifacts, folder: Path) -> None:
    put(artifacts, "runs/1/a.md")
    (folder / "runs/1/b.md.0123456789abcdef~").write_bytes(b"half")

    removed = asyncio.run(artifacts.delete_under("runs/1/"))

    assert removed == 1
    assert everything(folder) == []


def test_what_a_killed_writer_noted_changes_nothing(artifacts: FileArtifacts, folder: Path) -> None:
    put(artifacts, "a.md", "text/x-old")
    other = FileArtifacts(folder)
    asyncio.run(other.put("b.md", b"new", content_type="text/x-new"))
    # The note of new content is there, the content is not yet.
    note, theirs = folder / "a.md.type~", folder / "b.md.type~"
    note.write_bytes(note.read_bytes()[:-1] + b"," + theirs.read_bytes()[1:])

    found = asyncio.run(artifacts.get("a.md"))

    assert found is not None
    assert (found.content, found.content_type) == (b"content", "text/x-old")


@pytest.mark.parametrize("name", ["a/b", "a/b/c/d"])
def test_refuses_a_file_under_a_file(artifacts: FileArtifacts, name: str) -> None:
    put(artifacts, "a")

    with pytest.raises(ValueError, match="a file stands where it needs a folder"):
        put(artifacts, name)


@pytest.mark.parametrize("content_type", [MARKDOWN, "text/x-unusual"])
def test_refuses_a_file_in_place_of_a_folder(
    artifacts: FileArtifacts, folder: Path, content_type: str
) -> None:
    put(artifacts, "a/b.md")

    with pytest.raises(ValueError, match="or a folder where it would stand"):
        put(artifacts, "a", content_type)
    assert (folder / "a/b.md").read_bytes() == b"content"
    assert not [name for name in everything(folder) if "type" not in name and "~" in name]


def test_does_not_follow_a_link_out_of_its_folder(
    artifacts: FileArtifacts, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_bytes(b"secret")
    put(artifacts, "runs/1/a.md")
    (folder / "runs/1/link").symlink_to(outside)
    (folder / "runs/1/b.md").symlink_to(outside / "secret.md")

    for name in ("runs/1/link/secret.md", "runs/1/b.md"):
        with pytest.raises(ArtifactsUnavailable, match="outside"):
            asyncio.run(artifacts.get(name))
    for name in ("runs/1/link/new.md", "runs/1/link/further/new.md"):
        with pytest.raises(ArtifactsUnavailable, match="outside"):
            put(artifacts, name)
    with pytest.raises(ArtifactsUnavailable, match="outside"):
        asyncio.run(artifacts.delete_under("runs/1/link/"))
    put(artifacts, "runs/1/b.md")
    asyncio.run(artifacts.delete_under("runs/"))

    assert everything(outside) == ["secret.md"]
    assert (outside / "secret.md").read_bytes() == b"secret"
    assert everything(folder) == []


def test_says_what_is_wrong_with_the_folder(artifacts: FileArtifacts, folder: Path) -> None:
    folder.parent.mkdir()
    # A link to itself is what even a superuser cannot pass.
    folder.symlink_to(folder)

    with pytest.raises(ArtifactsUnavailable, match="free space") as refused:
        put(artifacts, "a.md")
    assert str(folder) in str(refused.value)

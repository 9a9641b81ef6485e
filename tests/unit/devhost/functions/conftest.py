"""Tiny apps, written where a test wants them and unloaded when it ends."""

import asyncio
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devhost.functions.loading import LoadedApp, load
from devhost.functions.settings import AppSettings

IMPORTS = """
import azure.functions as func
import azure.durable_functions as df
from typing import *
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""

Write = Callable[..., Path]
Load = Callable[..., LoadedApp]


@pytest.fixture
def write_app(tmp_path: Path) -> Write:
    """Writes an app of one module; other files come by name, dots in it written as two underscores."""

    def write(source: str, *, bare: bool = False, values: dict[str, str] | None = None, **files: str) -> Path:
        (tmp_path / "host.json").write_text('{"version": "2.0"}')
        if values is not None:
            (tmp_path / "local.settings.json").write_text(json.dumps({"Values": values}))
        (tmp_path / "function_app.py").write_text(
            ("" if bare else IMPORTS) + textwrap.dedent(source), encoding="utf-8"
        )
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def load_app(write_app: Write) -> Iterator[Load]:
    """Writes an app and loads it."""
    loaded: list[LoadedApp] = []

    def load_it(source: str, **options: object) -> LoadedApp:
        folder = write_app(source, **options)
        app = asyncio.run(load(AppSettings.read(folder)))
        loaded.append(app)
        return app

    yield load_it
    for app in reversed(loaded):
        app.unload()

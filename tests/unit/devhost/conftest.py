"""Tiny apps, written where a test wants to host them."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

IMPORTS = """
import azure.functions as func
import azure.durable_functions as df
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""

MakeApp = Callable[..., Path]


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """Writes an app of one module into a folder of its own; its two settings files may be given as text."""

    def make(
        source: str, *, name: str = "app", host_json: str = '{"version": "2.0"}', settings: str | None = None
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "host.json").write_text(host_json, encoding="utf-8")
        (folder / "function_app.py").write_text(IMPORTS + textwrap.dedent(source), encoding="utf-8")
        if settings is not None:
            (folder / "local.settings.json").write_text(settings, encoding="utf-8")
        return folder

    return make

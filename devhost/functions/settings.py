"""local.settings.json and host.json, read once at the door."""

import json
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from devhost.functions import commented_json
from devhost.functions.bus_settings import BusSettings
from devhost.functions.durable_settings import DurableSettings
from devhost.functions.refusals import MissingSetting, SettingsRefused
from devhost.functions.time_spans import time_span

_REFERENCE = re.compile(r"%([^%\s]+)%")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What the two files say; the process's environment goes before `values`."""

    app_dir: Path
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    host_json: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    port: int | None = None
    cors: tuple[str, ...] = ()
    cors_credentials: bool = False
    route_prefix: str = "api"
    durable: DurableSettings = field(default_factory=DurableSettings)
    bus: BusSettings = field(default_factory=BusSettings)
    #: None: no limit was set.
    function_timeout: timedelta | None = None
    #: What the files say otherwise than was probably meant.
    warnings: tuple[str, ...] = ()

    @classmethod
    def read(cls, app_dir: Path, settings_file: Path | None = None) -> "AppSettings":
        """Read host.json and local.settings.json of an app; another file may stand in for the latter."""
        app_dir = app_dir.resolve()
        local_file = settings_file or app_dir / "local.settings.json"
        if settings_file is not None and not settings_file.is_file():
            raise SettingsRefused(settings_file, "there is no such file", "name a file that exists")
        local = _local_settings(local_file)
        host_section = local.host
        host_file = app_dir / "host.json"
        host_json = _host_json(host_file)
        extensions = _section(host_file, host_json, "extensions")
        durable = DurableSettings.read(host_file, _section(host_file, extensions, "durableTask"))
        settings = cls(
            app_dir=app_dir,
            values=MappingProxyType(local.values),
            host_json=MappingProxyType(host_json),
            port=_port(local_file, host_section.get("LocalHttpPort")),
            cors=_origins(host_section.get("CORS")),
            cors_credentials=bool(host_section.get("CORSCredentials", False)),
            route_prefix=str(_section(host_file, extensions, "http").get("routePrefix", "api")).strip("/"),
            bus=BusSettings.read(host_file, _section(host_file, extensions, "serviceBus")),
            function_timeout=_timeout(host_file, host_json.get("functionTimeout")),
            warnings=local.warnings,
        )
        hub_name = settings.resolve(durable.hub_name, function="host.json", attribute="hubName")
        return replace(settings, durable=durable.named(host_file, hub_name))

    @property
    def hub_name(self) -> str:
        return self.durable.hub_name

    def apply(self, environ: MutableMapping[str, str]) -> Callable[[], None]:
        """Lay the values under the environment, as Core Tools does; the answer undoes it."""
        wanted = {
            "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            **self.values,
        }
        before = dict(environ)
        for name, value in wanted.items():
            environ.setdefault(name, value)
        environ["AzureWebJobsScriptRoot"] = str(self.app_dir)

        def undo() -> None:
            for name in [*wanted, "AzureWebJobsScriptRoot"]:
                if name in before:
                    environ[name] = before[name]
                else:
                    environ.pop(name, None)

        return undo

    def resolve(
        self, text: str, *, function: str, attribute: str, environ: Mapping[str, str] | None = None
    ) -> str:
        """The text with each `%NAME%` replaced by that setting."""
        process = os.environ if environ is None else environ

        def value_of(reference: re.Match[str]) -> str:
            name = reference.group(1)
            for source in (process, self.values):
                # Azure's configuration ignores case; the exact spelling goes first.
                found = source.get(name) or _ignoring_case(source, name)
                if found:
                    return found
            raise MissingSetting(name, function=function, attribute=attribute)

        return _REFERENCE.sub(value_of, text)

    def disabling(self, function: str, environ: Mapping[str, str] | None = None) -> str | None:
        """The setting that switches the function off, None when it is on."""
        process = os.environ if environ is None else environ
        # With underscores where an environment does not allow dots, as on Azure's Linux plans.
        for name in (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs__{function}__Disabled"):
            for source in (process, self.values):
                value = _ignoring_case(source, name)
                if value is not None and value.strip().lower() in {"true", "1"}:
                    return name
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _LocalSettings:
    """What local.settings.json says."""

    values: dict[str, str] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    warnings: tuple[str, ...] = ()


def _ignoring_case(source: Mapping[str, Any], name: str) -> Any:
    wanted = name.lower()
    return next((value for key, value in source.items() if key.lower() == wanted), None)


def _parse(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"this is not UTF-8 text: {error.reason} at byte {error.start}"
        raise SettingsRefused(file, problem, "save the file as UTF-8") from error
    try:
        content = commented_json.parse(text)
    except json.JSONDecodeError as error:
        raise SettingsRefused(
            file,
            f"this is not JSON: {error.msg}",
            _json_remedy(text, error),
            line=error.lineno,
            column=error.colno,
        ) from error
    if not isinstance(content, dict):
        raise SettingsRefused(file, "a JSON object is expected", "put everything between { and }", line=1)
    return text, content


def _json_remedy(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "the file is empty: write a JSON object, { … }, or delete the file"
    if text[error.pos : error.pos + 1] == "'":
        return "JSON knows no single quotes: write \"…\" in place of '…'"
    return "mend the file at this place or just before it"


def _local_settings(file: Path) -> _LocalSettings:
    if not file.is_file():
        return _LocalSettings()
    text, content = _parse(file)
    # Core Tools reads the names of members in any case.
    if _ignoring_case(content, "IsEncrypted") is True:
        raise SettingsRefused(
            file,
            "the settings are encrypted with a key of Core Tools",
            "run `func settings decrypt`, or set IsEncrypted to false and enter the values in plain text",
            line=commented_json.line_of(text, "IsEncrypted"),
        )
    values = _section(file, content, "Values")
    warnings: tuple[str, ...] = ()
    if _ignoring_case(content, "Values") is None:
        warnings = (f'{file} has no "Values": nothing is set. Write {{"Values": {{"NAME": "value"}}}}.',)
    for name, value in values.items():
        if not isinstance(value, str):
            raise SettingsRefused(
                file,
                f"the value of {name!r} under Values must be a string, not {json.dumps(value)}",
                f"write {json.dumps(value if isinstance(value, str) else json.dumps(value))}",
                line=commented_json.line_of(text, name),
            )
    return _LocalSettings(values=dict(values), host=_section(file, content, "Host"), warnings=warnings)


def _host_json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise SettingsRefused(
            file,
            "there is no host.json, so this folder is not a function app",
            'name the app\'s folder with --app, or create the file with {"version": "2.0"}',
        )
    text, content = _parse(file)
    if content.get("version") != "2.0":
        raise SettingsRefused(
            file,
            f"'version' is {json.dumps(content.get('version'))}, the Functions host wants \"2.0\"",
            'write "version": "2.0"',
            line=commented_json.line_of(text, "version"),
        )
    return content


def _section(file: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content[name] if name in content else _ignoring_case(content, name)
    if section is None:
        return _NOTHING
    if not isinstance(section, dict):
        raise SettingsRefused(file, f"{name!r} must be a JSON object", f'write "{name}": {{ … }}')
    return section


def _port(file: Path, value: Any) -> int | None:
    if value is None:
        return None
    if str(value).isdecimal() and 0 < int(value) < 65536:
        return int(value)
    raise SettingsRefused(
        file, f"Host.LocalHttpPort is {value!r}", "write a port from 1 to 65535, such as 7071"
    )


def _origins(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        return ()
    return tuple(origin.strip() for origin in value.split(",") if origin.strip())


def _timeout(file: Path, value: Any) -> timedelta | None:
    # -1 is the host's word for "no limit".
    return None if value is None or value == "-1" else time_span(file, "functionTimeout", value)

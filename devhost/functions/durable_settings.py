"""host.json's durableTask section: hub, versions and limits."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from devhost.engine.versions import OnMismatch, Strategy, VersionPolicy
from devhost.functions.refusals import SettingsRefused

#: What Azure Storage can name its queues and tables after; other providers take other names.
_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}")
_AZURE_STORAGE = "azurestorage"

#: Members that shape Azure's storage, network or tracing and mean nothing on one machine.
ELSEWHERE = frozenset(
    {
        "extendedsessionsenabled",
        "extendedsessionidletimeoutinseconds",
        "httpsettings",
        "localrpcendpointenabled",
        "maxconcurrententityfunctions",
        "maxentityoperationbatchsize",
        "maxgrpcmessagesizeinbytes",
        "maxorchestrationactions",
        "notifications",
        "overridableexistinginstancestates",
        "rollbackentityoperationsonexceptions",
        "storageprovider",
        "storereplayevents",
        "tracing",
        "usegracefulshutdown",
        "entitymessagereorderwindowinminutes",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableSettings:
    """What the section says; None where it is silent."""

    hub_name: str = "TestHubName"
    versions: VersionPolicy = field(default_factory=VersionPolicy)
    most_activities: int | None = None
    most_orchestrators: int | None = None
    #: Where Azure would keep the hub, in lower case.
    provider: str = _AZURE_STORAGE
    #: Members this host passes over, as they are written.
    passed_over: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path, section: Mapping[str, Any]) -> "DurableSettings":
        """Read the section of one host.json; its names ignore case as Azure's do."""
        said = {name.lower(): (name, value) for name, value in section.items()}

        def take(name: str) -> Any:
            return said.pop(name.lower(), (name, None))[1]

        return cls(
            hub_name=str(take("hubName") or cls.__dataclass_fields__["hub_name"].default),
            versions=VersionPolicy(
                own=str(take("defaultVersion") or ""),
                strategy=_one_of(
                    Strategy, file, "versionMatchStrategy", take("versionMatchStrategy"), "CurrentOrOlder"
                ),
                on_mismatch=_one_of(
                    OnMismatch, file, "versionFailureStrategy", take("versionFailureStrategy"), "Reject"
                ),
            ),
            most_activities=_limit(
                file, "maxConcurrentActivityFunctions", take("maxConcurrentActivityFunctions")
            ),
            most_orchestrators=_limit(
                file, "maxConcurrentOrchestratorFunctions", take("maxConcurrentOrchestratorFunctions")
            ),
            provider=_provider(said),
            passed_over=tuple(written for written, _ in said.values()),
        )

    def named(self, file: Path, hub_name: str) -> "DurableSettings":
        """The settings with the hub's name in full; one that Azure Storage cannot take is refused."""
        if self.provider == _AZURE_STORAGE and not _HUB_NAME.fullmatch(hub_name):
            raise SettingsRefused(
                file,
                f"durableTask.hubName is {json.dumps(hub_name)}, which Azure does not take",
                "write 3 to 45 letters and digits, the first of them a letter",
            )
        return replace(self, hub_name=hub_name)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Members that Azure does not know either, as far as this host can tell."""
        return tuple(name for name in self.passed_over if name.lower() not in ELSEWHERE)


def _provider(said: Mapping[str, tuple[str, Any]]) -> str:
    _, section = said.get("storageprovider", ("", None))
    members = {name.lower(): value for name, value in section.items()} if isinstance(section, dict) else {}
    return str(members.get("type") or _AZURE_STORAGE).lower()


def _one_of(kind: Any, file: Path, name: str, value: Any, otherwise: str) -> Any:
    if value is None:
        return otherwise
    for allowed in get_args(kind):
        if str(value).lower() == allowed.lower():
            return allowed
    offered = ", ".join(get_args(kind))
    raise SettingsRefused(file, f"durableTask.{name} is {json.dumps(value)}", f"write one of {offered}")


def _limit(file: Path, name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise SettingsRefused(
        file, f"durableTask.{name} is {json.dumps(value)}", "write a whole number from 1 up"
    )

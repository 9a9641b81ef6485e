"""host.json's serviceBus section: how many messages at a time, and how long they stay locked."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from devhost.functions.refusals import SettingsRefused
from devhost.functions.time_spans import time_span

#: Azure's own number for each core.
_CALLS_A_CORE = 16


def _usual_calls() -> int:
    return _CALLS_A_CORE * (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSettings:
    """What the section says, with Azure's own values where it is silent."""

    #: Calls at a time of one function that takes its messages one by one.
    most_calls: int = field(default_factory=_usual_calls)
    #: Messages in one call of a function that takes many.
    largest_batch: int = 1000
    #: How long after its receipt a message's lock is renewed while the function runs.
    longest_renewal: timedelta = timedelta(minutes=5)

    @classmethod
    def read(cls, file: Path, section: Mapping[str, Any]) -> "BusSettings":
        """Read the section of one host.json; its names ignore case as Azure's do."""
        said = {name.lower(): value for name, value in section.items()}
        if said.get("autocompletemessages") not in {None, True}:
            raise SettingsRefused(
                file,
                "serviceBus.autoCompleteMessages is false, and Python functions cannot settle messages",
                "leave it out, or write true: whoever returns has completed the message",
            )
        usual = cls()
        renewal = said.get("maxautolockrenewalduration")
        return cls(
            most_calls=_count(file, "maxConcurrentCalls", said, usual.most_calls),
            largest_batch=_count(file, "maxMessageBatchSize", said, usual.largest_batch),
            longest_renewal=usual.longest_renewal
            if renewal is None
            else time_span(file, "serviceBus.maxAutoLockRenewalDuration", renewal),
        )


def _count(file: Path, name: str, said: Mapping[str, Any], otherwise: int) -> int:
    value = said.get(name.lower())
    if value is None:
        return otherwise
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise SettingsRefused(file, f"serviceBus.{name} is {json.dumps(value)}", "write a whole number from 1 up")

"""The checkout's app in a process of its own, on what the story stands on."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import surroundings
from mortal_host import MortalHost

#: The checkout, as seen from the folder of the test apps.
APP = "../.."


class MortalApp(MortalHost):
    """A model that is a process of its own outlives the host, and ends when the host is stopped."""

    def __init__(self, folder: Path, settings: Mapping[str, str], replay: str = "sticky") -> None:
        self._leave = ExitStack()
        given = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", **settings}
        self.settings = self._leave.enter_context(surroundings.present().apart(folder, given))
        super().__init__(APP, folder, self.settings, replay)

    def stop(self) -> None:
        with self._leave:
            super().stop()

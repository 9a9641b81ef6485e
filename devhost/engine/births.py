"""How instances come to be, and how what is left of ended ones goes."""

import re
from datetime import datetime

from devhost.engine import history
from devhost.engine.endings import Endings
from devhost.engine.errors import InvalidInstanceId
from devhost.engine.instances import Instance, Parent
from devhost.engine.messages import StartChild
from devhost.engine.resources import Resources
from devhost.storage import queries
from devhost.storage.tables import HISTORY, INSTANCES, PROGRESS

LONGEST_ID = 256
#: The last range is halves of surrogate pairs, which no file can hold.
_FORBIDDEN_IN_IDS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_id(instance_id: str) -> None:
    """Refuse an id that Azure refuses."""
    if not instance_id:
        raise InvalidInstanceId(instance_id, "is empty")
    if len(instance_id) > LONGEST_ID:
        raise InvalidInstanceId(instance_id[:40] + "…", f"is longer than {LONGEST_ID} characters")
    if instance_id.startswith("@"):
        raise InvalidInstanceId(instance_id, "starts with '@', which is kept for entities")
    if _FORBIDDEN_IN_IDS.search(instance_id):
        raise InvalidInstanceId(instance_id, "holds one of / \\ # ? or a control character")


class Births:
    """Opens instances, for clients and for parents."""

    def __init__(self, resources: Resources, live: dict[str, Instance], endings: Endings) -> None:
        self._resources = resources
        self._live = live
        self._endings = endings
        #: Instances that ended since the last commit, and how many parts their histories have.
        self.fading: dict[str, int] = {}

    def note_end(self, instance: Instance) -> None:
        """Remember an end that the file does not show yet."""
        if not self.fading:
            self._resources.commits.then(self.fading.clear)
        self.fading[instance.id] = instance.parts

    def open(
        self,
        name: str,
        instance_id: str,
        *,
        input_json: str | None,
        version: str | None,
        parent: Parent | None = None,
        at: datetime | None = None,
        is_new: bool = False,
    ) -> None:
        """Begin an instance, now or later; an ended one of that id is gone, which a new id spares."""
        if not is_new and self._is_left(instance_id):
            self.erase(instance_id)
        when = self._resources.stamp()
        instance = Instance(
            id=instance_id,
            name=name,
            version=self._resources.versions.own if version is None else version,
            execution=self._resources.identities.next(),
            status="Pending",
            input_json=input_json,
            created=when,
            updated=when,
            parent=parent,
        )
        self._live[instance_id] = instance
        self._resources.journal.born(instance)
        self._endings.open(instance, at=at)

    def _is_left(self, instance_id: str) -> bool:
        return instance_id in self.fading or queries.instance(self._resources.store, instance_id) is not None

    def open_child(self, child: StartChild, parent: Parent, instance_id: str) -> None:
        """Begin a sub-orchestration, or tell the parent why it cannot begin."""
        existing = self._live.get(instance_id)
        refusal = None
        if existing is not None:
            refusal = f"An Orchestration instance with the status {existing.status} already exists."
        elif child.instance_id is not None:
            try:
                check_id(instance_id)
            except InvalidInstanceId as error:
                refusal = str(error)
        if refusal is None:
            self.open(
                child.name, instance_id, input_json=child.input_json, version=child.version, parent=parent
            )
            return
        event = history.child_failed(self._resources.stamp(), child.id, refusal)
        self._endings.report(parent.instance_id, parent.execution_id, event)

    def erase(self, instance_id: str) -> None:
        """Drop every row of an ended instance."""
        parts = self.fading.get(instance_id)
        if parts is None:
            parts = queries.parts(self._resources.store, instance_id)
        for part in range(parts):
            self._resources.drop(HISTORY, (instance_id, part))
        self._resources.drop(INSTANCES, (instance_id,))
        self._resources.drop(PROGRESS, (instance_id,))

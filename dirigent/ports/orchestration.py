"""What orchestrators may ask of the durable host."""

from collections.abc import Generator
from datetime import datetime
from typing import Any, Protocol

#: A generator that yields durable tasks and is sent their results.
Steps = Generator[Any, Any, Any]


class Context(Protocol):
    """The part of the Durable SDK's context that is used here."""

    @property
    def instance_id(self) -> str: ...
    @property
    def current_utc_datetime(self) -> datetime: ...
    def get_input(self) -> Any: ...
    def call_activity(self, name: str, input_: Any = None) -> Any: ...
    def set_custom_status(self, status: Any) -> None: ...
    def create_timer(self, fire_at: datetime) -> Any: ...
    def call_entity(self, entityId: Any, operationName: str, operationInput: Any = None) -> Any: ...  # noqa: N803
    def signal_entity(self, entityId: Any, operationName: str, operationInput: Any = None) -> Any: ...  # noqa: N803
    def task_all(self, activities: list[Any]) -> Any: ...

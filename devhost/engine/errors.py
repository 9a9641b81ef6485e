"""Why the hub refuses a request.

HubError
├── InvalidRequest          the caller must correct the request
│   ├── UnknownFunction
│   └── InvalidInstanceId
├── InstanceNotFound        the caller names what is not there
├── InstanceEnded           the caller came too late
└── InstanceConflict        the instance's present state forbids it
"""

from difflib import get_close_matches


class HubError(Exception):
    """A request the hub refused; nothing was changed."""


class InvalidRequest(HubError):
    """The request itself is wrong."""


class UnknownFunction(InvalidRequest):
    """No function of that kind has that name."""

    def __init__(
        self, kind: str, name: str, known: tuple[str, ...], *, registered_as: str | None = None
    ) -> None:
        self.kind, self.name, self.known, self.registered_as = kind, name, known, registered_as
        offered = ", ".join(sorted(known)) or f"no {kind} functions"
        super().__init__(
            f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function. "
            f"Additional info: the following are the known {kind} functions: {offered}.{self._hint()}"
        )

    def _hint(self) -> str:
        """What was probably meant, as far as one can tell."""
        if self.registered_as is not None:
            return (
                f" The Python function '{self.name}' is registered as '{self.registered_as}': "
                f"call it by that name, '{self.registered_as}', as text."
            )
        spellings = {name.casefold(): name for name in self.known}
        near = get_close_matches(self.name.casefold(), spellings, n=1)
        return f" Did you mean '{spellings[near[0]]}'?" if near else ""


class InvalidInstanceId(InvalidRequest):
    """The instance id breaks a rule of Azure's."""

    def __init__(self, instance_id: str, rule: str) -> None:
        self.instance_id, self.rule = instance_id, rule
        super().__init__(f"The instance id {instance_id!r} {rule}.")


class InstanceNotFound(HubError):
    """No instance has that id."""

    def __init__(self, instance_id: str) -> None:
        self.instance_id = instance_id
        super().__init__(f"No instance with ID '{instance_id}' found.")


class InstanceEnded(HubError):
    """The instance has reached its end already."""

    def __init__(self, instance_id: str, status: str) -> None:
        self.instance_id, self.status = instance_id, status
        super().__init__(f"The instance '{instance_id}' is {status} and takes no more messages.")


class InstanceConflict(HubError):
    """The instance's present status forbids the request."""

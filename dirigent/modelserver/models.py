"""The deployments there are."""

from dirigent import codec
from dirigent.modelserver.errors import unknown_model

#: What is listed where any name will do.
ANY = ("scripted",)


class Models:
    """Those the script names; where it names none, every name is one."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def demand(self, name: str) -> None:
        """Refuse a name that is none."""
        if self._names and name not in self._names:
            raise unknown_model(name)

    def listed(self) -> bytes:
        """All of them, as the wire has it."""
        return codec.to_json({"object": "list", "data": [_told(name) for name in self._names or ANY]})

    def shown(self, name: str) -> bytes:
        """One of them; an `ApiError` where there is no such."""
        self.demand(name)
        return codec.to_json(_told(name))


def _told(name: str) -> dict[str, object]:
    # Nobody made it: it has been there since time began.
    return {"id": name, "object": "model", "created": 0, "owned_by": "dirigent"}

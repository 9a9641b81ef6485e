"""Where Azure Service Bus is reached."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """One namespace, and how requests are vouched for."""

    #: Such as `https://NAME.servicebus.windows.net`, without a slash at its end.
    url: str
    #: Of a shared access policy; None without a key.
    key_name: str | None = None
    key: str | None = field(default=None, repr=False)
    #: Without a key: whoever runs the app signs in, unless it asks nobody who they are.
    signs_in: bool = False
    #: Of the user-assigned identity to sign in with; None for the usual one.
    client_id: str | None = None

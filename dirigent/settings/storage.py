"""Where Azure Storage is reached."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One account: with a connection string, or by its addresses and whoever runs the app."""

    connection: str | None = field(default=None, repr=False)
    #: Such as `https://NAME.table.core.windows.net`; None where a connection string says it.
    tables: str | None = None
    blobs: str | None = None
    #: Of the user-assigned identity to sign in with; None for the usual one.
    client_id: str | None = None
    #: Small letters and digits that tables and the container begin with: two apps may share an account.
    prefix: str = "dirigent"

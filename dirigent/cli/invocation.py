"""How this command line is called here, for hints one can copy."""

import shlex
from pathlib import Path


def invocation(executable: str, folder: Path) -> str:
    """The command as one types it in the folder, with the interpreter that runs."""
    path = Path(executable or "python")
    # Not resolved: the interpreter of a virtual environment is a link out of it.
    typed = path.relative_to(folder) if path.is_relative_to(folder) else path
    return f"{shlex.quote(str(typed))} -m dirigent.cli"

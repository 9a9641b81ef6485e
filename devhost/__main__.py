"""`python -m devhost`: run an app until it is told to stop."""

import sys

_REMEDY = "run `make setup` in the folder of devhost and use its .venv/bin/python"

if __name__ == "__main__":
    # Before the rest is imported, which older Pythons cannot read.
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever types the command may have any Python
        sys.exit(f"devhost needs Python 3.11 or 3.12, this is {sys.version.split()[0]}: {_REMEDY}.")
    import asyncio

    try:
        from devhost import service
        from devhost.options import parse
    except ModuleNotFoundError as error:
        if (error.name or "devhost").startswith("devhost"):
            raise
        sys.exit(f"This Python, {sys.executable}, has no package {error.name!r}: {_REMEDY}.")
    service.leave(asyncio.run(service.serve(parse(sys.argv[1:]))))

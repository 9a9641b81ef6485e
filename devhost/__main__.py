"""`python -m devhost`: run an app until it is told to stop."""

import asyncio
import sys

from devhost import service
from devhost.options import parse

if __name__ == "__main__":
    service.leave(asyncio.run(service.serve(parse(sys.argv[1:]))))

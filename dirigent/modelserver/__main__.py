"""`python -m dirigent.modelserver`: a model's HTTP without a model."""

import asyncio
import os
import sys

from dirigent.modelserver.options import parse
from dirigent.modelserver.service import serve

if __name__ == "__main__":
    sys.exit(asyncio.run(serve(parse(sys.argv[1:], os.environ))))

"""`python -m dirigent.cli`: start, watch and look at tasks."""

import os
import sys

from dirigent.cli.commands import run
from dirigent.cli.options import parse
from dirigent.cli.terminal import Terminal

if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:], os.environ), Terminal.of_this_process()))

"""The first call of a process: imports the client's packages, connects, and prints the seconds."""

import asyncio
import sys
import time

from benchmarks.calls import REQUEST, model_at


def main(url: str) -> None:
    """Ask once."""
    model = model_at(url)
    began = time.perf_counter()
    asyncio.run(model.complete(REQUEST))
    print(time.perf_counter() - began)
    model.close()


if __name__ == "__main__":
    main(sys.argv[1])

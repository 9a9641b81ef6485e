"""A file with one JSON line for each call begun, whole whatever kills the process."""

import json
import os
from datetime import datetime
from hashlib import sha256

from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import ModelFailed, Request


class CallJournal:
    """Appends to the file, which comes into being with the first call."""

    def __init__(self, path: str) -> None:
        self._path = path

    def note(self, request: Request, at: datetime) -> None:
        """Write down that the call has begun."""
        asked = "\0".join((request.instructions, request.prompt)).encode(errors="surrogatepass")
        line = {
            "agent": request.agent,
            "deployment": request.deployment,
            "run": request.run,
            "step": request.step,
            "at": at.isoformat(),
            "request": sha256(asked).hexdigest()[:16],
        }
        try:
            self._append(json.dumps(line).encode() + b"\n")
        except OSError as error:
            what = (
                f"The journal {self._path} cannot be written ({error.strerror}); name another in the script."
            )
            failure = Failure(category=Category.PERMANENT, message=what)
            raise ModelFailed(failure, is_theirs=False) from error

    def _append(self, line: bytes) -> None:
        # One write to a file opened for appending: lines of several processes do not mix, and a kill leaves
        # either the line or nothing. It takes microseconds, so the event loop may wait for it.
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(file, line)
        finally:
            os.close(file)

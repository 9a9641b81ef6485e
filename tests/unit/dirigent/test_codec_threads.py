"""Messages are decoded by many threads at once, from the first moment on."""

import subprocess
import sys

#: One thread is held up in the middle of laying a kind out, and another comes meanwhile.
PROGRAM = """
import threading, time
from dirigent import codec
from dirigent.domain.messages import Message

inside, coming = threading.Event(), threading.Event()

def slow():
    inside.set()
    coming.wait(10)
    for _ in range(1000):
        time.sleep(0)
    return int

class Inner(Message, frozen=True, kw_only=True):
    number: "slow()"

class Outer(Message, frozen=True, kw_only=True):
    inner: Inner
    other: str = ""

def second():
    inside.wait(10)
    coming.set()
    found.append(codec.decode(Outer, {"inner": {"number": 1}, "other": "two"}))

found = []
thread = threading.Thread(target=second)
thread.start()
found.append(codec.from_json(Outer, '{"inner": {"number": 1}, "other": "two"}'))
thread.join()
print(found == [Outer(inner=Inner(number=1), other="two")] * 2)
"""


def test_a_kind_that_several_threads_meet_at_once_is_decoded_by_each() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")

"""One process at a time.

Responsible for holding a lock file. Rules: the kernel lets go of it when the process ends, however
that happens; the file stays and says nothing. It must not know what it protects.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MODE: Final = 0o600


class HeldError(Exception):
    """Another process holds this lock."""


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold `path` for the body. Raises HeldError at once when somebody else does, OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, _MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(str(path)) from None
        yield
    finally:
        os.close(descriptor)

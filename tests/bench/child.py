"""What a program of the bench tells the one that started it: lines on standard output.

The other side is `servers.running`. It must not need anything but Python: peers run it in an
environment of their own.
"""

import sys
from typing import Final

READY: Final = "READY {}"
"""Said when a program can be asked; what it has to say of itself stands in the braces."""


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

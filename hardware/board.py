"""The board this software runs on: its serial number, to tell a moved card from a cloned one."""

from pathlib import Path
from typing import Final

SERIAL_NUMBER: Final = Path("/proc/device-tree/serial-number")
MACHINE_ID: Final = Path("/etc/machine-id")
MAXIMUM_SERIAL_CHARACTERS: Final = 64


def serial_number(files: tuple[Path, ...] = (SERIAL_NUMBER, MACHINE_ID)) -> str:
    """The first serial number found: the Raspberry Pi's own, else the system's; or empty."""
    for file in files:
        try:
            text = file.read_text("ascii").strip("\0 \n")
        except (OSError, UnicodeDecodeError):
            continue
        if text:
            return text[:MAXIMUM_SERIAL_CHARACTERS]
    return ""

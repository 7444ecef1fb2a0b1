"""Tell the service manager how this process is (sd_notify(3)).

Without `NOTIFY_SOCKET` in the environment every call does nothing, so that the same program
runs under systemd, in the demo and in tests.
"""

import asyncio
import os
import socket
from typing import Final

DEFAULT_WATCHDOG_INTERVAL_S: Final = 10.0


def notify(state: str) -> None:
    """Send one datagram such as `READY=1` or `STATUS=…` to the service manager."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            return  # a manager that went away must not stop the station


def watchdog_interval_s() -> float | None:
    """Half of the manager's watchdog time, or None when it does not watch this process."""
    limit_us = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not limit_us.isdigit() or owner != str(os.getpid()):
        return None
    return int(limit_us) / 2_000_000


async def keep_watchdog(stopping: asyncio.Event) -> None:
    """Feed the watchdog from the event loop, so that a stuck loop is restarted."""
    interval_s = watchdog_interval_s()
    if interval_s is None:
        return
    while not stopping.is_set():
        notify("WATCHDOG=1")
        try:
            await asyncio.wait_for(stopping.wait(), interval_s)
        except TimeoutError:
            continue

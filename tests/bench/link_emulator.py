"""A bad line between two network namespaces: delay, loss and rate, each way, from a seed.

Two TUN devices, and this process carries every packet from one to the other: half the round trip
late, some of them lost, no faster than the rate, with a queue of a quarter of a second as cheap
routers have. For root; a kernel with sch_netem is not needed.

    python -m tests.bench.link_emulator CITY_NS STATION_NS ROUND_TRIP_MS LOSS MBIT SEED
"""

import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.child import READY, say

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
TUN_WITHOUT_HEADER = 0x0001 | 0x1000
PACKET_BYTES = 65_536
QUEUE_S = 0.25
LEAST_QUEUE_BYTES = 64_000
PACKETS_AT_ONCE = 64
LOOK_S = 1.0


@dataclass
class Direction:
    """Packets of one direction that are under way."""

    target: int
    luck: random.Random
    free_at: float = 0.0
    under_way: deque[tuple[float, bytes]] = field(default_factory=deque)


@dataclass(frozen=True)
class Emulated:
    """The line's figures; `bytes_per_s` 0 for no limit."""

    delay_s: float
    loss: float
    bytes_per_s: float

    def take(self, way: Direction, packet: bytes, now: float) -> None:
        """A packet entered the line."""
        if way.luck.random() < self.loss:
            return
        start = max(now, way.free_at)
        if self.bytes_per_s:
            queue = max(LEAST_QUEUE_BYTES, self.bytes_per_s * QUEUE_S)
            if (start - now) * self.bytes_per_s > queue:
                return
            way.free_at = start + len(packet) / self.bytes_per_s
            start = way.free_at
        way.under_way.append((start + self.delay_s, packet))


def carry(line: Emulated, ways: dict[int, Direction]) -> None:
    """For ever, or until the parent is gone."""
    parent, poll = os.getppid(), select.epoll()
    for device in ways:
        poll.register(device, select.EPOLLIN)
    while os.getppid() == parent:
        now = time.monotonic()
        heads = [way.under_way[0][0] for way in ways.values() if way.under_way]
        for device, _ in poll.poll(max(0.0, min([*heads, now + LOOK_S]) - now)):
            _read(line, ways[device], device)
        now = time.monotonic()
        for way in ways.values():
            while way.under_way and way.under_way[0][0] <= now:
                _write(way.target, way.under_way.popleft()[1])


def _read(line: Emulated, way: Direction, device: int) -> None:
    for _ in range(PACKETS_AT_ONCE):
        try:
            packet = os.read(device, PACKET_BYTES)
        except BlockingIOError:
            return
        line.take(way, packet, time.monotonic())


def _write(device: int, packet: bytes) -> None:
    try:
        os.write(device, packet)
    except OSError:
        return  # the device is full or going away: one more lost packet


def _device(namespace: str, name: str) -> int:
    """A TUN device inside a namespace."""
    library = ctypes.CDLL("libc.so.6", use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(Path("/run/netns") / namespace, os.O_RDONLY)
    if library.setns(there, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22s", name.encode(), TUN_WITHOUT_HEADER, b""))
    library.setns(here, CLONE_NEWNET)
    os.close(here)
    os.close(there)
    return device


def main(arguments: Sequence[str]) -> None:
    """Run with the arguments of the command line."""
    city, station = arguments[:2]
    round_trip_ms, loss, mbit = map(float, arguments[2:5])
    far, near = _device(city, "bench-c"), _device(station, "bench-s")
    seed = int(arguments[5])
    ways = {
        far: Direction(near, random.Random(seed * 2)),  # noqa: S311 - repeatable
        near: Direction(far, random.Random(seed * 2 + 1)),  # noqa: S311 - repeatable
    }
    say(READY)
    carry(Emulated(round_trip_ms / 2000, loss, mbit * 1e6 / 8), ways)


if __name__ == "__main__":
    main(sys.argv[1:])

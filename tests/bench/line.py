"""The line between a station and its city.

As root there are two network namespaces, so that every byte on the wire is counted and nothing
else shares the line: a veth pair for the clean line, two TUN devices joined by `link_emulator` for
the bad one. Without root a relay process (`relay`) stands in between: it counts payload and holds
back by rate and delay, but loses nothing; `Line.kind` says which it is.
"""

import contextlib
import functools
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.bench import servers

CITY_HOST, STATION_HOST = "10.77.0.1", "10.77.0.2"


class Quality(NamedTuple):
    """A line: round trip in ms, share of packets lost, Mbit/s each way; 0 for no limit."""

    name: str
    round_trip_ms: float = 0.0
    loss: float = 0.0
    mbit: float = 0.0


CLEAN = Quality("clean line")
BAD = Quality("2 Mbit/s, 60 ms, 1 % loss", 60.0, 0.01, 2.0)


@dataclass
class Line:
    """Where the two ends stand. `near` and `far` come before the commands of either end."""

    kind: str
    city_host: str
    near: list[str] = field(default_factory=list)
    far: list[str] = field(default_factory=list)
    relay: "Relay | None" = None
    namespace: str = ""

    def reach(self, port: int) -> str:
        """Host and port at which the station finds the city's port."""
        if self.relay is not None:
            return f"127.0.0.1:{self.relay.join(port)}"
        return f"{self.city_host}:{port}"

    def up_bytes(self) -> int:
        """Bytes from the station to the city so far."""
        if self.relay is not None:
            return self.relay.up_bytes()
        said = _ip("-n", self.namespace, "-s", "-j", "link", "show", "bench-s")
        return int(json.loads(said)[0]["stats64"]["tx"]["bytes"])


@contextlib.contextmanager
def line(quality: Quality, seed: int = 1) -> Iterator[Line]:
    """A line of this quality, gone afterwards."""
    opened = _namespaces(quality, seed) if may_use_namespaces() else relayed(quality)
    with opened as made:
        yield made


@functools.cache
def may_use_namespaces() -> bool:
    """Whether this user may make network namespaces and TUN devices."""
    if os.geteuid() != 0 or not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return False
    name = f"bench{os.getpid()}x"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@contextlib.contextmanager
def _namespaces(quality: Quality, seed: int) -> Iterator[Line]:
    city, station = f"bench{os.getpid()}c", f"bench{os.getpid()}s"
    with contextlib.ExitStack() as stack:
        for name in (city, station):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            _ip("-n", name, "link", "set", "lo", "up")
        if quality.mbit or quality.round_trip_ms:
            figures = (quality.round_trip_ms, quality.loss, quality.mbit, seed)
            arguments = ["-m", "tests.bench.link_emulator", city, station, *map(str, figures)]
            stack.enter_context(servers.process(arguments))
        else:
            pair = ("type", "veth", "peer", "name", "bench-s", "netns", station)
            _ip("link", "add", "bench-c", "netns", city, *pair)
        for name, device, host in (
            (city, "bench-c", CITY_HOST),
            (station, "bench-s", STATION_HOST),
        ):
            _ip("-n", name, "addr", "add", f"{host}/24", "dev", device)
            _ip("-n", name, "link", "set", device, "mtu", "1500", "up")
        inside = ["ip", "netns", "exec"]
        kind = "network namespaces, bytes counted on the device"
        yield Line(kind, CITY_HOST, [*inside, station], [*inside, city], None, station)


@dataclass
class Relay:
    """A relay process for every port that is asked for, counted together."""

    quality: Quality
    stack: contextlib.ExitStack
    ports: dict[int, int] = field(default_factory=dict)
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def join(self, port: int) -> int:
        """The port at which the relay stands in for the city's."""
        if port not in self.ports:
            own = servers.free_port()
            figures = (own, port, self.quality.round_trip_ms, self.quality.mbit)
            command = ["-m", "tests.bench.relay", *map(str, figures)]
            self.running.append(self.stack.enter_context(servers.running(command)))
            self.ports[port] = own
        return self.ports[port]

    def tell(self, command: str) -> bytes:
        """Give the only relay a command; its answer."""
        (process,) = self.running
        return servers.ask(process, command)

    def up_bytes(self) -> int:
        """Payload bytes towards the city, asked of every relay."""
        return sum(int(json.loads(servers.ask(process, "count"))["up"]) for process in self.running)


@contextlib.contextmanager
def relayed(quality: Quality) -> Iterator[Line]:
    """A line through relay processes on loopback."""
    with contextlib.ExitStack() as stack:
        kind = "a relay process without loss (no root), payload bytes counted"
        yield Line(kind, "127.0.0.1", relay=Relay(quality, stack))


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout

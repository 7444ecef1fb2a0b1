"""Real power cuts of a real ext4: `python -m tests.faults.powercut [--cuts N]`, as root.

The file system lies in a file behind a loop device. While a station works on it, EXT4_IOC_SHUTDOWN
takes the disk away without flushing anything; after mounting again, which replays ext4's journal,
everything that was answered must be there. Needs root, a loop device and ext4: not for every
machine, so it is no test but a command of its own.
"""

import argparse
import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.station_images import inspect

EXT4_IOC_SHUTDOWN = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125
NO_FLUSH = 2
IMAGE_BYTES = 96 << 20
LONGEST_LIFE_S = 0.5
PATIENCE_S = 60.0


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    run("mount", "-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        run("umount", str(folder))


def shut_down(folder: Path) -> None:
    """Take the disk away, with whatever was not flushed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_FLUSH))
    finally:
        os.close(descriptor)


def live_and_die(folder: Path, seed: int, luck: random.Random) -> list[str]:
    """Work until the cut; what was answered by then."""
    command = [sys.executable, "-m", "tests.faults.powercut_station", str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        output = process.stdout.fileno()
        said = os.read(output, 1 << 16) if select.select([output], [], [], PATIENCE_S)[0] else b""
        end = time.monotonic() + luck.uniform(0, LONGEST_LIFE_S)
        while (left := end - time.monotonic()) > 0:
            if select.select([output], [], [], left)[0]:
                said += os.read(output, 1 << 16)
        shut_down(folder)
        said += process.stdout.read()
        process.wait(PATIENCE_S)
    # A line that was cut off was not said.
    return said.decode().split("\n")[:-1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.powercut", description=__doc__)
    parser.add_argument("--cuts", type=int, default=100)
    arguments = parser.parse_args()
    luck = random.Random(20261122)  # noqa: S311 - replayable, not secret
    promises: list[str] = []
    bad = 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        image, folder = Path(name) / "card", Path(name) / "mnt"
        folder.mkdir()
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", str(image))
        for cut in range(arguments.cuts):
            with mounted(image, folder):
                promises += live_and_die(folder, cut, luck)
            with mounted(image, folder):
                complaint = inspect(folder, tuple(promises))
            if complaint:
                bad += 1
                sys.stdout.write(f"cut {cut}: {complaint}\n")
    elapsed_s = time.monotonic() - begun
    sys.stdout.write(
        f"{arguments.cuts} cuts, {len(promises)} answered, {bad} bad, {elapsed_s:.0f} s\n"
    )
    return 1 if bad or not promises else 0


if __name__ == "__main__":
    raise SystemExit(main())

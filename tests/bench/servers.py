"""Start what is measured: the node and its peers, each a process of its own."""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

FSYNC_MS = 8
STOP_S = 20.0
TOKEN = "bench"

_SLOW_FSYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
static void wait_for_card(void) {
  const char *text = getenv("FSYNC_MS");
  long us = text ? atol(text) * 1000 : 0;
  struct timespec pause = {us / 1000000, (us % 1000000) * 1000};
  if (us) nanosleep(&pause, 0);
}
int fsync(int fd) { wait_for_card(); return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { wait_for_card(); return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
"""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def slow_disk(folder: Path) -> dict[str, str] | None:
    """Environment under which every fsync takes FSYNC_MS, or None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, library = folder / "slow_fsync.c", folder / "slow_fsync.so"
    source.write_text(_SLOW_FSYNC)
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "FSYNC_MS": str(FSYNC_MS)}


@contextlib.contextmanager
def peer(kind: str, extra: dict[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """A peer of `tests.bench.peers`: its port and pid."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        arguments = ["-m", "tests.bench.peers", kind, str(port), folder]
        with process(arguments, extra) as pid:
            yield port, pid


@contextlib.contextmanager
def node(extra: dict[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """The real node without devices, plain HTTP on loopback: its port and pid."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, port = Path(name), free_port()
        config = node_config(folder, port)
        with process(["-m", "edge_node", "serve", "--config", str(config)], extra) as pid:
            yield port, pid


def node_config(folder: Path, port: int) -> Path:
    """A node's configuration in `folder`."""
    config = folder / "node.toml"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    config.write_text(
        f"""[station]
code = "26560"
state_directory = "node"
sync_database = "sync/sync.db"
[listen]
host = "127.0.0.1"
port = {port}
tls = "off"
[devices]
token_sha256 = ["{digest}"]
[announce]
enabled = false
"""
    )
    return config


@contextlib.contextmanager
def process(arguments: list[str], extra: dict[str, str] | None = None) -> Iterator[int]:
    """A Python process that says READY; its pid."""
    with running(arguments, extra) as started:
        yield started.pid


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    extra: dict[str, str] | None = None,
    inside: Sequence[str] = (),
    program: str = sys.executable,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that said READY, to talk to; `inside` comes before its command line.

    It is Python's unless another program is named.
    """
    started = subprocess.Popen(
        [*inside, program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **(extra or {})},
        bufsize=0,
    )
    assert started.stdout is not None
    with _ended(started):
        line = started.stdout.readline()
        if not line.startswith(b"READY"):
            raise RuntimeError(f"{arguments}: {line!r}")
        yield started


@contextlib.contextmanager
def logging(
    command: Sequence[str], says: bytes, inside: Sequence[str] = ()
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that has no READY of its own, once its log, on standard error, says it serves."""
    started = subprocess.Popen([*inside, *command], stderr=subprocess.PIPE)
    assert started.stderr is not None
    with _ended(started):
        said = []
        for line in started.stderr:
            said.append(line)
            if says in line:
                break
        else:
            raise RuntimeError(f"{command[0]} ended: {b''.join(said).decode(errors='replace')}")
        # What it says later is read by nobody, and must not fill the pipe.
        threading.Thread(target=started.stderr.read, daemon=True).start()
        yield started


@contextlib.contextmanager
def _ended(started: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(STOP_S)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        for pipe in (started.stdin, started.stdout, started.stderr):
            if pipe is not None:
                pipe.close()


def ask(process: "subprocess.Popen[bytes]", command: str) -> bytes:
    """One line to a process and the line it answers."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{command}\n".encode())
    answer = b""
    while not answer.endswith(b"\n"):
        part = process.stdout.readline()
        if not part:
            raise RuntimeError(f"a process ended instead of answering {command!r}")
        answer += part
    return answer

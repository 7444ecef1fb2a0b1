"""Peers that are not ours: what is here is driven, what is not here is named.

The build server installs none of them, so the choice is tested with places made up for it; where
some are installed, each of those moves a few dossiers.
"""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import dossiers, servers, sync
from tests.bench.figures import Report
from tests.bench.line import CLEAN, line
from tests.bench.peer_environment import HERE, ROOT, Place
from tests.bench.peer_nats import flushes
from tests.bench.peer_queue import Queue
from tests.bench.peers_elsewhere import PEERS, Peer, why_not

FEW = 20
NEEDY = Peer(lambda *_: pytest.fail("nobody asked"), ("broker",), ("client",), ("database",))


def _place(folder: Path) -> Place:
    return Place(str(folder / "sbin"), folder / "own")


def _install(folder: Path) -> None:
    for made in ("own/lib/python3.11/site-packages/client", "own/node_modules/database", "sbin"):
        (folder / made).mkdir(parents=True)
    (folder / "sbin" / "broker").touch(mode=0o755)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    said = why_not(NEEDY, _place(tmp_path))
    assert said == "not installed here (broker, client for Python, database for Node.js)"


def test_what_is_here_is_measured(tmp_path: Path) -> None:
    _install(tmp_path)
    assert not why_not(NEEDY, _place(tmp_path))


def test_a_program_without_a_driver_is_said_to_be_one(tmp_path: Path) -> None:
    _install(tmp_path)
    said = why_not(NEEDY._replace(drive=None), _place(tmp_path))
    assert said == "installed, but nothing here drives it"


def test_every_goal_beside_a_peer_has_that_peer() -> None:
    assert sync.ELSEWHERE.keys() == PEERS.keys()
    assert set(sync.WITH_PEERS) - set(sync.WAYS) == PEERS.keys()


def test_what_peers_need_is_installed_when_they_are_asked_for() -> None:
    installs = (ROOT / ".ci" / "bootstrap").read_text()
    names = {"nats": "nats-py", "paho": "paho-mqtt"}
    for peer in (one for one in PEERS.values() if one.drive):
        for package in peer.python:
            assert f"{names.get(package, package)}==" in installs
        for package in peer.node:
            assert f"{package}@" in installs
        for program in peer.programs:
            assert f"has_tool {program} ||" in installs


def test_peers_are_named_until_they_are_asked_for() -> None:
    said = io.StringIO()
    report = Report(Console(file=said, width=180))
    sync.measure_bad(report, FEW, 1, [])
    for name in PEERS:
        assert name in said.getvalue()
    assert "see --peers" in said.getvalue()
    assert not report.goals


@pytest.mark.parametrize(
    ("version", "can"),
    [("nats-server: v2.9.10", False), ("nats-server: v2.10.0", True), ("v3.1", True), ("?", False)],
)
def test_a_server_is_asked_to_flush_if_it_can(version: str, can: bool) -> None:  # noqa: FBT001
    assert flushes(version) == can


def test_a_queue_gives_each_record_once_and_in_order(tmp_path: Path) -> None:
    bodies = [dossiers.dossier(number) for number in range(5)]
    queue = Queue(tmp_path)
    assert queue.fill(body + b"\n" for body in bodies) == len(bodies)
    first, second = queue.take(3), queue.take(3)
    assert first is not None
    assert second is not None
    assert first.bodies + second.bodies == bodies
    assert queue.take(3) is None


@pytest.mark.journey
def test_a_program_is_waited_for_until_its_log_says_it_serves() -> None:
    script = "import signal, sys; print('up', file=sys.stderr, flush=True); signal.pause()"
    with servers.logging([sys.executable, "-c", script], b"up") as started:
        assert started.poll() is None
    assert started.returncode is not None


@pytest.mark.journey
def test_a_program_that_ends_instead_is_quoted() -> None:
    script = "raise SystemExit('no such key')"
    with (
        pytest.raises(RuntimeError, match="no such key"),
        servers.logging([sys.executable, "-c", script], b"up"),
    ):
        pytest.fail("it never served")


@pytest.mark.journey
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_moves_dossiers_where_it_is_installed(name: str, tmp_path: Path) -> None:
    peer = PEERS[name]
    if peer.drive is None or peer.missing(HERE):
        assert why_not(peer)
        return
    lines = dossiers.write_lines(tmp_path / "lines", FEW)
    with line(CLEAN) as opened:
        moved = peer.drive(opened, tmp_path, FEW, lines)
    assert moved.records == FEW
    assert moved.seconds > 0
    assert moved.up_bytes > 0
    assert moved.cost.far_peak_mib > 0

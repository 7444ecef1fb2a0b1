"""`edge-node` as a technician meets it: exit codes, one-line refusals, help."""

import os
import socket
from pathlib import Path

import pytest

from edge_node.usecases.officers import PIN_DIGITS
from sync.database import open_writer
from tests.node.process import Ended, config, free_port, run, write

COMMANDS = ("serve", "check", "hash-pin", "verify", "paper-kit", "end-slip-key", "demo")


def refused(ended: Ended, status: int, *words: str) -> None:
    """It ended with this status, one line on stderr that has the words, nothing on stdout."""
    assert ended.status == status, ended
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("edge-node")
    for word in words:
        assert word in line


async def test_help_is_there_for_every_command() -> None:
    whole = await run("--help")
    for command in COMMANDS:
        assert command in whole.stdout
        one = await run(command, "--help")
        assert one.status == 0
        assert one.stdout.count("\n") > 5
    assert "--config" in (await run("serve", "--help")).stdout


async def test_check_says_good(tmp_path: Path) -> None:
    ended = await run("check", "--config", write(tmp_path, config(8443)))
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.stdout.startswith("good: station 26560, 0 printers, 0 officers, catalogue ")
    assert os.listdir(tmp_path) == ["node.toml"], "check must leave nothing behind"  # noqa: PTH208


@pytest.mark.parametrize("command", ["check", "serve"])
async def test_a_wrong_configuration(tmp_path: Path, command: str) -> None:
    good = config(free_port())
    for text, word in (
        (good + "\n[lisden]\n", "lisden"),
        (good.replace("26560", "99999"), "station.code: 99999"),
        (good + '[[printer]]\nid = "p"', "printer[0]"),
    ):
        refused(await run(command, "--config", write(tmp_path, text)), 2, word)
    refused(await run(command, "--config", str(tmp_path / "none.toml")), 2, "none.toml")
    assert (await run(command)).status == 2


async def test_a_busy_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = await run("serve", "--config", write(tmp_path, config(port)))
    refused(ended, 3, "127.0.0.1", str(port))


async def test_a_database_of_a_newer_release(tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    for number in range(1, 10):
        (newer / f"{number:04d}_x.sql").write_text(
            f"CREATE TABLE x{number} (y) STRICT;".replace("(y)", "(y INTEGER)")
        )
    state = tmp_path / "state"
    state.mkdir()
    async with open_writer(state / "node.db", {"node": newer}):
        pass
    refused(await run("serve", "--config", write(tmp_path, config(free_port()))), 4, "database")


async def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = write(tmp_path, config(free_port()))
    state = tmp_path / "state"
    state.write_text("a file where a folder should be")
    refused(await run("serve", "--config", path), 4, "state")
    state.unlink()
    state.mkdir()
    (state / "node.db").write_bytes(b"no database at all" * 100)
    refused(await run("serve", "--config", path), 4, "database")


async def test_a_certificate_without_its_key(tmp_path: Path) -> None:
    tls = tmp_path / "state" / "tls"
    tls.mkdir(parents=True)
    (tls / "authority.pem").write_text("nonsense")
    path = write(tmp_path, config(free_port(), tls="station-ca"))
    refused(await run("serve", "--config", path), 2, "authority.pem")


async def test_hash_pin() -> None:
    ended = await run("hash-pin", given="246810\n246810\n")
    assert ended.status == 0, ended
    assert "$argon2id$v=19$" in ended.stdout
    assert "246810" not in ended.stdout + ended.stderr
    short = await run("hash-pin", given="2468\n2468\n")
    assert short.status == 2
    assert f"a PIN has {PIN_DIGITS} digits" in short.stderr


async def test_a_demo_on_busy_ports_says_which(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        state = str(tmp_path / "demo")
        ended = await run("demo", "--json", "--state", state, "--port-base", str(port - 2))
    refused(ended, 3, str(port))

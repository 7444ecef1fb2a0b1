"""The paper commands: a slip is good or it is not, kits come out as PDF, keys can be ended."""

import asyncio
import json
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pypdf import PdfReader
from typer.testing import CliRunner, Result

from edge_node.__main__ import app
from sync.database import open_writer
from sync.lock import hold
from sync.protocol.slip import Claims, sign_slip, slip_key_id, slip_url
from tests.node.process import config, run, write

KEY = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
PUBLIC = KEY.public_key().public_bytes_raw().hex()
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32).public_key().public_bytes_raw().hex()
CLAIMS = Claims("26560", 1_795_392_000, bytes(8), 7, dossier="T26560-7KXM-00001-3", due_day=20_783)
URL = slip_url("tra-cuu.vn", sign_slip(CLAIMS, KEY))


def command(*arguments: str, stdin: str = "") -> Result:
    """The command in this process."""
    return CliRunner().invoke(app, arguments, input=stdin)


def test_a_slip_is_checked_with_a_key_alone(tmp_path: Path) -> None:
    good = command("verify", URL, "--key", PUBLIC)
    assert (good.exit_code, good.stderr) == (0, "")
    assert good.stdout.startswith("good")
    assert "T26560-7KXM-00001-3" in good.stdout
    file = tmp_path / "slip.txt"
    file.write_text(URL.lower() + "\n")
    for told in (
        command("verify", str(file), "--key", PUBLIC, "--json"),
        command("verify", "--key", PUBLIC, "--json", stdin=URL),
    ):
        assert told.exit_code == 0
        assert json.loads(told.stdout)["claims"]["dossier"] == "T26560-7KXM-00001-3"


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        ((URL, "--key", OTHER), 6, "not known"),
        ((URL[:-2] + "AA", "--key", PUBLIC), 1, "not a slip"),
        (("xin chào", "--key", PUBLIC), 1, "not a slip"),
        (("A" * 5000, "--key", PUBLIC), 1, "not a slip"),
    ],
)
def test_what_is_not_good_has_its_own_status(
    arguments: tuple[str, ...], status: int, word: str
) -> None:
    ended = command("verify", *arguments)
    assert ended.exit_code == status
    assert word in ended.stdout


def test_a_wrong_command_says_so(tmp_path: Path) -> None:
    for arguments in ((URL,), (URL, "--key", "12"), (URL, "--config", str(tmp_path / "none.toml"))):
        ended = command("verify", *arguments)
        assert (ended.exit_code, ended.stdout) == (2, "")
    settings = write(tmp_path, config(8443))
    assert command("verify", URL, "--config", settings).exit_code == 4


def test_a_kit_is_printed_checked_and_outlives_the_end_of_its_key(tmp_path: Path) -> None:
    settings, pdf = write(tmp_path, config(8443)), tmp_path / "kit.pdf"
    made = command("paper-kit", "--config", settings, "--count", "2", "--output", str(pdf))
    assert made.exit_code == 0, made
    assert len(PdfReader(pdf).pages) == 2
    code = code_on(pdf)
    checked = command("verify", code, "--config", settings)
    assert checked.exit_code == 0
    assert "not been entered" in checked.stdout
    assert command("end-slip-key", "--config", settings, "--reason", "thay máy").exit_code == 0
    assert command("verify", code, "--config", settings).exit_code == 0
    stolen = command("end-slip-key", "--config", settings, "--reason", "mất", "--stolen")
    assert stolen.exit_code == 0
    assert not (tmp_path / "state" / "slip.key.new").exists()
    again = command("paper-kit", "--config", settings, "--count", "1", "--output", str(pdf))
    assert again.exit_code == 0
    assert command("verify", code_on(pdf), "--config", settings).exit_code == 0


def test_a_stolen_key_takes_its_slips_with_it(tmp_path: Path) -> None:
    settings, pdf = write(tmp_path, config(8443)), tmp_path / "kit.pdf"
    command("paper-kit", "--config", settings, "--count", "1", "--output", str(pdf))
    code = code_on(pdf)
    command("end-slip-key", "--config", settings, "--reason", "mất", "--stolen")
    assert command("verify", code, "--config", settings).exit_code == 5


async def state(path: Path) -> None:
    """What the inbox stores of the city's word on a key."""
    raw = bytes.fromhex(PUBLIC)
    async with open_writer(path, {}) as writer:
        await writer.transact(
            lambda connection: connection.execute(
                "INSERT INTO stated_slip_key (kid, station, public_key) VALUES (?, '26526', ?)",
                (slip_key_id(raw), raw),
            )
        )


def test_a_slip_of_another_ward_is_checked_with_what_the_city_stated(tmp_path: Path) -> None:
    settings, pdf = write(tmp_path, config(8443)), tmp_path / "kit.pdf"
    command("paper-kit", "--config", settings, "--count", "1", "--output", str(pdf))
    slip = slip_url("tra-cuu.vn", sign_slip(CLAIMS._replace(station="26526"), KEY))
    assert command("verify", slip, "--config", settings).exit_code == 6
    asyncio.run(state(tmp_path / "state" / "node.db"))
    checked = command("verify", slip, "--config", settings)
    assert checked.exit_code == 0
    assert "printed by another ward" in checked.stdout
    assert "26526" in checked.stdout


async def test_a_running_node_keeps_its_files_to_itself(tmp_path: Path) -> None:
    settings = write(tmp_path, config(8443))
    state = tmp_path / "state"
    state.mkdir()
    with hold(state / "node.lock"):
        ended = await run("paper-kit", "--config", settings, "--output", str(tmp_path / "k.pdf"))
    assert ended.status == 3
    assert "counter" in ended.stderr


def code_on(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    picture = page.render(scale=200 / 72).to_pil().convert("L")
    page.close()
    document.close()
    codes = {code.text for code in zxingcpp.read_barcodes(picture)}
    assert len(codes) == 1
    return codes.pop()

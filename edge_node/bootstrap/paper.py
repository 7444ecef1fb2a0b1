"""Paper on the command line: check a slip, make a continuity kit, end a slip key.

Rules: checking only reads, also while the node runs; making and ending need the station's files for
themselves, because the node is the only one who writes them.
"""

import contextlib
import os
import secrets
from collections.abc import Sequence
from typing import Final

from edge_node.bootstrap.opening import NEW_SLIP_KEY_FILE, SLIP_KEY_FILE, open_station
from edge_node.settings import Settings
from edge_node.store.paper import SlipKeyRow
from edge_node.usecases.paper import checking, kits, previews, slip_keys
from edge_node.usecases.paper.checking import Checked
from edge_node.usecases.station import Officer
from sync.database import open_reader
from sync.keys import generate_signing_key, sync_folder
from sync.protocol.errors import ProtocolError
from sync.protocol.slip import read_slip_text, slip_key_id

COMMAND_LINE: Final = Officer(id="command_line", name="", rank="", counter="", pin_phc="")
"""Who acts where nobody has signed in."""


def _token(text: str) -> bytes | None:
    try:
        return read_slip_text(text)
    except ProtocolError:
        return None


def verify_with(keys: Sequence[bytes], text: str) -> Checked:
    """What a slip is by these raw public keys alone; nothing of a station is read."""
    token = _token(text)
    rows = [SlipKeyRow(slip_key_id(raw), raw, "", ended=False, positions=None) for raw in keys]
    return checking.NOT_OURS if token is None else checking.judge(token, rows)


async def verify_at(settings: Settings, text: str) -> Checked:
    """What a slip is by the station's keys and book, and the city's keys. Raises DatabaseError."""
    token = _token(text)
    if token is None:
        return checking.NOT_OURS
    section = settings.station
    async with open_reader(section.state_directory / "node.db") as reader:
        return await reader.query(lambda c: checking.check_token(c, section.code, token))


async def make_kit(settings: Settings, count: int) -> tuple[str, bytes]:
    """Make a kit: its name and its sheets as PDF. Raises DomainError, OSError, …."""
    async with contextlib.AsyncExitStack() as stack:
        station, _ = await open_station(settings, stack)
        made = await kits.make_kit(station, COMMAND_LINE, secrets.token_hex(16), count)
        sheets = await previews.kit(station, made.kit)
    return made.kit, sheets.body


async def end_slip_key(settings: Settings, reason: str, *, stolen: bool) -> str:
    """End the key in use and go on with a new one; the new key's id. Raises DomainError, …."""
    folder = settings.station.state_directory
    async with contextlib.AsyncExitStack() as stack:
        station, _ = await open_station(settings, stack)
        # On the disk before it is announced; a crash in between is mended at the next start.
        new = generate_signing_key(folder / NEW_SLIP_KEY_FILE)
        await slip_keys.replace(station, COMMAND_LINE, new, reason, keep_printed=not stolen)
    os.replace(folder / NEW_SLIP_KEY_FILE, folder / SLIP_KEY_FILE)  # noqa: PTH105 - durable next
    sync_folder(folder)
    return slip_key_id(new.public_key().public_bytes_raw()).hex()

"""A station with attachments, and the program that sends them: run as a process it may be killed.

`python -m tests.daemon.sending_station FOLDER URL TOKEN_HEX` sends until nothing is left.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.daemon.blobs import Attachments, BlobAccess
from sync.daemon.events import PartSent
from sync.daemon.keyring import Keyring
from sync.daemon.statements import OWNERS
from sync.daemon.transport import open_transport
from sync.database import Reader, Writer, open_reader, open_writer
from sync.journal import blobs
from sync.journal.blobs import Blob
from sync.protocol.blob import SealedBlob, seal_blob
from sync.protocol.handshake import Welcome
from sync.protocol.session_extras import Policy
from tests.city.down_server import KEYS, NOW_MS
from tests.city.station import SimulatedStation
from tests.daemon.line import KEYSET, Meddler
from tests.daemon.station import JOURNAL, FixedClock


@dataclass
class Sender:
    """What a test may look at and change."""

    folder: Path
    writer: Writer
    reader: Reader
    line: Meddler
    clock: FixedClock
    station: SimulatedStation
    attachments: Attachments

    async def welcomed(self, *wanted: bytes, policy: Policy | None = None) -> bool:
        return await self.attachments.welcomed(
            Welcome(KEYS.city_id, b"g" * 8, b"n" * 16, NOW_MS, (), 0, policy=policy, wanted=wanted)
        )

    async def send_all(self) -> int:
        """Send as long as there is more; how many bytes of parts went."""
        total, more = 0, await self.attachments.waiting()
        while more:
            sent = await self.attachments.send_part()
            assert isinstance(sent, PartSent), sent
            total, more = total + sent.sent_bytes, sent.more
        return total

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return await self.writer.transact(lambda raw: raw.execute(sql).fetchall())

    async def receipts(self) -> set[bytes]:
        found = await self.rows("SELECT digest FROM blob_state WHERE receipt IS NOT NULL")
        return {row[0] for row in found}


def capture_to(folder: Path, plain: bytes) -> tuple[SealedBlob, Path]:
    """Seal as the node does and put the file in place."""
    sealed = seal_blob(plain, KEYS.encryption_key.public_key())
    path = blobs.path_of(folder / "node.db", sealed.digest)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(sealed.cipher)
    return sealed, path


async def capture(folder: Path, plain: bytes, subject: bytes | None = None) -> SealedBlob:
    """A captured attachment: its file, then its row."""
    sealed, _ = capture_to(folder, plain)
    row = Blob(
        sealed.digest,
        sealed.plain_digest,
        sealed.plain_bytes,
        len(sealed.cipher),
        sealed.sealed_for.kid,
        "image/jpeg",
        subject,
    )
    async with open_writer(folder / "node.db", JOURNAL) as writer:
        await writer.transact(lambda raw: blobs.add(raw, row, 1))
    return sealed


@contextlib.asynccontextmanager
async def sending(folder: Path, url: str, token: bytes | None) -> AsyncIterator[Sender]:
    """The sender of the first simulated station."""
    station, clock = SimulatedStation(), FixedClock()
    async with (
        open_writer(folder / "node.db", JOURNAL),
        open_writer(folder / "sync.db", OWNERS) as writer,
        open_reader(folder / "node.db") as reader,
        open_transport(url, "", clock_plausible=True) as transport,
    ):
        transport.token = token
        line = Meddler(transport)
        access = BlobAccess(
            line=line,
            writer=writer,
            reader=reader,
            node_database=folder / "node.db",
            keyring=Keyring(KEYSET),
            node_id=station.node_id,
            signing_key=station.signing_key,
            clock=clock,
        )
        yield Sender(folder, writer, reader, line, clock, station, Attachments(access))


async def main(folder: str, url: str, token: str) -> None:
    async with sending(Path(folder), url, bytes.fromhex(token)) as sender:
        await sender.welcomed()
        await sender.send_all()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

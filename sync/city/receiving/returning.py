"""A station's own records on their way back: what its card lost and the city still has.

Responsible for one batch of them, from any record on, sealed for the station and signed under the
label of records that go back. Rules: a station gets its own logs only; a log is opened as far as it
came before anything of it is returned; what the log is says the signed header of its first batch,
since its genesis may be withheld. It must not decide what the station does with them.
"""

import asyncio
from functools import partial
from typing import Final, NamedTuple

from sync.city.archive.values import ArchiveError, StoredBatch
from sync.city.feeds.desk import FeedReader
from sync.city.problems import ARCHIVE_PROBLEMS, Refused
from sync.city.receiving.desk import Desk
from sync.city.receiving.opening import read_stored, unpack
from sync.protocol import merkle
from sync.protocol.batch import BatchInput
from sync.protocol.batch_header import SealingTime
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import BOOT_ID_BYTES
from sync.protocol.problems import Problem
from sync.protocol.record import LogIdentity, RecordTime
from sync.protocol.returned import build_return
from sync.protocol.seal import encryption_key

CLOCK_QUALITY: Final = 2


class _Stored(NamedTuple):
    """The batch with the record asked for, the log's first one, and the leaves before."""

    batch: StoredBatch
    opening: StoredBatch
    leaves: list[bytes]


async def own_records(desk: Desk, reader: FeedReader, lid: bytes, first: int) -> bytes | None:
    """A batch of the station's own log from record `first` on; None when there is none.

    Raises Refused.
    """
    try:
        await desk.opener.open_log(lid)
        stored = await _find(desk, reader.node_id, lid, first)
    except ArchiveError as error:
        raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error
    if stored is None:
        return None
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(
            desk.executor, partial(_build, desk, reader, stored, first)
        )
    except ProtocolError as error:
        # Stored bytes that cannot be read any more: a person looks at the quarantine.
        raise Refused(Problem.BUSY) from error


async def _find(desk: Desk, node_id: bytes, lid: bytes, first: int) -> _Stored | None:
    batch = await desk.archive.batch_at(node_id, lid, first)
    opening = await desk.archive.batch_at(node_id, lid, 0)
    if batch is None or opening is None:
        return None
    leaves = await desk.archive.leaves(lid, 0, first)
    return _Stored(batch, opening, leaves) if len(leaves) == first else None


def _build(desk: Desk, reader: FeedReader, stored: _Stored, first: int) -> bytes:
    entries = read_stored(stored.batch, desk.keys)[first - stored.batch.start :]
    header = unpack(stored.opening.raw).header
    assert header.description is not None, "the first batch of a log describes it"
    number, nonce, lane, parent = header.description
    before = merkle.extend(merkle.EMPTY_FRONTIER, 0, stored.leaves)
    after = merkle.extend(before, first, [entry.leaf for entry in entries])
    now = RecordTime(0, desk.clock_ms(), CLOCK_QUALITY)
    batch = BatchInput(
        identity=LogIdentity(header.node_id, number, nonce, lane),
        parent=parent,
        station=header.station,
        first=first,
        previous_root=merkle.root(before),
        root=merkle.root(after),
        entries=[entry.raw for entry in entries],
        sealed_at=SealingTime(bytes(BOOT_ID_BYTES), now),
    )
    return build_return(
        batch,
        receipt_key=desk.identity.receipt_key,
        recipient=encryption_key(reader.encryption_key),
        dictionary=None,
    )

"""Takes batches into the PostgreSQL archive and tells stations where their logs stand.

Responsible for: the statements of accepting a batch, opened or not, and of a HELLO. Rules: what the
SQLite form does in one transaction is done here under the lock of the log's row, so that several
processes may receive for one station at once; a batch that continues its log exactly costs one
statement. It must not know what records mean.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from sync.city.archive.port import (
    WIRE_STATUS,
    Arrival,
    AskedHead,
    Caller,
    Head,
    MustOpen,
    Stored,
    VerdictCode,
)
from sync.city.archive.postgres_pool import Connection, Pool
from sync.city.archive.taking_in import MAXIMUM_WELCOME_STATUSES
from sync.city.intake import (
    NOTHING,
    Accept,
    Claim,
    Held,
    KnownLog,
    Refusal,
    Refuse,
    decide,
    find_notices,
    overlap_end,
)
from sync.protocol import merkle
from sync.protocol.batch import BatchHeader
from sync.protocol.limits import DIGEST_BYTES, MAXIMUM_RECEIPT_STATUSES
from sync.protocol.record import Parent

_COLUMNS: Final = "id, node_id, month, size, root, opened, archived, wary_until"


Statuses: TypeAlias = tuple[tuple[int, int], ...]


class Log(NamedTuple):
    """One row of `log`, as far as taking in needs it."""

    id: int
    node_id: bytes
    month: int
    size: int
    root: bytes
    opened: int
    archived: int
    wary_until: int


_CONTINUE: Final = """
WITH moved AS (
    UPDATE log SET size = $6, root = $7
    WHERE lid = $1 AND node_id = $2 AND size = $4 AND root = $5 AND opened >= wary_until
    RETURNING id, month, opened, archived
), kept AS (
    INSERT INTO batch (month, log_id, start, "end", number, root, received_ms, raw)
    SELECT month, id, $4, $6, nextval('batch_number'), $7, $8, $9 FROM moved
    RETURNING number
), told AS (
    INSERT INTO contact (node_id, station, last_contact_ms) SELECT $2, $3, $8 FROM moved
    ON CONFLICT (node_id) DO UPDATE SET station = excluded.station,
        last_contact_ms = greatest(contact.last_contact_ms, excluded.last_contact_ms),
        behind = greatest(0, contact.behind - ($6::bigint - $4::bigint))
)
SELECT moved.id, opened, archived, number,
    EXISTS (SELECT FROM verdict WHERE log_id = moved.id AND code <> 'duplicate') AS judged
FROM moved, kept
"""


async def continue_log(pool: Pool, arrival: Arrival) -> Stored | None:
    """Keep a batch that begins where its log ends, in one statement; None when it does not.

    Of two that begin at the same place the row's lock lets one through; the other then sees a log
    that ends elsewhere.
    """
    header = arrival.header
    end = header.first + header.count
    row = await pool.fetchrow(
        _CONTINUE,
        *(header.lid, header.node_id, header.station, header.first, header.previous_root),
        *(end, header.root, arrival.received_ms, arrival.raw),
    )
    if row is None:
        return None
    listed: Statuses = ()
    applied = row["opened"]
    if row["judged"]:
        listed, applied = await _statuses(pool, row["id"], row["opened"], MAXIMUM_RECEIPT_STATUSES)
    head = Head(header.lid, end, header.root, row["archived"], applied, listed)
    return Stored(head, row["number"], header.count)


async def store(connection: Connection, arrival: Arrival) -> Stored | MustOpen | Refuse:
    """Keep a batch that continues its log exactly, or say why that cannot be told yet."""
    header = arrival.header
    outcome = await _store(connection, arrival)
    # Locks in one order everywhere: the log, and the contact last.
    caller = Caller(header.node_id, header.station)
    new_records = outcome.new_records if isinstance(outcome, Stored) else 0
    await note_contact(connection, caller, arrival.received_ms, None, new_records)
    return outcome


async def _store(connection: Connection, arrival: Arrival) -> Stored | MustOpen | Refuse:
    header = arrival.header
    log = await _find_locked(connection, header.lid)
    if log is None:
        return await _store_first(connection, arrival)
    if log.node_id != header.node_id:
        return Refuse(Refusal.FOREIGN, 0)
    if header.first > log.size:
        return Refuse(Refusal.GAP, log.size)
    if await _is_held(connection, log, header):
        head = await _head(connection, header.lid, log)
        return Stored(head, await newest_batch(connection), 0)
    if header.first < log.size or header.previous_root != log.root or log.opened < log.wary_until:
        return MustOpen(log.id)
    return await _append(connection, arrival, log, header.first)


async def store_opened(
    connection: Connection, arrival: Arrival, leaves: Sequence[bytes]
) -> Stored | MustOpen | Refuse:
    """Compare a batch leaf by leaf with what is stored, and keep what is new."""
    header = arrival.header
    log = await _find_locked(connection, header.lid)
    if log is not None and log.node_id != header.node_id:
        return Refuse(Refusal.FOREIGN, 0)
    if log is not None and log.opened < log.size:
        return MustOpen(log.id)
    claim = Claim(header.first, header.previous_root, header.root, leaves)
    held = await _held(connection, log)
    overlap: list[bytes] = []
    if log is not None:
        overlap = await read_leaves(connection, log, claim.first, overlap_end(claim, held))
    decision = decide(claim, held, overlap)
    if isinstance(decision, Refuse):
        return decision
    if isinstance(decision, Accept):
        if log is None:
            log = await _open_log(connection, header, arrival.received_ms)
        if log is None:
            return await store_opened(connection, arrival, leaves)
        return await _append(connection, arrival, log, header.first + decision.skip)
    return Stored(await _head(connection, header.lid, log), await newest_batch(connection), 0)


async def asked_heads(
    connection: Connection, node_id: bytes, asked: Sequence[AskedHead]
) -> list[Head]:
    """What is stored of each log, with the root at the smaller of the two sizes."""
    share = MAXIMUM_WELCOME_STATUSES // max(1, len(asked))
    maximum = min(share, MAXIMUM_RECEIPT_STATUSES)
    rows = await connection.fetch(
        f"SELECT lid, {_COLUMNS} FROM log WHERE lid = ANY($1) AND node_id = $2",  # noqa: S608 - constants
        [head.lid for head in asked],
        node_id,
    )
    logs = {bytes(lid): Log(*log) for lid, *log in rows}
    return [await _asked_head(connection, head, logs.get(head.lid), maximum) for head in asked]


async def logs_of(connection: Connection, node_id: bytes) -> list[KnownLog]:
    """Every log of a station, newest first."""
    rows = await connection.fetch(
        "SELECT lid, hardware_id FROM log WHERE node_id = $1 ORDER BY number DESC, id DESC", node_id
    )
    return [KnownLog(*row) for row in rows]


async def note_contact(
    connection: Connection | Pool,
    caller: Caller,
    received_ms: int,
    behind: int | None,
    new_records: int = 0,
) -> None:
    """The station was there; `behind` is what it has more than the city, None if not told.

    `new_records` came since it said so.
    """
    await connection.execute(
        "INSERT INTO contact (node_id, station, last_contact_ms, behind)"
        " VALUES ($1, $2, $3, coalesce($4::bigint, 0))"
        " ON CONFLICT (node_id) DO UPDATE SET station = excluded.station,"
        " last_contact_ms = greatest(contact.last_contact_ms, excluded.last_contact_ms),"
        " behind = coalesce($4::bigint, greatest(0, contact.behind - $5::bigint))",
        *(*caller, received_ms, behind, new_records),
    )


async def newest_batch(connection: Connection | Pool) -> int:
    """The highest number ever given to a batch; it counts on whatever becomes of transactions."""
    return int(
        await connection.fetchval(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM batch_number"
        )
    )


async def find_log(connection: Connection | Pool, lid: bytes) -> Log | None:
    """The log with this id."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM log WHERE lid = $1", lid)  # noqa: S608 - constants
    return Log(*row) if row else None


async def read_leaves(connection: Connection | Pool, log: Log, first: int, end: int) -> list[bytes]:
    """The opened leaves of the positions `first` … `end` - 1, fewer when not all are opened."""
    if first >= end:
        return []
    rows = await connection.fetch(
        'SELECT start, "end", leaves FROM batch JOIN leaf_run USING (month, log_id, start)'
        ' WHERE month = $1 AND log_id = $2 AND start < $3 AND "end" > $4 ORDER BY start',
        *(log.month, log.id, end, first),
    )
    found: list[bytes] = []
    for start, stop, leaves in rows:
        begin = max(first - start, 0) * DIGEST_BYTES
        found += merkle.unpack(leaves[begin : (min(end, stop) - start) * DIGEST_BYTES])
    return found


async def _find_locked(connection: Connection, lid: bytes) -> Log | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM log WHERE lid = $1 FOR NO KEY UPDATE",  # noqa: S608 - constants
        lid,
    )
    return Log(*row) if row else None


async def _store_first(connection: Connection, arrival: Arrival) -> Stored | MustOpen | Refuse:
    header = arrival.header
    if header.first:
        return Refuse(Refusal.GAP, 0)
    if header.previous_root != merkle.EMPTY_ROOT:
        return MustOpen(None)
    log = await _open_log(connection, header, arrival.received_ms)
    if log is None:
        return await _store(connection, arrival)
    return await _append(connection, arrival, log, 0)


async def _is_held(connection: Connection, log: Log, header: BatchHeader) -> bool:
    """The station says what the city has: a root at the same size commits to the same records."""
    end = header.first + header.count
    if end == log.size:
        return bool(header.root == log.root)
    if end > log.size:
        return False
    found = await connection.fetchval(
        "SELECT 1 FROM batch WHERE month = $1 AND log_id = $2 AND start < $3"
        ' AND "end" = $3 AND root = $4',
        *(log.month, log.id, end, header.root),
    )
    return found is not None


async def _held(connection: Connection, log: Log | None) -> Held:
    if log is None:
        return NOTHING
    frontier = await connection.fetchval("SELECT frontier FROM log WHERE id = $1", log.id)
    return Held(log.size, merkle.unpack(frontier))


async def _open_log(connection: Connection, header: BatchHeader, received_ms: int) -> Log | None:
    """The new log, locked; None when another process has opened it meanwhile."""
    description = header.description
    assert description is not None, "a header with first = 0 describes its log"
    parent = description.parent
    made = await connection.fetchval(
        "INSERT INTO log (lid, node_id, station, number, lane, parent_lid, parent_size,"
        " parent_root, size, root, first_received_ms, month)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11)"
        " ON CONFLICT (lid) DO NOTHING RETURNING id",
        *(header.lid, header.node_id, header.station, description.number, description.lane),
        *(parent or (None, None, None)),
        *(merkle.EMPTY_ROOT, received_ms, month_of(received_ms)),
    )
    if made is None:
        return None
    if parent is not None:
        await _note_parent(connection, made, parent, received_ms)
    return await find_log(connection, header.lid)


async def _note_parent(
    connection: Connection, log_id: int, parent: Parent, received_ms: int
) -> None:
    # Two children that come at the same moment must see each other.
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))", parent.lid
    )
    stored = await find_log(connection, parent.lid)
    siblings = await connection.fetchval(
        "SELECT count(*) FROM log WHERE parent_lid = $1 AND id <> $2", parent.lid, log_id
    )
    stored_size = stored.size if stored else 0
    await connection.executemany(
        "INSERT INTO notice (log_id, code, received_ms) VALUES ($1, $2, $3)",
        [
            (log_id, code.value, received_ms)
            for code in find_notices(parent.size, stored_size, siblings)
        ],
    )


async def _append(connection: Connection, arrival: Arrival, log: Log, start: int) -> Stored:
    header = arrival.header
    end = header.first + header.count
    number = await connection.fetchval(
        'INSERT INTO batch (month, log_id, start, "end", number, root, received_ms, raw)'
        " VALUES ($1, $2, $3, $4, nextval('batch_number'), $5, $6, $7) RETURNING number",
        *(log.month, log.id, start, end, header.root, arrival.received_ms, arrival.raw),
    )
    await connection.execute(
        "UPDATE log SET size = $1, root = $2 WHERE id = $3", end, header.root, log.id
    )
    head = await _head(connection, header.lid, log._replace(size=end, root=header.root))
    return Stored(head, number, end - start)


async def _head(
    connection: Connection,
    lid: bytes,
    log: Log | None,
    maximum_statuses: int = MAXIMUM_RECEIPT_STATUSES,
) -> Head:
    if log is None:
        return Head(lid, 0, merkle.EMPTY_ROOT, 0, 0, ())
    listed, applied = await _statuses(connection, log.id, log.opened, maximum_statuses)
    return Head(lid, log.size, log.root, log.archived, applied, listed)


async def _asked_head(
    connection: Connection, asked: AskedHead, log: Log | None, maximum_statuses: int
) -> Head:
    head = await _head(connection, asked.lid, log, maximum_statuses)
    if log is None or asked.size >= log.size:
        return head
    return head._replace(root=await _root_at(connection, log, asked.size))


async def _root_at(connection: Connection, log: Log, size: int) -> bytes | None:
    """The root of the first `size` records; None inside a batch that is not opened."""
    if not size:
        return merkle.EMPTY_ROOT
    root = await connection.fetchval(
        'SELECT root FROM batch WHERE month = $1 AND log_id = $2 AND start < $3 AND "end" = $3',
        *(log.month, log.id, size),
    )
    if root is not None:
        return bytes(root)
    if size > log.opened:
        return None
    return merkle.root_of(await read_leaves(connection, log, 0, size))


async def _statuses(
    connection: Connection | Pool, log_id: int, opened: int, maximum: int
) -> tuple[Statuses, int]:
    """What was stored but not entered, and how far the list is complete.

    A duplicate is not among them: its first copy was entered. When there are more than `maximum`,
    `applied` is told only up to the first one left out, so that nobody takes it for entered.
    """
    rows: list[Any] = await connection.fetch(
        "SELECT sequence, code FROM verdict WHERE log_id = $1 AND code <> 'duplicate'"
        " ORDER BY sequence LIMIT $2",
        log_id,
        maximum + 1,
    )
    complete = opened if len(rows) <= maximum else rows[maximum]["sequence"]
    listed = [(number, int(WIRE_STATUS[VerdictCode(code)])) for number, code in rows[:maximum]]
    return tuple(listed), complete


def month_of(wall_ms: int) -> int:
    """Years times twelve plus months from 0, in UTC: the order and the borders of months."""
    moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return moment.year * 12 + moment.month - 1

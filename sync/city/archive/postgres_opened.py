"""Hands out stored batches for opening, and writes down what they held, in PostgreSQL.

Responsible for: whose turn it is among several processes, leaves, boots, anchors and alerts, the
move of `opened`, and putting aside what cannot be read. Rules: a log is claimed for a while and
locks are skipped, so that processes share the work; what makes an opening count is only that it
begins where the log stands, so a claim that ran out does no harm. It must not know keys.
"""

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from sync.city.archive import postgres_copies as copies
from sync.city.archive import postgres_named_attachments as named
from sync.city.archive import postgres_register as register
from sync.city.archive.dossiers import Place
from sync.city.archive.port import (
    LEASE_MS,
    Opening,
    OpeningWork,
    Replay,
    Replayed,
    StoredBatch,
    Unreadable,
    VerdictCode,
)
from sync.city.archive.postgres_pool import Connection, Pool, RunAgainError
from sync.protocol import merkle

MAXIMUM_LOGS_CLAIMED: Final = 64
"""Logs in one piece of work."""

_LOG: Final = "id, node_id, station, lid, opened, frontier, month"
_BATCH: Final = 'number, start, "end", raw, received_ms'


async def claim(connection: Connection, now_ms: int, maximum_records: int) -> list[OpeningWork]:
    """Work of the logs that have waited longest for their turn and that nobody else has."""
    # A claim further ahead than any lease was made under another clock.
    rows = await connection.fetch(
        f"SELECT {_LOG}, size FROM log WHERE opened < size"  # noqa: S608 - constants
        " AND (claimed_until_ms <= $1 OR claimed_until_ms > $1 + $2)"
        " ORDER BY claimed_until_ms, id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
        *(now_ms, LEASE_MS, MAXIMUM_LOGS_CLAIMED),
    )
    chosen = list(_until(rows, maximum_records))
    await connection.execute(
        "UPDATE log SET claimed_until_ms = $1 WHERE id = ANY($2)",
        now_ms + LEASE_MS,
        [row["id"] for row in chosen],
    )
    works: list[OpeningWork] = []
    left = maximum_records
    for row in chosen:
        if left <= 0:
            break
        work = await _work(connection, row, left)
        left -= work.batches[-1].end - work.opened
        works.append(work)
    return works


async def claim_log(connection: Connection, lid: bytes, maximum_records: int) -> OpeningWork | None:
    """Work of one log, whoever has claimed it; None when it is opened to its end."""
    row = await connection.fetchrow(
        f"SELECT {_LOG} FROM log WHERE lid = $1 AND opened < size",  # noqa: S608 - constants
        lid,
    )
    return await _work(connection, row, maximum_records) if row else None


async def enter(connection: Connection, openings: Sequence[Opening], now_ms: int) -> int:
    """Write down what was opened; how many records were entered."""
    # Locks in one order everywhere: stations, then logs.
    logs = await connection.fetch(
        "SELECT id, station, month FROM log WHERE id = ANY($1)",
        [opening.log for opening in openings],
    )
    await register.lock_stations(connection, [row["station"] for row in logs])
    facts = {row["id"]: row for row in logs}
    entered = 0
    for opening in sorted(openings, key=lambda opening: (opening.log, opening.before)):
        log = facts[opening.log]
        place = Place(opening.log, log["station"], now_ms)
        entered += await _enter(connection, opening, place, log["month"])
    return entered


async def set_back(connection: Connection, unreadable: Unreadable, now_ms: int) -> bool:
    """Put the batches from `opened` on into quarantine and the log's size back to it."""
    log_id, opened, reason, number = unreadable
    log = await connection.fetchrow(
        f"SELECT {_LOG} FROM log WHERE id = $1 AND opened = $2 AND size > opened FOR NO KEY UPDATE",  # noqa: S608 - constants
        *(log_id, opened),
    )
    if log is None:
        return False
    place = (log["month"], log_id, opened)
    first = await connection.fetchval(
        "SELECT number FROM batch WHERE month = $1 AND log_id = $2 AND start = $3", *place
    )
    if first != number:
        return False
    rows = await connection.fetch(
        "DELETE FROM batch WHERE month = $1 AND log_id = $2 AND start >= $3"
        ' RETURNING start, "end", raw',
        *place,
    )
    rows = sorted(rows, key=lambda row: int(row["start"]))
    await connection.executemany(
        INSERT_QUARANTINE,
        [
            (
                *(sha256(raw).digest(), log["node_id"], log["station"], log["lid"]),
                *(start, end - start, reason, len(raw), now_ms, raw),
            )
            for start, end, raw in rows
        ],
    )
    # Wary up to the end of the first bad one: those after it may be good when they come again.
    await connection.execute(
        "UPDATE log SET size = opened, wary_until = greatest(wary_until, $1), root = $2,"
        " claimed_until_ms = $3 WHERE id = $4",
        *(rows[0]["end"], merkle.root(merkle.unpack(log["frontier"])), now_ms, log_id),
    )
    return True


INSERT_QUARANTINE: Final = (
    "INSERT INTO quarantine (digest, node_id, station, lid, first, records, reason, size_bytes,"
    " received_ms, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (digest) DO NOTHING"
)


async def find_replays(
    connection: Connection, kinds: Collection[int], maximum_records: int
) -> list[Replay]:
    """Records set aside as of unknown kind whose kind is among `kinds`, batch by batch."""
    found = await connection.fetch(
        'SELECT verdict.log_id, sequence, station, batch.number, start, "end", received_ms,'
        " batch.month"
        " FROM verdict JOIN log ON log.id = verdict.log_id JOIN batch ON batch.month = log.month"
        ' AND batch.log_id = log.id AND start <= sequence AND "end" > sequence'
        " WHERE code = $1 AND kind = ANY($2) ORDER BY verdict.log_id, sequence LIMIT $3",
        *(VerdictCode.UNKNOWN_KIND.value, sorted(kinds), maximum_records),
    )
    return [await _replay(connection, rows) for rows in _by_batch(found)]


async def replay(connection: Connection, replayed: Sequence[Replayed], now_ms: int) -> int:
    """Take the verdicts away and let the records take effect."""
    logs = await connection.fetch(
        "SELECT id, station FROM log WHERE id = ANY($1)", [item.log for item in replayed]
    )
    stations = {row["id"]: row["station"] for row in logs}
    await register.lock_stations(connection, stations.values())
    count = 0
    for log_id, sequences, commands, verdicts, attachments in replayed:
        gone = await connection.fetch(
            "DELETE FROM verdict WHERE log_id = $1 AND sequence = ANY($2) AND code = $3"
            " RETURNING sequence",
            *(log_id, list(sequences), VerdictCode.UNKNOWN_KIND.value),
        )
        # Those that another process has entered meanwhile are not entered again.
        left = {row["sequence"] for row in gone}
        await register.note_verdicts(
            connection, log_id, [verdict for verdict in verdicts if verdict.sequence in left]
        )
        place = Place(log_id, stations[log_id], now_ms)
        chosen = [command for command in commands if command.sequence in left]
        await register.take_effect(connection, place, chosen)
        await named.note(connection, log_id, attachments)
        count += len(left)
    return count


def _until(rows: Sequence[Any], maximum_records: int) -> Iterator[Any]:
    """As many logs as are needed for so many records, at least one."""
    left = maximum_records
    for row in rows:
        if left <= 0:
            return
        yield row
        left -= row["size"] - row["opened"]


async def _work(connection: Connection, row: Any, maximum_records: int) -> OpeningWork:
    found = await connection.fetch(
        f"SELECT {_BATCH} FROM batch WHERE month = $1 AND log_id = $2 AND start >= $3"  # noqa: S608 - constants
        " AND start < $3 + $4 ORDER BY start",
        *(row["month"], row["id"], row["opened"], maximum_records),
    )
    return OpeningWork(
        *(row["id"], row["node_id"], row["station"], row["lid"], row["opened"]),
        merkle.unpack(row["frontier"]),
        [StoredBatch(*batch) for batch in found],
    )


async def _enter(connection: Connection, opening: Opening, place: Place, month: int) -> int:
    moved = await connection.fetchval(
        "UPDATE log SET opened = $1, frontier = $2, boot_id = coalesce($3, boot_id),"
        " hardware_id = coalesce($4, hardware_id), claimed_until_ms = $5"
        " WHERE id = $6 AND opened = $7 AND EXISTS (SELECT 1 FROM batch"
        ' WHERE month = $8 AND log_id = $6 AND "end" = $1 AND number = $9) RETURNING 1',
        *(opening.size, merkle.pack(opening.frontier), *(opening.boot or (None, None))),
        *(place.now_ms, opening.log, opening.before, month, opening.leaves[-1][0]),
    )
    if moved is None:
        return 0
    await _keep_leaves(connection, opening, month)
    await connection.executemany(
        "INSERT INTO anchor (log_id, sequence, boot_id, city_time_ms, mono_sent_ms,"
        " mono_received_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        [(opening.log, *anchor) for anchor in opening.anchors],
    )
    await connection.executemany(
        "INSERT INTO notice (log_id, code, received_ms) VALUES ($1, $2, $3)"
        " ON CONFLICT (log_id, code) DO UPDATE SET received_ms = excluded.received_ms",
        [(opening.log, code.value, place.now_ms) for code in opening.alerts],
    )
    await register.note_verdicts(connection, opening.log, opening.verdicts)
    await register.take_effect(connection, place, opening.commands)
    await copies.follow(connection, opening)
    await named.note(connection, opening.log, opening.named)
    return opening.size - opening.before


async def _keep_leaves(connection: Connection, opening: Opening, month: int) -> None:
    kept = await connection.fetch(
        "INSERT INTO leaf_run (month, log_id, start, leaves)"
        " SELECT month, log_id, start, new.leaves"
        " FROM unnest($1::bigint[], $2::bytea[]) AS new (batch, leaves)"
        " JOIN batch ON batch.month = $3 AND batch.log_id = $4 AND batch.start >= $5"
        " AND batch.start < $6 AND batch.number = new.batch RETURNING 1",
        *([number for number, _ in opening.leaves], [leaves for _, leaves in opening.leaves]),
        *(month, opening.log, opening.before, opening.size),
    )
    if len(kept) != len(opening.leaves):
        # The batches were put aside and came again while these were being opened.
        raise RunAgainError


def _by_batch(rows: Sequence[Any]) -> list[list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in rows:
        groups.setdefault(row["number"], []).append(row)
    return list(groups.values())


async def _replay(connection: Connection | Pool, rows: Sequence[Any]) -> Replay:
    row = rows[0]
    raw = await connection.fetchval(
        "SELECT raw FROM batch WHERE month = $1 AND log_id = $2 AND start = $3",
        *(row["month"], row["log_id"], row["start"]),
    )
    batch = StoredBatch(row["number"], row["start"], row["end"], raw, row["received_ms"])
    return Replay(row["log_id"], row["station"], batch, [item["sequence"] for item in rows])

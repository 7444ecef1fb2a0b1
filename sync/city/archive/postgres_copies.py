"""Copies that stand for records of which the city has the leaf alone, in PostgreSQL.

Responsible for: the statements around the decisions of `sync.city.archive.copies`. Rules: as there;
the records of one station enter one after another (`lock_stations`), so that of a pair and its copy
the later one sees the other. It must not know why something was withheld.
"""

from sync.city.archive.copies import (
    MAXIMUM_PAIRS_COMPARED,
    Pair,
    answered,
    first_leaves,
    new_pairs,
)
from sync.city.archive.postgres_pool import Connection
from sync.city.archive.values import Opening, VerdictCode
from sync.protocol.limits import DIGEST_BYTES


async def follow(connection: Connection, opening: Opening) -> None:
    """Let the pairs follow their copies, after the verdicts of the opening were written."""
    new = new_pairs(opening)
    if not new and not opening.copies:
        return
    node_id = await connection.fetchval("SELECT node_id FROM log WHERE id = $1", opening.log)
    await connection.execute(
        "INSERT INTO copied (node_id, leaf) SELECT $1, unnest($2::bytea[]) ON CONFLICT DO NOTHING",
        *(node_id, first_leaves(opening)),
    )
    rows = await connection.fetch(
        "SELECT leaf FROM copied WHERE node_id = $1 AND leaf = ANY($2)",
        *(node_id, [pair.leaf for pair in new]),
    )
    copied = {bytes(row["leaf"]) for row in rows}
    found = [pair for pair in new if pair.leaf in copied]
    if opening.copies:
        found += answered(opening.copies, await _waiting(connection, node_id))
    await connection.execute(
        "UPDATE verdict SET code = $1 FROM unnest($2::bigint[], $3::bigint[]) AS pair (log, place)"
        " WHERE log_id = pair.log AND sequence = pair.place",
        VerdictCode.DUPLICATE.value,
        *([pair.log_id for pair in found], [pair.sequence for pair in found]),
    )


async def _waiting(connection: Connection, node_id: bytes) -> list[Pair]:
    rows = await connection.fetch(
        "SELECT verdict.log_id, sequence,"
        " substr(leaves, ((sequence - batch.start) * $3 + 1)::int, $3::int)"
        " FROM verdict JOIN log ON log.id = verdict.log_id JOIN batch ON batch.month = log.month"
        ' AND batch.log_id = log.id AND batch.start <= sequence AND "end" > sequence'
        " JOIN leaf_run ON leaf_run.month = batch.month AND leaf_run.log_id = batch.log_id"
        " AND leaf_run.start = batch.start"
        " WHERE code = 'withheld' AND node_id = $1 ORDER BY verdict.log_id, sequence LIMIT $2",
        *(node_id, MAXIMUM_PAIRS_COMPARED, DIGEST_BYTES),
    )
    return [Pair(log_id, sequence, bytes(leaf)) for log_id, sequence, leaf in rows]

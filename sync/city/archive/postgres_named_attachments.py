"""Which attachments records speak of, in PostgreSQL; see `sync.city.archive.named_attachments`."""

from collections.abc import Sequence

from sync.city.archive.postgres_pool import Connection, Pool
from sync.city.archive.values import Named


async def note(connection: Connection, log_id: int, named: Sequence[Named]) -> None:
    """Write down what these records of a log speak of."""
    if named:
        await connection.execute(
            "INSERT INTO attachment_named (log_id, sequence, digest)"
            " SELECT $1, * FROM unnest($2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING",
            *(log_id, [one.sequence for one in named], [one.digest for one in named]),
        )


async def read(connection: Connection | Pool, lid: bytes, first: int, end: int) -> list[Named]:
    """What the records `first` … `end` - 1 of a log speak of, in order."""
    rows = await connection.fetch(
        "SELECT sequence, digest FROM attachment_named JOIN log ON log.id = log_id"
        " WHERE lid = $1 AND sequence >= $2 AND sequence < $3 ORDER BY sequence",
        *(lid, first, end),
    )
    return [Named(sequence, bytes(digest)) for sequence, digest in rows]

"""The ledger of attachments in PostgreSQL."""

from collections.abc import Sequence
from typing import Any, Final

from sync.city.archive.feed_store.port import LedgerBlob
from sync.city.archive.postgres_pool import Connection, Pool

_FIND: Final = (
    "SELECT digest, node_id, bytes, signed, stored_ms, touched_ms FROM attachment WHERE digest = $1"
)


class PostgresBlobLedger:
    """Implements the port."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, digest: bytes) -> LedgerBlob | None:
        """What is known of an attachment."""
        return _blob(await self._pool.fetchrow(_FIND, digest))

    async def announce(self, blob: LedgerBlob, quota_bytes: int) -> LedgerBlob | None:
        """Note an attachment that is to come, unless it is noted already; what is noted now."""

        async def work(connection: Connection) -> LedgerBlob | None:
            # Announcements of one station count one after another: the quota is exact.
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", blob.node_id.hex()
            )
            known = _blob(await connection.fetchrow(_FIND, blob.digest))
            if known is not None:
                return known
            used = await connection.fetchval(
                "SELECT coalesce(sum(bytes), 0)::bigint FROM attachment WHERE node_id = $1",
                blob.node_id,
            )
            if used + blob.size_bytes > quota_bytes:
                return None
            await connection.execute(
                "INSERT INTO attachment (digest, node_id, bytes, signed, stored_ms, touched_ms)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                *blob,
            )
            return _blob(await connection.fetchrow(_FIND, blob.digest))

        return await self._pool.transact(work)

    async def touch(self, digest: bytes, now_ms: int) -> None:
        """Somebody goes on with an announced attachment."""
        await self._pool.execute(
            "UPDATE attachment SET touched_ms = $2 WHERE digest = $1", digest, now_ms
        )

    async def abandoned(self, before_ms: int, maximum: int) -> list[bytes]:
        """Announced attachments that are not whole and were not touched since, oldest first."""
        found = await self._pool.fetch(
            "SELECT digest FROM attachment WHERE stored_ms IS NULL AND touched_ms < $1"
            " ORDER BY touched_ms LIMIT $2",
            *(before_ms, maximum),
        )
        return [bytes(row["digest"]) for row in found]

    async def drop(self, digest: bytes, before_ms: int) -> bool:
        """Forget one of those; false when somebody went on with it meanwhile."""
        gone = await self._pool.fetch(
            "DELETE FROM attachment WHERE digest = $1 AND stored_ms IS NULL AND touched_ms < $2"
            " RETURNING 1",
            *(digest, before_ms),
        )
        return bool(gone)

    async def note_stored(self, digest: bytes, now_ms: int) -> None:
        """An announced attachment lies in the object store; it is not awaited any more."""

        async def work(connection: Connection) -> None:
            await connection.execute(
                "UPDATE attachment SET stored_ms = $2 WHERE digest = $1 AND stored_ms IS NULL",
                digest,
                now_ms,
            )
            await connection.execute(
                "DELETE FROM attachment_awaited WHERE digest = $1 AND node_id ="
                " (SELECT node_id FROM attachment WHERE digest = $1)",
                digest,
            )

        await self._pool.transact(work)

    async def note_lost(self, digest: bytes) -> None:
        """The object store has lost an attachment: it is awaited again from its station."""

        async def work(connection: Connection) -> None:
            await connection.execute(
                "INSERT INTO attachment_awaited (digest, node_id, since_ms)"
                " SELECT digest, node_id, stored_ms FROM attachment"
                " WHERE digest = $1 AND stored_ms IS NOT NULL ON CONFLICT DO NOTHING",
                digest,
            )
            await connection.execute(
                "UPDATE attachment SET stored_ms = NULL WHERE digest = $1", digest
            )

        await self._pool.transact(work)

    async def await_blobs(self, node_id: bytes, digests: Sequence[bytes], now_ms: int) -> None:
        """Entered records of this station speak of these; those stored already are passed over."""
        await self._pool.execute(
            "INSERT INTO attachment_awaited (digest, node_id, since_ms)"
            " SELECT asked, $2, $3 FROM unnest($1::bytea[]) AS asked"
            " WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE digest = asked"
            " AND stored_ms IS NOT NULL) ON CONFLICT DO NOTHING",
            list(digests),
            node_id,
            now_ms,
        )

    async def awaited(self, node_id: bytes, maximum: int) -> list[bytes]:
        """Attachments that have not come, longest awaited first."""
        found = await self._pool.fetch(
            "SELECT digest FROM attachment_awaited WHERE node_id = $1"
            " ORDER BY since_ms, digest LIMIT $2",
            node_id,
            maximum,
        )
        return [bytes(row["digest"]) for row in found]


def _blob(row: Any) -> LedgerBlob | None:
    if row is None:
        return None
    return LedgerBlob(
        bytes(row["digest"]),
        bytes(row["node_id"]),
        row["bytes"],
        bytes(row["signed"]),
        row["stored_ms"],
    )

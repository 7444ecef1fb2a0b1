"""The ledger of attachments in the city's SQLite file."""

import sqlite3
from collections.abc import Sequence

from sync.city.archive.feed_store.port import LedgerBlob
from sync.city.archive.feed_store.sqlite import query, transact
from sync.database import Reader, Writer


class SqliteBlobLedger:
    """Implements the port on the archive's own writer and reader."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def find(self, digest: bytes) -> LedgerBlob | None:
        """What is known of an attachment."""
        return await query(self._reader, lambda connection: _find(connection, digest))

    async def announce(self, blob: LedgerBlob, quota_bytes: int) -> LedgerBlob | None:
        """Note an attachment that is to come, unless it is noted already; what is noted now."""

        def work(connection: sqlite3.Connection) -> LedgerBlob | None:
            known = _find(connection, blob.digest)
            if known is not None:
                return known
            (used,) = connection.execute(
                "SELECT coalesce(sum(bytes), 0) FROM attachment WHERE node_id = ?", (blob.node_id,)
            ).fetchone()
            if used + blob.size_bytes > quota_bytes:
                return None
            connection.execute(
                "INSERT INTO attachment (digest, node_id, bytes, signed, stored_ms, touched_ms)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                blob,
            )
            return blob

        return await transact(self._writer, work)

    async def touch(self, digest: bytes, now_ms: int) -> None:
        """Somebody goes on with an announced attachment."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE attachment SET touched_ms = ? WHERE digest = ?", (now_ms, digest)
            )

        await transact(self._writer, work)

    async def abandoned(self, before_ms: int, maximum: int) -> list[bytes]:
        """Announced attachments that are not whole and were not touched since, oldest first."""

        def work(connection: sqlite3.Connection) -> list[bytes]:
            found = connection.execute(
                "SELECT digest FROM attachment WHERE stored_ms IS NULL AND touched_ms < ?"
                " ORDER BY touched_ms LIMIT ?",
                (before_ms, maximum),
            )
            return [row[0] for row in found]

        return await query(self._reader, work)

    async def drop(self, digest: bytes, before_ms: int) -> bool:
        """Forget one of those; false when somebody went on with it meanwhile."""

        def work(connection: sqlite3.Connection) -> bool:
            gone = connection.execute(
                "DELETE FROM attachment WHERE digest = ? AND stored_ms IS NULL AND touched_ms < ?",
                (digest, before_ms),
            )
            return gone.rowcount > 0

        return await transact(self._writer, work)

    async def note_stored(self, digest: bytes, now_ms: int) -> None:
        """An announced attachment lies in the object store; it is not awaited any more."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE attachment SET stored_ms = ? WHERE digest = ? AND stored_ms IS NULL",
                (now_ms, digest),
            )
            connection.execute(
                "DELETE FROM attachment_awaited WHERE digest = ?1 AND node_id ="
                " (SELECT node_id FROM attachment WHERE digest = ?1)",
                (digest,),
            )

        await transact(self._writer, work)

    async def note_lost(self, digest: bytes) -> None:
        """The object store has lost an attachment: it is awaited again from its station."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO attachment_awaited (digest, node_id, since_ms)"
                " SELECT digest, node_id, stored_ms FROM attachment"
                " WHERE digest = ? AND stored_ms IS NOT NULL ON CONFLICT DO NOTHING",
                (digest,),
            )
            connection.execute("UPDATE attachment SET stored_ms = NULL WHERE digest = ?", (digest,))

        await transact(self._writer, work)

    async def await_blobs(self, node_id: bytes, digests: Sequence[bytes], now_ms: int) -> None:
        """Entered records of this station speak of these; those stored already are passed over."""

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO attachment_awaited (digest, node_id, since_ms) SELECT ?1, ?2, ?3"
                " WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE digest = ?1"
                " AND stored_ms IS NOT NULL) ON CONFLICT DO NOTHING",
                [(digest, node_id, now_ms) for digest in digests],
            )

        await transact(self._writer, work)

    async def awaited(self, node_id: bytes, maximum: int) -> list[bytes]:
        """Attachments that have not come, longest awaited first."""

        def work(connection: sqlite3.Connection) -> list[bytes]:
            found = connection.execute(
                "SELECT digest FROM attachment_awaited WHERE node_id = ?"
                " ORDER BY since_ms, digest LIMIT ?",
                (node_id, maximum),
            )
            return [row[0] for row in found]

        return await query(self._reader, work)


def _find(connection: sqlite3.Connection, digest: bytes) -> LedgerBlob | None:
    row = connection.execute(
        "SELECT digest, node_id, bytes, signed, stored_ms, touched_ms FROM attachment"
        " WHERE digest = ?",
        (digest,),
    ).fetchone()
    return None if row is None else LedgerBlob(*row)

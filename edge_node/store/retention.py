"""Bodies and attachments that may go: since when the city's backup has them, and their removal."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from edge_node.domain.dossier import DossierState
from edge_node.domain.retention import Custody
from edge_node.store.unit_of_work import Transaction
from sync.journal.journal import SEQUENCE_BITS
from sync.protocol.record import FIRST_DOMAIN_KIND

_NOTHING: Final[Mapping[bytes, int]] = {}


def is_archived_news(connection: sqlite3.Connection, archived: Mapping[bytes, int]) -> bool:
    """Whether the city's backup holds another number of records of any log than noted."""
    return _newest(connection) != {lid: count for lid, count in archived.items() if count}


def note_archived(
    transaction: Transaction, archived: Mapping[bytes, int], city_time_ms: int | None
) -> None:
    """Note since which city time so many leading records of each log are in the backup.

    A promise that is taken back (the city was restored) takes its notes with it.
    """
    if city_time_ms is None:
        return
    connection = transaction.connection
    known = _newest(connection)
    for lid in known.keys() | archived.keys():
        count, before = archived.get(lid, 0), known.get(lid, 0)
        if count < before:
            connection.execute(
                "DELETE FROM archive_mark WHERE lid = ? AND archived > ?", (lid, count)
            )
        if count and count != before:
            connection.execute(
                "INSERT OR IGNORE INTO archive_mark (lid, archived, city_time_ms) VALUES (?, ?, ?)",
                (lid, count, city_time_ms),
            )


def _newest(connection: sqlite3.Connection) -> dict[bytes, int]:
    rows = connection.execute("SELECT lid, max(archived) FROM archive_mark GROUP BY lid")
    return dict(rows.fetchall())


class Candidate(NamedTuple):
    """A record with a body, of a dossier; `state` is the dossier's, None when it is unknown.

    `copy_gone`: it was journalled again, and the body of the copy has gone by this same rule.
    """

    position: int
    lid: bytes
    dossier_id: bytes
    state: DossierState | None
    archived: int
    archived_since_ms: int
    copy_gone: bool

    @property
    def sequence(self) -> int:
        """The record's place in its log."""
        return self.position & ((1 << SEQUENCE_BITS) - 1)

    def custody(
        self, city_now_ms: int | None, *, closed: bool, blob_pending: bool, withheld: bool
    ) -> Custody:
        """The facts the rule is asked with."""
        since_ms = self.archived_since_ms
        return Custody(
            self.sequence, self.archived, since_ms, city_now_ms, closed, blob_pending, withheld
        )


def candidates(
    connection: sqlite3.Connection, before_ms: int, after: int, limit: int
) -> list[Candidate]:
    """Records in the backup since `before_ms` (city time) or earlier, from a position on."""
    rows = connection.execute(
        "WITH old AS (SELECT log.number AS number, lid, max(archived) AS archived,"
        " max(city_time_ms) AS since FROM archive_mark JOIN log USING (lid)"
        " WHERE city_time_ms <= ? GROUP BY log.number)"
        " SELECT record.position, old.lid, record.subject, dossier.state, old.archived, old.since,"
        " EXISTS (SELECT 1 FROM record AS copy WHERE copy.origin = record.position"
        " AND length(copy.raw) = 0) FROM old JOIN record ON record.position >= old.number << ?2"
        " AND record.position < old.number << ?2 | old.archived"
        " LEFT JOIN dossier ON dossier.id = record.subject"
        " WHERE record.position > ?3 AND record.kind >= ?4 AND record.subject IS NOT NULL"
        " AND length(record.raw) > 0 ORDER BY record.position LIMIT ?5",
        (before_ms, SEQUENCE_BITS, after, FIRST_DOMAIN_KIND, limit),
    )
    return [
        Candidate(
            position,
            lid,
            subject,
            DossierState(state) if state else None,
            archived,
            since,
            bool(gone),
        )
        for position, lid, subject, state, archived, since, gone in rows
    ]


def pending_subjects(connection: sqlite3.Connection, held: Collection[bytes]) -> set[bytes]:
    """Dossiers with an attachment that the city does not hold; `held` are the digests it does."""
    rows = connection.execute("SELECT digest, subject FROM blob WHERE subject IS NOT NULL")
    return {row[1] for row in rows if row[0] not in held}


def purge(transaction: Transaction, positions: Iterable[int]) -> None:
    """Empty the bodies; leaves and command ids stay for ever."""
    transaction.connection.executemany(
        "UPDATE record SET raw = x'' WHERE position = ?", [(position,) for position in positions]
    )


def purgeable_blobs(connection: sqlite3.Connection, held: Collection[bytes]) -> list[bytes]:
    """Attachments the city holds whose dossier has no body left here."""
    rows = connection.execute(
        "SELECT digest FROM blob WHERE purged = 0 AND subject IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM record WHERE record.subject = blob.subject AND length(record.raw) > 0)"
    )
    return [row[0] for row in rows if row[0] in held]

"""Look at the papers attached to a dossier, at this station, while the dossier is open.

Rules: what was captured is sealed for the city and no key here opens it again; a second copy is
kept for officers under a key of the running program (`store/viewing`), so a restart ends it, and so
does the end of the dossier. Every look is in the access log before the paper is shown.
"""

import asyncio
from typing import Final, NamedTuple

from edge_node.domain import officer as rules
from edge_node.domain.dossier import DossierState
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Duty
from edge_node.store import attachments, captures, dossiers
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.officers import access
from edge_node.usecases.station import Officer, Station

CLOSED: Final = frozenset(
    {
        DossierState.REFUSED,
        DossierState.WITHDRAWN,
        DossierState.STOPPED,
        DossierState.HANDED_OVER,
    }
)
"""States in which nobody needs to look any more."""


class PaperLine(NamedTuple):
    """An attachment in the list of a dossier."""

    name: str
    media_type: str
    bytes: int
    added_at: str
    viewable: bool


class Paper(NamedTuple):
    """An attachment as it was captured."""

    name: str
    media_type: str
    content: bytes


async def papers(station: Station, dossier_id: str) -> list[PaperLine]:
    """The attachments of a dossier and which of them can be looked at."""
    key = bytes.fromhex(dossier_id)
    rows = await station.store.read(lambda c: attachments.of_dossier(c, key))
    return [
        PaperLine(
            row.name, row.media_type, row.bytes, row.added_at, station.viewing.has(row.digest)
        )
        for row in rows
    ]


async def look(station: Station, officer: Officer, dossier_id: str, name: str) -> Paper:
    """One attachment. Errors: duty_not_yours, not_found, attachment_not_viewable."""
    rules.require(officer.roles, Duty.READ_DOSSIER)
    key = bytes.fromhex(dossier_id)
    row = await station.store.read(lambda c: attachments.find(c, key, name))
    if row is None or station.vault is None:
        raise DomainError(ErrorCode.NOT_FOUND)
    await access.looked(station, officer, dossier_id, "paper", name)
    folder = station.vault.folder
    content = await asyncio.to_thread(station.viewing.read, folder, row.digest)
    if content is None:
        raise DomainError(ErrorCode.ATTACHMENT_NOT_VIEWABLE)
    return Paper(row.name, row.media_type, content)


async def sweep(station: Station) -> int:
    """Remove copies nobody may look at any more; how many."""
    if station.vault is None or not station.viewing.digests:
        return 0
    digests, folder = station.viewing.digests, station.vault.folder

    def ask(connection: Connection) -> list[bytes]:
        waiting = captures.digests(connection)
        return [one for one in digests if one not in waiting and not _is_open(connection, one)]

    over = await station.store.read(ask)
    for digest in over:
        await asyncio.to_thread(station.viewing.forget, folder, digest)
    return len(over)


def _is_open(connection: Connection, digest: bytes) -> bool:
    dossier_id = attachments.dossier_of(connection, digest)
    row = dossiers.find(connection, dossier_id) if dossier_id is not None else None
    return row is not None and row.state not in CLOSED

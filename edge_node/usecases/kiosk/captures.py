"""Photographs of papers taken at the kiosk before the dossier exists.

Rules: a photograph is sealed for the city before it touches the disk, so the station itself cannot
show it again; it belongs to one draft and becomes an attachment of the dossier that this draft
hands in, also when the kiosk never came back to say so; a draft that is left takes its photographs
with it. Handing in a dossier without photographs does nothing here but one read.
"""

import asyncio
from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store import captures, submissions
from edge_node.store.captures import CaptureRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import attachments
from edge_node.usecases.attachments import Capture, SealedPaper
from edge_node.usecases.intake import command_of
from edge_node.usecases.station import Station, storage_error, token_id
from sync.database import DatabaseError

MAXIMUM_PHOTO_BYTES: Final = 4 << 20
"""A page at 200 dpi as JPEG is well below 1 MiB."""

MAXIMUM_PHOTOS_OF_PAPER: Final = 4
MAXIMUM_PHOTOS_OF_DRAFT: Final = 12
MAXIMUM_PHOTOS_WAITING: Final = 400
"""In all unfinished forms of the station: a kiosk left to play with must not fill the disk."""

MEDIA_TYPE: Final = "image/jpeg"
_ENDING: Final = ".jpg"


async def take(station: Station, token: str, key: str, paper_id: str, content: bytes) -> None:
    """Seal one photograph of a paper and keep it for the draft; the same one again is one.

    `key` is the one the draft will be handed in with. Errors: attachment_*, photos_too_many,
    scans_paused, storage_*.
    """
    if len(content) > MAXIMUM_PHOTO_BYTES:
        raise DomainError(ErrorCode.ATTACHMENT_TOO_LARGE, maximum=MAXIMUM_PHOTO_BYTES >> 20)
    capture = Capture(f"{paper_id}-1{_ENDING}", MEDIA_TYPE, content)
    attachments.check_capture(station, capture)
    paper = await attachments.seal(station, capture)
    draft_id, command = token_id(token), command_of("kiosk", key)

    def work(transaction: Transaction) -> bool:
        return _keep(transaction, draft_id, command, paper_id, paper)

    try:
        kept = await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error
    except DomainError:
        await _remove(station, [paper.digest])
        raise
    if not kept:
        await _remove(station, [paper.digest])


def _keep(
    transaction: Transaction, draft_id: bytes, command: bytes, paper_id: str, paper: SealedPaper
) -> bool:
    """Whether it is new."""
    connection = transaction.connection
    rows = captures.of_draft(connection, draft_id)
    mine = [row for row in rows if paper_of(row.name) == paper_id]
    if any(row.plain_digest == paper.plain_digest for row in mine):
        return False
    if (
        len(mine) >= MAXIMUM_PHOTOS_OF_PAPER
        or len(rows) >= MAXIMUM_PHOTOS_OF_DRAFT
        or captures.count(connection) >= MAXIMUM_PHOTOS_WAITING
    ):
        raise DomainError(ErrorCode.PHOTOS_TOO_MANY, maximum=MAXIMUM_PHOTOS_OF_PAPER)
    row = CaptureRow(
        draft_id,
        f"{paper_id}-{len(mine) + 1}{_ENDING}",
        command,
        paper.digest,
        paper.plain_digest,
        paper.plain_bytes,
        paper.sealed_bytes,
        paper.key_id,
        paper.media_type,
        transaction.moment.time.wall_ms or 0,
    )
    captures.insert(transaction, row)
    return True


def paper_of(name: str) -> str:
    """The paper a photograph shows: `ct01-2.jpg` → `ct01`."""
    return name.removesuffix(_ENDING).rpartition("-")[0]


async def counts(station: Station, token: str) -> dict[str, int]:
    """How many photographs of each paper the draft has."""
    draft_id = token_id(token)
    rows = await station.store.read(lambda connection: captures.of_draft(connection, draft_id))
    found: dict[str, int] = {}
    for row in rows:
        paper_id = paper_of(row.name)
        found[paper_id] = found.get(paper_id, 0) + 1
    return found


async def drop(station: Station, token: str, paper_id: str | None = None) -> None:
    """Forget the photographs of one paper, or of the whole draft, files included."""
    await _drop(station, token_id(token), paper_id)


async def _drop(station: Station, draft_id: bytes, paper_id: str | None) -> None:
    rows = await station.store.read(lambda connection: captures.of_draft(connection, draft_id))
    gone = [row for row in rows if paper_id is None or paper_of(row.name) == paper_id]
    if not gone:
        return

    def work(transaction: Transaction) -> None:
        for row in gone:
            captures.delete(transaction, draft_id, row.name)

    try:
        await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error
    await _remove(station, [row.digest for row in gone])


async def settle(station: Station, token: str) -> None:
    """The draft is over: what it photographed joins its dossier, or is forgotten if there is none.

    Safe to repeat. Errors: storage_*.
    """
    await _settle(station, token_id(token))


async def sweep(station: Station) -> int:
    """Settle what kiosks left behind without a word; how many drafts."""
    left = await station.store.read(captures.without_draft)
    for draft_id in left:
        await _settle(station, draft_id)
    return len(left)


async def _settle(station: Station, draft_id: bytes) -> None:
    rows = await station.store.read(lambda connection: captures.of_draft(connection, draft_id))
    if not rows:
        return
    eid = rows[0].command_id
    handed_in = await station.store.read(lambda c: submissions.dossier_of(c, eid))
    if handed_in is None:
        await _drop(station, draft_id, None)
        return
    dossier_id = handed_in.dossier_id

    def work(transaction: Transaction) -> list[bytes]:
        return [
            row.digest
            for row in captures.of_draft(transaction.connection, draft_id)
            if not _join(transaction, dossier_id, row)
        ]

    try:
        surplus = await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error
    await _remove(station, surplus)
    station.changes.announce("dossier", dossier_id.hex())


def _join(transaction: Transaction, dossier_id: bytes, row: CaptureRow) -> bool:
    """Whether the file is needed: the dossier may have this very paper by another way."""
    captures.delete(transaction, row.draft_id, row.name)
    paper = SealedPaper(
        row.name,
        row.media_type,
        row.digest,
        row.plain_digest,
        row.plain_bytes,
        row.sealed_bytes,
        row.key_id,
    )
    try:
        return not attachments.record(transaction, dossier_id, paper).replayed
    except DomainError as error:
        if error.code is not ErrorCode.ATTACHMENT_TAKEN:
            raise
        return False


async def _remove(station: Station, digests: list[bytes]) -> None:
    vault = station.vault
    if vault is not None:
        for digest in digests:
            await asyncio.to_thread(vault.remove, digest)

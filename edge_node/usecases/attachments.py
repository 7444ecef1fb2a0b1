"""Attach a scanned paper or a photograph to a dossier.

Rules: the content is what its type says; it is sealed for the city at once, so that nothing
readable is ever on the disk; the file is whole on the disk before the row that names it commits;
the same content under the same name again is the same attachment, another content is refused.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from edge_node.domain.codes import parse_dossier_number
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.events import AttachmentAdded
from edge_node.store import attachments, captures, city_news, dossiers
from edge_node.store.attachments import AttachmentRow
from edge_node.store.blobs import Vault
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError
from sync.journal import blobs
from sync.journal.blobs import Blob
from sync.protocol.blob import seal_blob
from sync.protocol.enrolment import verify_enrolment
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import verify_keyset
from sync.protocol.limits import MAXIMUM_BLOB_BYTES, MAXIMUM_CONTROL_BYTES
from sync.protocol.record import command_id
from sync.protocol.seal import encryption_key

MAXIMUM_ATTACHMENT_BYTES: Final = MAXIMUM_BLOB_BYTES
MAXIMUM_NAME_CHARACTERS: Final = 64

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_WEBP: Final = re.compile(rb"RIFF....WEBP", re.DOTALL)
_SIGNATURES: Final[Mapping[str, re.Pattern[bytes]]] = MappingProxyType(
    {
        "image/jpeg": re.compile(rb"\xff\xd8\xff"),
        "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
        "image/webp": _WEBP,
        "application/pdf": re.compile(rb"%PDF-[0-9]"),
    }
)
MEDIA_TYPES: Final = tuple(_SIGNATURES)


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller is told; `sha256` is of the content sent, `sealed_sha256` of what is kept."""

    dossier_no: str
    name: str
    media_type: str
    bytes: int
    sha256: str
    sealed_sha256: str
    added_at: str


class Answer(NamedTuple):
    """The attachment and whether it was there before."""

    attached: Attached
    replayed: bool


class Capture(NamedTuple):
    """What was captured, as it came."""

    name: str
    media_type: str
    content: bytes


class SealedPaper(NamedTuple):
    """A captured paper whose sealed file is on the disk; `key_id` is the city key it is for."""

    name: str
    media_type: str
    digest: bytes
    plain_digest: bytes
    plain_bytes: int
    sealed_bytes: int
    key_id: bytes


def check_head(station: Station, name: str, media_type: str, length: int | None) -> None:
    """What can be refused before the content is read.

    Errors: attachment_*, storage_full, scans_paused.
    """
    station.room.check_scans()
    if _NAME.fullmatch(name) is None:
        raise DomainError(ErrorCode.ATTACHMENT_NAME_INVALID, maximum=MAXIMUM_NAME_CHARACTERS)
    if media_type not in _SIGNATURES:
        raise DomainError(ErrorCode.ATTACHMENT_TYPE_UNKNOWN, allowed=", ".join(MEDIA_TYPES))
    if length is not None and length > MAXIMUM_ATTACHMENT_BYTES:
        raise too_large()


def too_large() -> DomainError:
    """The refusal of more than MAXIMUM_ATTACHMENT_BYTES."""
    megabytes = MAXIMUM_ATTACHMENT_BYTES >> 20
    return DomainError(ErrorCode.ATTACHMENT_TOO_LARGE, maximum=megabytes)


def check_capture(station: Station, capture: Capture) -> None:
    """What can be refused before anything is sealed. Errors: `check_head`'s, _content_other."""
    check_head(station, capture.name, capture.media_type, len(capture.content))
    if _SIGNATURES[capture.media_type].match(capture.content) is None:
        raise DomainError(ErrorCode.ATTACHMENT_CONTENT_OTHER, media_type=capture.media_type)


async def attach(station: Station, dossier_no: str, capture: Capture) -> Answer:
    """Seal, store and record an attachment of a dossier.

    Errors: those of `check_head`, attachment_content_other, attachment_taken,
    attachment_key_missing, dossier_unknown, dossier_number_*, storage_*.
    """
    check_capture(station, capture)
    row = await _dossier(station, dossier_no)
    plain_digest = await asyncio.to_thread(lambda: hashlib.sha256(capture.content).digest())
    before = await station.store.read(lambda c: attachments.find(c, row.id, capture.name))
    if before is not None:
        return _again(row, before, plain_digest)
    return await _store(station, row, capture)


async def of_dossier(station: Station, dossier_id: bytes) -> list[AttachmentRow]:
    """The papers attached to a dossier."""
    return await station.store.read(lambda c: attachments.of_dossier(c, dossier_id))


async def can_seal(station: Station) -> bool:
    """Whether a paper could be taken now: room on the disk, a vault, the city's key."""
    try:
        station.room.check_scans()
        await _city_key(station, _vault(station))
    except DomainError:
        return False
    return True


async def clear_strays(station: Station) -> int:
    """At the start: remove files that a crash left without a row; how many."""
    if station.vault is None:
        return 0
    await asyncio.to_thread(station.viewing.clear, station.vault.folder)
    return await asyncio.to_thread(station.vault.open, await _named(station))


async def clear_abandoned(station: Station) -> int:
    """Now and then: remove files whose dossier never came; how many. Raises DatabaseError."""
    if station.vault is None:
        return 0
    mono_ms = station.clock.read().mono_ms
    return await asyncio.to_thread(station.vault.sweep, await _named(station), mono_ms)


async def _named(station: Station) -> set[bytes]:
    """The files that some row names."""
    return await station.store.read(lambda c: blobs.digests_on_disk(c) | captures.digests(c))


async def seal(station: Station, capture: Capture) -> SealedPaper:
    """Seal a checked capture for the city; its file is whole on the disk when this returns.

    Errors: attachment_key_missing, storage_failing.
    """
    vault = _vault(station)
    key = await _city_key(station, vault)
    sealed = await asyncio.to_thread(seal_blob, capture.content, key)
    try:
        await asyncio.to_thread(vault.put, sealed.digest, sealed.cipher)
    except OSError as error:
        raise DomainError(ErrorCode.STORAGE_FAILING, fault=Fault.STATION) from error
    await asyncio.to_thread(station.viewing.keep, vault.folder, sealed.digest, capture.content)
    return SealedPaper(
        capture.name,
        capture.media_type,
        sealed.digest,
        sealed.plain_digest,
        sealed.plain_bytes,
        len(sealed.cipher),
        sealed.sealed_for.kid,
    )


async def _store(station: Station, row: DossierRow, capture: Capture) -> Answer:
    vault = _vault(station)
    paper = await seal(station, capture)
    try:
        answer = await station.store.write(
            station.moment(), lambda transaction: record(transaction, row.id, paper)
        )
    except DatabaseError as error:
        # Whether the row is there nobody knows now: the next start tells the file from a stray.
        raise storage_error(error) from error
    except DomainError:
        await asyncio.to_thread(vault.remove, paper.digest)
        raise
    if answer.replayed:
        await asyncio.to_thread(vault.remove, paper.digest)
    else:
        station.changes.announce("dossier", row.id.hex())
    return answer


def record(transaction: Transaction, dossier_id: bytes, paper: SealedPaper) -> Answer:
    """Name a sealed paper in its dossier and in the journal, within a transaction.

    Errors: dossier_unknown, attachment_taken.
    """
    connection, moment = transaction.connection, transaction.moment
    row = dossiers.find(connection, dossier_id)
    if row is None:
        raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
    before = attachments.find(connection, dossier_id, paper.name)
    if before is not None:
        return _again(row, before, paper.plain_digest)
    attachment = AttachmentRow(
        dossier_id,
        paper.name,
        paper.digest,
        paper.plain_digest,
        paper.media_type,
        paper.plain_bytes,
        moment.text,
    )
    event = AttachmentAdded(
        dossier_no=row.number,
        name=paper.name,
        sha256=paper.digest.hex(),
        bytes=paper.plain_bytes,
        media_type=paper.media_type,
        added_at=moment.text,
    )
    decision = Decision(state=row.state, version=row.version + 1)
    key = f"attachment:{dossier_id.hex()}:{paper.name}:{paper.plain_digest.hex()}"
    position = transaction.record(event, Cause(command_id(key), dossier_id, decision.version))
    blobs.add(
        connection,
        Blob(
            paper.digest,
            paper.plain_digest,
            paper.plain_bytes,
            paper.sealed_bytes,
            paper.key_id,
            paper.media_type,
            dossier_id,
        ),
        moment.time.wall_ms,
    )
    attachments.insert(transaction, attachment)
    dossiers.decide(transaction, dossier_id, decision, position)
    return Answer(_attached(row, attachment), replayed=False)


def _again(row: DossierRow, before: AttachmentRow, plain_digest: bytes) -> Answer:
    if before.plain_digest != plain_digest:
        raise DomainError(ErrorCode.ATTACHMENT_TAKEN)
    return Answer(_attached(row, before), replayed=True)


def _attached(row: DossierRow, paper: AttachmentRow) -> Attached:
    return Attached(
        dossier_no=row.number,
        name=paper.name,
        media_type=paper.media_type,
        bytes=paper.bytes,
        sha256=paper.plain_digest.hex(),
        sealed_sha256=paper.digest.hex(),
        added_at=paper.added_at,
    )


async def _dossier(station: Station, dossier_no: str) -> DossierRow:
    number = str(parse_dossier_number(dossier_no))

    def ask(connection: Connection) -> DossierRow | None:
        return dossiers.find_by_number(connection, number)

    row = await station.store.read(ask)
    if row is None:
        raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
    return row


def _vault(station: Station) -> Vault:
    if station.vault is None:
        raise DomainError(ErrorCode.ATTACHMENT_KEY_MISSING, fault=Fault.STATION)
    return station.vault


async def _city_key(station: Station, vault: Vault) -> X25519PublicKey:
    """Whom to seal for: the newest keyset the daemon has verified, else the enrolment file."""
    message = await station.city.ask(city_news.newest_keyset, None)
    try:
        if message is not None:
            keys = verify_keyset(message).encryption_keys
        else:
            enrolment = await asyncio.to_thread(_read, vault.enrolment)
            keys = verify_enrolment(enrolment).encryption_keys
        return encryption_key(keys[0])
    except (OSError, ProtocolError, ValueError, IndexError):
        raise DomainError(ErrorCode.ATTACHMENT_KEY_MISSING, fault=Fault.STATION) from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAXIMUM_CONTROL_BYTES + 1)

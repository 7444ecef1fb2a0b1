"""Takes attachments in, part after part.

Responsible for: who may send what, where the next part begins, and the receipt at the end. Rules: a
part is durable before its offset is told; a receipt is signed only over an object that is whole,
checked and durable; whatever is sent twice counts once; a station's announced attachments stay
within its quota; what nobody goes on with is forgotten. It must not know HTTP beyond the problem it
refuses with, nor open what is sealed.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple, Protocol
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.city.archive.feed_store.port import BlobLedger, LedgerBlob
from sync.city.archive.values import ArchiveError
from sync.city.feeds.desk import CityKeys, FeedReader
from sync.city.objects.store import Objects, WrongDigestError, WrongOffsetError
from sync.city.problems import ARCHIVE_PROBLEMS, Refused, refuse
from sync.protocol.blob import (
    BlobHeader,
    BlobReceipt,
    VerifiedBlob,
    sign_blob_receipt,
    verify_blob,
)
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import (
    MAXIMUM_BLOB_PART_BYTES,
    MAXIMUM_WANTED_BLOBS,
    MINIMUM_BLOB_PART_BYTES,
)
from sync.protocol.problems import Problem

ABANDONED_UPLOAD_DAYS: Final = 30
"""An upload that nobody went on with for so long is forgotten; its station may begin again."""
CLEARED_AT_ONCE: Final = 500
"""Uploads forgotten in one turn."""
DAY_MS: Final = 24 * 3600 * 1000
CLEARING_EVERY_S: Final = 6 * 3600.0

STATION_QUOTA_BYTES: Final = 64 << 30
"""Attachments of one station, announced and stored: years of scans."""


class Signer(Protocol):
    """An enrolled station as its signing key finds it."""

    @property
    def node_id(self) -> bytes:
        """Whose key it is."""

    @property
    def key(self) -> Ed25519PublicKey:
        """The key."""


FindSigner = Callable[[bytes], Signer | None]
"""The station whose signing key has this id."""


class Place(NamedTuple):
    """Where the next part of an attachment begins; at the end there is a receipt."""

    offset: int
    total: int
    receipt: bytes | None = None
    new: bool = False


class Part(NamedTuple):
    """Bytes of an attachment from `offset` on, and the SHA-256 that its sender gave for them."""

    offset: int
    content: bytes
    digest: bytes


@dataclass
class Reception:
    """The counter for attachments in one process of the city."""

    ledger: BlobLedger
    objects: Objects
    keys: CityKeys
    find_signer: FindSigner
    clock_ms: Callable[[], int]
    quota_bytes: int = STATION_QUOTA_BYTES
    _locks: WeakValueDictionary[bytes, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def announce(self, reader: FeedReader, message: bytes) -> Place:
        """Where an announced attachment goes on. Raises Refused."""
        header = self._verified(reader, message)
        blob = LedgerBlob(
            *(header.digest, header.node_id, header.cipher_bytes, message),
            touched_ms=self.clock_ms(),
        )
        async with self._alone(header.digest):
            try:
                return await self._announce(blob)
            except ArchiveError as error:
                raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error

    async def look(self, reader: FeedReader, digest: bytes) -> Place:
        """Where an attachment goes on. Raises Refused, `not-found` when it was not announced."""
        async with self._alone(digest):
            try:
                return await self._place(await self._announced(reader, digest))
            except ArchiveError as error:
                raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error

    async def append(self, reader: FeedReader, digest: bytes, part: Part) -> Place:
        """Take a part; where the next one begins. Raises Refused."""
        if await asyncio.to_thread(_digest, part.content) != part.digest:
            raise refuse(ProtocolErrorCode.DIGEST_MISMATCH, "part")
        async with self._alone(digest):
            try:
                return await self._append(await self._announced(reader, digest), part)
            except WrongOffsetError as error:
                raise Refused(Problem.WRONG_OFFSET, offset=error.held) from None
            except WrongDigestError:
                raise refuse(ProtocolErrorCode.DIGEST_MISMATCH, "attachment", offset=0) from None
            except ArchiveError as error:
                raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error

    async def wanted(self, node_id: bytes) -> list[bytes]:
        """What a WELCOME asks this station for. Raises ArchiveError."""
        return await self.ledger.awaited(node_id, MAXIMUM_WANTED_BLOBS)

    async def note_referenced(self, node_id: bytes, digests: Sequence[bytes]) -> None:
        """Entered records of this station speak of these attachments. Raises ArchiveError."""
        if digests:
            await self.ledger.await_blobs(node_id, digests, self.clock_ms())

    async def clear_abandoned(self) -> int:
        """Forget uploads that nobody goes on with, parts first; how many. Raises ArchiveError."""
        before_ms = self.clock_ms() - ABANDONED_UPLOAD_DAYS * DAY_MS
        cleared = 0
        for digest in await self.ledger.abandoned(before_ms, CLEARED_AT_ONCE):
            async with self._alone(digest):
                await self.objects.forget(digest)
                cleared += await self.ledger.drop(digest, before_ms)
        return cleared

    def _alone(self, digest: bytes) -> asyncio.Lock:
        lock = self._locks.get(digest)
        if lock is None:
            lock = self._locks[digest] = asyncio.Lock()
        return lock

    def _verified(self, reader: FeedReader, message: bytes) -> BlobHeader:
        try:
            verified: VerifiedBlob = verify_blob(message, self._find_key)
        except ProtocolError as error:
            raise refuse(error.code, error.detail) from error
        signer = self.find_signer(verified.kid)
        if signer is None or not signer.node_id == verified.header.node_id == reader.node_id:
            raise refuse(ProtocolErrorCode.NODE_MISMATCH)
        return verified.header

    def _find_key(self, kid: bytes) -> Ed25519PublicKey | None:
        signer = self.find_signer(kid)
        return None if signer is None else signer.key

    async def _announce(self, blob: LedgerBlob) -> Place:
        known = await self.ledger.announce(blob, self.quota_bytes)
        if known is None:
            raise Refused(Problem.STORAGE_FULL, "quota of this station")
        if known.node_id != blob.node_id or known.size_bytes != blob.size_bytes:
            raise refuse(ProtocolErrorCode.NODE_MISMATCH)
        await self._touch(known)
        place = await self._place(known)
        return place._replace(new=known is blob)

    async def _announced(self, reader: FeedReader, digest: bytes) -> LedgerBlob:
        blob = await self.ledger.find(digest)
        if blob is None or blob.node_id != reader.node_id:
            raise Refused(Problem.NOT_FOUND)
        return blob

    async def _place(self, blob: LedgerBlob) -> Place:
        if blob.stored_ms is not None:
            if await self.objects.size(blob.digest) == blob.size_bytes:
                return self._done(blob)
            await self.ledger.note_lost(blob.digest)
        held = await self.objects.held(blob.digest)
        if held < blob.size_bytes:
            return Place(held, blob.size_bytes)
        return await self._finish(blob)

    async def _append(self, blob: LedgerBlob, part: Part) -> Place:
        place = await self._place(blob)
        if part.offset != place.offset or place.receipt is not None:
            raise WrongOffsetError(place.offset)
        end = part.offset + len(part.content)
        _check_size(len(part.content), end, blob.size_bytes)
        await self._touch(blob)
        held = await self.objects.append(blob.digest, part.offset, part.content)
        return Place(held, blob.size_bytes) if held < blob.size_bytes else await self._finish(blob)

    async def _touch(self, blob: LedgerBlob) -> None:
        """Once a day is enough, and costs no commit for each part."""
        now_ms = self.clock_ms()
        if blob.stored_ms is None and abs(now_ms - blob.touched_ms) >= DAY_MS:
            await self.ledger.touch(blob.digest, now_ms)

    async def _finish(self, blob: LedgerBlob) -> Place:
        await self.objects.finish(blob.digest)
        await self.ledger.note_stored(blob.digest, self.clock_ms())
        return self._done(blob)

    def _done(self, blob: LedgerBlob) -> Place:
        receipt = BlobReceipt(self.keys.city_id, blob.digest, self.clock_ms())
        signed = sign_blob_receipt(receipt, self.keys.receipt_key)
        return Place(blob.size_bytes, blob.size_bytes, signed)


async def keep_clearing(reception: Reception, cleared: Callable[[int], None]) -> None:
    """Forget abandoned uploads now and then, for ever; cancel to stop. `cleared` counts them."""
    while True:
        with contextlib.suppress(ArchiveError):  # tried again the next time
            cleared(await reception.clear_abandoned())
        await asyncio.sleep(CLEARING_EVERY_S)


def _check_size(part_bytes: int, end: int, total: int) -> None:
    if end > total or part_bytes > MAXIMUM_BLOB_PART_BYTES:
        raise refuse(ProtocolErrorCode.TOO_LARGE, "part")
    if part_bytes < MINIMUM_BLOB_PART_BYTES and end != total:
        raise refuse(ProtocolErrorCode.MALFORMED, "part too small")


def _digest(content: bytes) -> bytes:
    return sha256(content).digest()

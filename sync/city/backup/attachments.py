"""The attachments of a backup: each once, for ever, under the SHA-256 of its sealed bytes.

They lie in `attachments/` of the backup's folder in the form that a stick carries them: the
station's signed header, then the sealed bytes. All backups of the folder share them.

Responsible for: copying what records name, reading each copy back from the disk, saying how far the
records of a log have their attachments in the backup, and bringing them back. Rules: what is there
already is not copied again; an attachment that cannot be had ends what may be promised of its log,
and holds nothing else up; whatever is told of one is its digest. It must not know databases, keys
or HTTP, nor what is in an attachment.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from sync.city.archive.feed_store.port import BlobLedger, LedgerBlob
from sync.city.archive.port import Archive, ArchiveError, Named
from sync.city.backup.form import BackupError, BackupFault, LogMark, Manifest, forget_cached
from sync.city.objects.folder import FolderBucket
from sync.city.objects.store import Objects
from sync.protocol.blob import verify_blob
from sync.protocol.cose import FindKey, split_first
from sync.protocol.errors import ProtocolError, ProtocolErrorCode

FOLDER: Final = "attachments"
SUFFIX: Final = ".wso"
MAXIMUM_FAILURES: Final = 3
"""Attachments in a row that the store failed on before the others are left for the next backup."""
NO_QUOTA_BYTES: Final = 1 << 62

Look = Callable[[int, int], None]
"""Told how many of how many attachments were looked at."""

_log = logging.getLogger(__name__)


class Attachments(NamedTuple):
    """Where a city's attachments are known and where they lie."""

    ledger: BlobLedger
    objects: Objects


class Returned(NamedTuple):
    """What became of the attachments that restored records name, by digest.

    `absent` had not come to the city when the backup was made; `lost` should be in it, and are not
    or are damaged. `whole` says of each log how many leading records have all of theirs.
    """

    kept: int
    absent: tuple[bytes, ...]
    lost: tuple[bytes, ...]
    whole: dict[bytes, int]


class Copies:
    """The attachments in one backup folder."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / FOLDER
        self._bucket = FolderBucket(self._root)

    async def has(self, digest: bytes) -> bool:
        """Whether there is a copy; its bytes are for a drill to read."""
        return await self._bucket.size(_key(digest)) is not None

    async def put(self, digest: bytes, signed: bytes, cipher: bytes) -> None:
        """Keep a copy and read it back from the disk. Raises ArchiveError, BackupError."""
        await self._bucket.put(_key(digest), signed + cipher)
        await asyncio.to_thread(forget_cached, self._root / _key(digest))
        if await self.read(digest) != (signed, cipher):
            raise BackupError(BackupFault.DAMAGED, digest.hex())

    async def read(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """The signed header and the sealed bytes; None when there is none, or other bytes."""
        content = await self._bucket.get(_key(digest))
        if content is None:
            return None
        try:
            signed, cipher = split_first(content)
        except ProtocolError:
            return None
        if await asyncio.to_thread(_digest, cipher) != digest:
            return None
        return signed, cipher

    async def count(self) -> int:
        """How many there are."""
        return await asyncio.to_thread(lambda: sum(1 for _ in self._root.glob(f"*/*{SUFFIX}")))


async def copy_attachments(
    archive: Archive,
    source: Attachments,
    folder: Path,
    logs: Sequence[LogMark],
    before: Manifest | None,
    look: Look,
) -> tuple[list[LogMark], int]:
    """Copy what the records name; the logs with how far they are whole, and the copies there are.

    Raises ArchiveError of the archive, BackupError, OSError.
    """
    work = _Copying(source, Copies(folder))
    # Fewer than the last backup left: somebody took some away, so all are looked at again.
    anew = before is None or await work.copies.count() < before.attachments
    done = {} if anew or before is None else {log.lid: log.whole for log in before.logs}
    named = [
        await archive.attachments_named(log.lid, done.get(log.lid, 0), log.size) for log in logs
    ]
    total, looked = sum(map(len, named)), 0
    whole = []
    for log, ones in zip(logs, named, strict=True):
        missing: list[int] = []
        for one in ones:
            if not await work.take(one.digest):
                missing.append(one.sequence)
            looked += 1
            look(looked, total)
        whole.append(log._replace(whole=min(missing, default=log.size)))
    return whole, await work.copies.count()


class _Copying:
    """The copying of one backup; a store that fails again and again is left alone."""

    def __init__(self, source: Attachments, copies: Copies) -> None:
        self._source = source
        self.copies = copies
        self._failures = 0

    async def take(self, digest: bytes) -> bool:
        """Whether this one is in the backup now."""
        if await self.copies.has(digest):
            return True
        if self._failures >= MAXIMUM_FAILURES:
            return False
        blob = await self._source.ledger.find(digest)
        if blob is None or blob.stored_ms is None:
            return False
        try:
            cipher = await self._source.objects.read(digest)
        except ArchiveError as error:
            self._failures += 1
            _log.error("attachment %s is not in the backup: %s", digest.hex(), error)
            return False
        self._failures = 0
        if cipher is None:
            _log.error("attachment %s is not in the object store any more", digest.hex())
            return False
        await self.copies.put(digest, blob.signed, cipher)
        return True


class Giver(NamedTuple):
    """What bringing attachments back takes. Without a target they are only read and checked."""

    archive: Archive
    target: Attachments | None
    find_key: FindKey
    clock_ms: Callable[[], int]


async def bring_back(giver: Giver, folder: Path, manifest: Manifest, look: Look) -> Returned:
    """Bring back what restored records name. Raises ArchiveError."""
    copies = Copies(folder)
    named = [await giver.archive.attachments_named(log.lid, 0, log.size) for log in manifest.logs]
    total, looked, kept = sum(map(len, named)), 0, 0
    absent: list[bytes] = []
    lost: list[bytes] = []
    whole = {}
    for log, ones in zip(manifest.logs, named, strict=True):
        missing: list[Named] = []
        for one in ones:
            if await _give_back(giver, copies, log, one.digest):
                kept += 1
            else:
                missing.append(one)
            looked += 1
            look(looked, total)
        absent += [one.digest for one in missing if one.sequence >= log.whole]
        lost += [one.digest for one in missing if one.sequence < log.whole]
        whole[log.lid] = min([log.whole, *(one.sequence for one in missing)])
        if giver.target is not None and missing:
            digests = [one.digest for one in missing]
            await giver.target.ledger.await_blobs(log.node_id, digests, giver.clock_ms())
    return Returned(kept, _once(absent), _once(lost), whole)


async def _give_back(giver: Giver, copies: Copies, log: LogMark, digest: bytes) -> bool:
    found = await copies.read(digest)
    if found is None or not _is_signed(found[0], digest, giver.find_key):
        return False
    if giver.target is not None:
        signed, cipher = found
        blob = LedgerBlob(digest, log.node_id, len(cipher), signed)
        await giver.target.objects.keep(cipher)
        await giver.target.ledger.announce(blob, NO_QUOTA_BYTES)
        await giver.target.ledger.note_stored(digest, giver.clock_ms())
    return True


def _is_signed(signed: bytes, digest: bytes, find_key: FindKey) -> bool:
    """Whether a station has signed for it, as far as its key is still known."""
    try:
        return verify_blob(signed, find_key).header.digest == digest
    except ProtocolError as error:
        return error.code is ProtocolErrorCode.UNKNOWN_KEY


def _once(digests: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(digests))


def _key(digest: bytes) -> str:
    name = digest.hex()
    return f"{name[:2]}/{name}{SUFFIX}"


def _digest(content: bytes) -> bytes:
    return sha256(content).digest()

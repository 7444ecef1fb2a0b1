"""Sends attachments to the city, one part at a time, below everything else.

Responsible for whose turn it is, where an upload goes on, and keeping the city's receipt. Rules:
the city says where to go on, nothing here is remembered for that; a file is held against its name
before a byte of it is sent; what the city refuses is left alone until the next welcome, and the
next attachment has its turn. It must not know what an attachment shows.
"""

import asyncio
import contextlib
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.daemon import blob_statements, statements, upload_plan
from sync.daemon.answers import Answer, Message, meaning
from sync.daemon.clock import Clock
from sync.daemon.events import Failed, Failure, PartSent, Problem, Refusal
from sync.daemon.keyring import Keyring
from sync.daemon.ports import Line, Request
from sync.daemon.transport import TransportError
from sync.daemon.upload_plan import CityTime
from sync.database import DatabaseError, Reader, Writer
from sync.journal import blobs
from sync.journal.blobs import Blob
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.batch_header import SealedFor
from sync.protocol.blob import BlobHeader, sign_blob, verify_blob_receipt
from sync.protocol.errors import ProtocolError
from sync.protocol.handshake import Welcome
from sync.protocol.limits import LOG_ID_BYTES, MINIMUM_BLOB_PART_BYTES
from sync.protocol.seal import SUITE_1
from sync.protocol.session_extras import Policy

BLOBS_PATH: Final = "/v1/blobs"
PART_MEDIA_TYPE: Final = "application/octet-stream"
OFFSET: Final = "upload-offset"

MAXIMUM_STRIKES: Final = 3
"""Wrong offsets or digests of one attachment before the next one has its turn."""
DAMAGED: Final = "attachment_damaged"
"""The notice about a file that is not what its name says; its log id is the name's beginning."""

_TAKEN: Final = frozenset({200, 201, 204})
_CONFLICT: Final = 409
_UNREADABLE: Final = 422
_NOT_FOUND: Final = 404

Result = TypeVar("Result")


class BlobAccess(NamedTuple):
    """Who sends: the line, the writer of sync.db, node.db for reading and where it lies, keys."""

    line: Line
    writer: Writer
    reader: Reader
    node_database: Path
    keyring: Keyring
    node_id: bytes
    signing_key: Ed25519PrivateKey
    clock: Clock


@dataclass(slots=True)
class _Upload:
    """The attachment under way; `offset` is None until the city has said it."""

    blob: Blob
    offset: int | None = None
    strikes: int = 0


class Attachments:
    """Implements BlobSender."""

    def __init__(self, access: BlobAccess) -> None:
        self._access = access
        self._queue: list[Blob] = []
        self._wanted: frozenset[bytes] = frozenset()
        self._newest = -1
        self._skipped: set[bytes] = set()
        self._upload: _Upload | None = None
        self._part_bytes = MINIMUM_BLOB_PART_BYTES
        self._policy: Policy | None = None
        self._time: CityTime | None = None

    async def welcomed(self, welcome: Welcome) -> bool:
        """Take over the city's wishes, budget and window; whether anything is to be sent now."""
        mono_ms = self._access.clock.read().mono_ms
        self._time = CityTime(welcome.city_time_ms, mono_ms)
        self._policy = welcome.policy
        self._wanted = frozenset(welcome.wanted)
        self._skipped.clear()
        self._upload = None
        await self._transact(lambda raw: blob_statements.set_wanted(raw, welcome.wanted))
        await self._reload()
        return await self._ready()

    async def waiting(self) -> bool:
        """Whether anything may be sent now; asked when the journal has grown."""
        if await self._access.reader.query(blob_statements.newest_row) != self._newest:
            await self._reload()
        return await self._ready()

    async def send_part(self) -> PartSent | Problem | Failed:
        """Announce the attachment whose turn it is, or send one part of it."""
        try:
            if not await self._ready():
                return PartSent(0, more=False)
            upload = self._upload = self._upload or _Upload(self._queue[0])
            if upload.offset is None:
                return await self._announce(upload)
            return await self._send(upload, upload.offset)
        except TransportError as error:
            return Failed(error.failure)
        except (DatabaseError, sqlite3.Error):
            if self._access.writer.broken.is_set():
                raise
            return Failed(Failure.STATION)

    async def _reload(self) -> None:
        """Look again at what the station has and the city does not."""
        newest = await self._access.reader.query(blob_statements.newest_row)
        found = await self._access.reader.query(blobs.in_sending_order)
        receipted = await self._transact(blob_statements.receipted)
        open_ones = [blob for blob in found if blob.digest not in receipted | self._skipped]
        self._queue = upload_plan.in_order(open_ones, self._wanted)
        self._newest = newest

    async def _ready(self) -> bool:
        local_ms = self._local_ms()
        if not self._queue or local_ms is None:
            return False
        day = upload_plan.local_day(local_ms)
        sent = await self._transact(lambda raw: blob_statements.sent_on(raw, day))
        return upload_plan.may_send(self._policy, local_ms, sent)

    def _local_ms(self) -> int | None:
        if self._time is None:
            return None
        return self._time.local_ms(self._access.clock.read().mono_ms)

    async def _announce(self, upload: _Upload) -> PartSent | Problem | Failed:
        blob = upload.blob
        path = blobs.path_of(self._access.node_database, blob.digest)
        size = await asyncio.to_thread(_honest_size, path, blob.digest)
        if size != blob.sealed_bytes:
            return await self._report_damage(blob, size)
        message = sign_blob(blob_header(self._access.node_id, blob), self._access.signing_key)
        answer = await self._access.line.ask(Request("POST", BLOBS_PATH, message, bearer=True))
        return await self._hear(upload, answer, 0)

    async def _send(self, upload: _Upload, offset: int) -> PartSent | Problem | Failed:
        blob = upload.blob
        path = blobs.path_of(self._access.node_database, blob.digest)
        part = await asyncio.to_thread(_read_part, path, offset, self._part_bytes)
        if not part:
            return await self._report_damage(blob, offset)
        request = Request(
            "PATCH",
            f"{BLOBS_PATH}/{blob.digest.hex()}",
            part,
            {
                "Content-Type": PART_MEDIA_TYPE,
                "Upload-Offset": str(offset),
                "Content-Digest": f"sha-256=:{b64encode(sha256(part).digest()).decode()}:",
            },
            bearer=True,
        )
        answer = await self._access.line.ask(request)
        self._part_bytes = upload_plan.next_part_bytes(self._part_bytes, answer.elapsed_s)
        return await self._hear(upload, answer, len(part))

    async def _hear(
        self, upload: _Upload, answer: Answer, sent_bytes: int
    ) -> PartSent | Problem | Failed:
        """What the city says to an announcement or a part."""
        if answer.status == 200 and answer.media_type == MEDIA_TYPE:
            return await self._keep_receipt(upload, answer.body, sent_bytes)
        offset = _offset_in(answer, upload.blob.sealed_bytes)
        if offset == upload.blob.sealed_bytes:  # all is there: an announcement gets the receipt
            upload.offset = None
            return await self._strike(upload)
        if answer.status in _TAKEN and offset is not None:
            upload.offset = offset
            await self._note(upload.blob, offset, sent_bytes)
            return PartSent(sent_bytes, more=await self._ready())
        if answer.status in {_CONFLICT, _UNREADABLE, _NOT_FOUND}:
            upload.offset = offset if answer.status == _CONFLICT else None
            return await self._strike(upload)
        said = meaning(answer, 0)
        if isinstance(said, Message):  # an announcement cannot be answered by anything else
            return Failed(Failure.BAD_ANSWER)
        if isinstance(said, Problem) and said.refusal not in {Refusal.BUSY, Refusal.NO_SESSION}:
            self._skip(upload.blob)
        return said

    async def _strike(self, upload: _Upload) -> PartSent:
        upload.strikes += 1
        if upload.strikes >= MAXIMUM_STRIKES:
            self._skip(upload.blob)
        return PartSent(0, more=await self._ready())

    def _skip(self, blob: Blob) -> None:
        """Leave it alone until the next welcome."""
        self._skipped.add(blob.digest)
        self._drop(blob)

    def _drop(self, blob: Blob) -> None:
        self._queue = [one for one in self._queue if one.digest != blob.digest]
        self._upload = None

    async def _keep_receipt(
        self, upload: _Upload, message: bytes, sent_bytes: int
    ) -> PartSent | Failed:
        blob = upload.blob
        city = self._access.keyring.city
        try:
            receipt = verify_blob_receipt(message, city.find_key)
        except ProtocolError:
            receipt = None
        if receipt is None or (receipt.city_id, receipt.digest) != (city.city_id, blob.digest):
            self._skip(blob)
            return Failed(Failure.FORGED)
        day = self._day()
        await self._transact(
            lambda raw: blob_statements.set_receipt(raw, blob, message, (day, sent_bytes))
        )
        self._drop(blob)
        return PartSent(sent_bytes, more=await self._ready())

    async def _note(self, blob: Blob, offset: int, sent_bytes: int) -> None:
        day = self._day()
        await self._transact(
            lambda raw: blob_statements.set_offset(raw, blob, offset, (day, sent_bytes))
        )

    async def _report_damage(self, blob: Blob, size: int) -> PartSent:
        self._skip(blob)
        if blob.digest not in await self._access.reader.query(blobs.digests_on_disk):
            return PartSent(0, more=await self._ready())  # the node has put it away meanwhile
        wall_ms = self._access.clock.read().wall_ms
        name, sizes = blob.digest[:LOG_ID_BYTES], (size, blob.sealed_bytes)
        await self._transact(lambda raw: statements.set_notice(raw, name, DAMAGED, sizes, wall_ms))
        return PartSent(0, more=await self._ready())

    def _day(self) -> int:
        return upload_plan.local_day(self._local_ms() or 0)

    async def _transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return await self._access.writer.transact(work)


def blob_header(node_id: bytes, blob: Blob) -> BlobHeader:
    """What the station signs of an attachment."""
    return BlobHeader(
        node_id=node_id,
        plain_digest=blob.plain_digest,
        plain_bytes=blob.plain_bytes,
        sealed_for=SealedFor(SUITE_1, blob.key_id),
        digest=blob.digest,
        cipher_bytes=blob.sealed_bytes,
        media_type=blob.media_type,
        subject=blob.subject,
    )


def _honest_size(path: Path, digest: bytes) -> int:
    """The size of a file that is what its name says; -1 of any other."""
    hashed, size = sha256(), 0
    with contextlib.suppress(OSError), path.open("rb") as file:
        while piece := file.read(1 << 18):
            hashed.update(piece)
            size += len(piece)
        if hashed.digest() == digest:
            return size
    return -1


def _read_part(path: Path, offset: int, size: int) -> bytes:
    """At most `size` bytes from `offset` on; none when the file cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(offset)
        return file.read(size)
    return b""


def _offset_in(answer: Answer, sealed_bytes: int) -> int | None:
    text = answer.headers.get(OFFSET, "")
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        return None
    return int(text) if int(text) <= sealed_bytes else None

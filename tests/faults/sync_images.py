"""A day of receipts on a recorded sync.db, and what must hold on every disk a cut leaves."""

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync import database
from sync.daemon.assemble import SealedBatch
from sync.daemon.belief import City, body_digest, read_receipt
from sync.daemon.events import LogReport, Notice, NoticeKind
from sync.daemon.mailbox import Mailbox, Moment
from sync.daemon.statements import OWNERS, Standing
from sync.journal import backlog
from sync.migration import migrate
from sync.protocol import merkle
from sync.protocol.batch import BatchInput, SealingTime, build_batch
from sync.protocol.enrolment import keys_by_id
from sync.protocol.handshake import LogState, Welcome
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt, verify_receipt
from sync.protocol.record import RecordTime
from tests.faults.images import Image
from tests.faults.recorder import Recording, recorded_writer
from tests.faults.station_images import _integrity

CITY_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
STATION_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
RECIPIENT = X25519PrivateKey.from_private_bytes(b"\x03" * 32).public_key()
FIND_KEY = keys_by_id([CITY_KEY.public_key().public_bytes_raw()])
CITY = City(b"city-id!", FIND_KEY)
GENERATION, NONCE = b"generati", b"n" * 16
SEALED_AT = SealingTime(b"bootboot", RecordTime(5_000, 1_795_000_000_000, 1))
START_MS = 1_795_000_000_000


def batches_of(node_database: Path, luck: random.Random) -> list[SealedBatch]:
    """Everything a station's day holds, cut at random."""
    found = []
    with contextlib.closing(database._connect(node_database, "ro")) as connection:
        for head in backlog.heads(connection):
            first = 0
            while first < head.size:
                count = luck.randint(1, 4)
                entries = [r.raw for r in backlog.records(connection, head.lid, first, count)]
                leaves = [r.leaf for r in backlog.records(connection, head.lid, 0, head.size)]
                end = first + len(entries)
                batch = BatchInput(
                    identity=head.identity,
                    parent=head.parent,
                    station=26560,
                    first=first,
                    previous_root=merkle.root_of(leaves[:first]),
                    root=merkle.root_of(leaves[:end]),
                    entries=entries,
                    sealed_at=SEALED_AT,
                )
                data = build_batch(
                    batch, signing_key=STATION_KEY, recipient=RECIPIENT, dictionary=None
                )
                found.append(
                    SealedBatch(head.lid, first, len(entries), batch.root, data, 999, False)  # noqa: FBT003
                )
                first = end
    return found


async def live_a_day(
    folder: Path, batches: list[SealedBatch], overrides: Mapping[str, str | int]
) -> Recording:
    """Welcomes, receipts, notices and standings through the real mailbox."""
    async with recorded_writer(folder / "sync.db", OWNERS, overrides) as (writer, recording):
        mailbox = Mailbox(writer)
        sizes: dict[bytes, int] = {}
        for number, batch in enumerate(batches, start=1):
            moment = Moment(START_MS + number)
            if number % 7 == 1:
                await _welcome(mailbox, batch, number, moment)
            message = sign_receipt(_receipt(batch, number), CITY_KEY)
            receipt = read_receipt(CITY, message, batch, NONCE)
            await mailbox.store_receipt(receipt, message, batch, moment)
            sizes[batch.lid] = batch.end
            recording.say(f"receipt {batch.lid.hex()} {batch.end} {sha256(message).hexdigest()}")
            if number % 5 == 2:
                await mailbox.store_standing(Standing("sending", "", 0, None), moment.wall_ms)
            if number % 11 == 3:
                notice = Notice(NoticeKind.ROLLBACK, batch.lid, batch.end, batch.end + 1)
                await mailbox.store_notice(notice, moment)
                recording.say(f"notice {batch.lid.hex()} {batch.end} -")
    return recording


async def _welcome(mailbox: Mailbox, batch: SealedBatch, number: int, moment: Moment) -> None:
    state = LogState(batch.lid, batch.first, 0, batch.root, 0)
    welcome = Welcome(
        city_id=CITY.city_id,
        generation=GENERATION,
        nonce=NONCE,
        city_time_ms=START_MS,
        logs=(state,),
        receipt_number=number,
    )
    report = LogReport(batch.lid, batch.end, batch.first, 0, agrees=True)
    await mailbox.store_welcome(welcome, [report], moment)


def _receipt(batch: SealedBatch, number: int) -> Receipt:
    return Receipt(
        city_id=CITY.city_id,
        generation=GENERATION,
        lid=batch.lid,
        size=batch.end,
        root=batch.root,
        archived=batch.first,
        applied=batch.first,
        city_time_ms=START_MS + number,
        batch=BatchReference(
            first=batch.first, count=batch.records, body_digest=body_digest(batch.data)
        ),
        statuses=(),
        receipt_number=number,
        nonce=NONCE,
    )


class Checker:
    """Opens images with the product's own code and says what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def complaint(self, image: Image) -> str:
        """What this disk has lost or broken; "" when it is good."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for name, content in image.files.items():
            (self._folder / name).write_bytes(content)
        try:
            connection = database._connect(self._folder / "sync.db", "rwc")
            with contextlib.closing(connection):
                database._set_pragmas(connection, database._WRITER_PRAGMAS)
                migrate(connection, OWNERS)
                return _integrity(connection) or _complaint(connection, image.promises)
        except (sqlite3.Error, database.DatabaseError) as error:
            return f"cannot be opened: {error}"


def _complaint(connection: sqlite3.Connection, promises: tuple[str, ...]) -> str:
    receipts = {
        (bytes(lid), size): bytes(cose)
        for lid, size, cose in connection.execute("SELECT lid, size, cose FROM receipt")
    }
    acked = dict(connection.execute("SELECT lid, acked FROM log_state"))
    for (lid, size), cose in receipts.items():
        if verify_receipt(cose, FIND_KEY).size != size or acked.get(lid, 0) < size:
            return "a receipt and what is counted as acknowledged disagree"
    notices = {bytes(row[0]) for row in connection.execute("SELECT lid FROM log_notice")}
    (sent,) = connection.execute("SELECT sent_records FROM contact").fetchone()
    if sent != sum(acked.values()):
        return f"{sent} records counted as sent, {sum(acked.values())} acknowledged"
    for promise in promises:
        what, lid_text, size_text, digest = promise.split()
        place = (bytes.fromhex(lid_text), int(size_text))
        kept = place[0] in notices
        if what == "receipt":
            kept = sha256(receipts.get(place, b"")).hexdigest() == digest
        if not kept:
            return f"lost: {promise}"
    return ""

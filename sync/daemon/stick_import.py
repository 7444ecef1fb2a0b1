"""What the station takes from a stick that has been to the city.

Responsible for believing or refusing what lies there: keysets, receipts, words of custody, entries
of feeds. Rules: the same checks as on the network, and the station's own roots decide; a file that
is not believed is counted and left, and spoils nothing after it; what was taken is removed from the
stick. It must not know what a stick is beyond `Medium`.
"""

import asyncio
import sqlite3
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.daemon import blob_statements, feed_statements
from sync.daemon.assemble import Assembler, JournalError
from sync.daemon.feed_belief import FeedKeys, RefusedFeedError, read_feed_batch
from sync.daemon.feeds import beginning
from sync.daemon.keyring import Keyring
from sync.daemon.mailbox import Mailbox, Moment
from sync.database import Reader
from sync.journal import blobs
from sync.protocol.blob import verify_blob_receipt
from sync.protocol.cose import FindKey, key_id
from sync.protocol.custody import verify_custody
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.feed import Reader as FeedReader
from sync.protocol.feed import parse_feed_batch
from sync.protocol.handshake import verify_hello, verify_welcome
from sync.protocol.keyset import keys_by_id
from sync.protocol.receipt import verify_receipt
from sync.stick import layout
from sync.stick.layout import Direction, Form, Place
from sync.stick.medium import Found, Medium, StickError, StickFault
from sync.stick.report import Report


class Importer(NamedTuple):
    """Who reads: the daemon's memory, node.db, own roots, own keys, and whom it trusts."""

    mailbox: Mailbox
    node: Reader
    assembler: Assembler
    keyring: Keyring
    node_id: bytes
    station: int
    signing_key: Ed25519PrivateKey
    encryption_key: X25519PrivateKey
    moment: Moment


class Imported(NamedTuple):
    """How many files were taken, and how many were not believed or do not fit yet."""

    taken: int
    refused: int
    waiting: int


class _Waits(Exception):  # noqa: N818 - an answer
    """The file fits later, when others have come."""


async def import_from(medium: Medium, importer: Importer, report: Report) -> Imported:
    """Take in everything that lies there for this station. Raises StickError."""
    folder = layout.station_folder(importer.node_id)
    found = await asyncio.to_thread(medium.files, Direction.IN, folder)
    taken = refused = waiting = 0
    await report(0, len(found))
    for number, file in enumerate(found, start=1):
        try:
            await _take(medium, importer, file)
            await asyncio.to_thread(medium.remove, file.place)
            taken += 1
        except _Waits:
            waiting += 1
        except (ProtocolError, RefusedFeedError, JournalError):
            refused += 1
        except StickError as error:
            if error.fault is not StickFault.STRANGE:
                raise
            refused += 1
        await report(number, len(found))
    return Imported(taken, refused, waiting)


async def _take(medium: Medium, importer: Importer, file: Found) -> None:
    data = await asyncio.to_thread(medium.read, file.place)
    if file.form is Form.KEYSET:
        await _take_keyset(importer, data)
    elif file.form is Form.WELCOME:
        await _take_welcome(medium, importer, data)
    elif file.form is Form.RECEIPT:
        await _take_receipt(importer, data)
    elif file.form is Form.CUSTODY:
        await _take_custody(importer, data)
    elif file.form is Form.FEED:
        await _take_feed(importer, data)
    elif file.form is Form.OBJECT:
        await _take_object(importer, data)
    elif file.form is Form.ATTACHMENT_RECEIPT:
        await _take_attachment_receipt(importer, data)
    else:
        raise _malformed(file.form)


async def _take_keyset(importer: Importer, data: bytes) -> None:
    if importer.keyring.take(data):
        await importer.mailbox.store_keyset(importer.keyring.keyset.version, data)


async def _take_welcome(medium: Medium, importer: Importer, data: bytes) -> None:
    """Which feeds there are: what it says of logs is older than any receipt beside it."""
    place = Place(Direction.OUT, layout.station_folder(importer.node_id), layout.HELLO_NAME)
    own = await asyncio.to_thread(medium.read, place)
    hello = verify_hello(own, _own_key(importer)).hello
    welcome = verify_welcome(data, importer.keyring.city.find_key, hello.nonce)
    _check_city(importer, welcome.city_id)

    def store(connection: sqlite3.Connection) -> None:
        for state in welcome.feeds:
            feed_statements.add_feed(connection, beginning(state))

    await importer.mailbox.writer.transact(store)


async def _take_receipt(importer: Importer, data: bytes) -> None:
    receipt = verify_receipt(data, importer.keyring.city.find_key)
    _check_city(importer, receipt.city_id)
    sizes = {log.lid: log.size for log in await importer.assembler.sizes()}
    if receipt.size > sizes.get(receipt.lid, 0):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "receipt for records nobody has")
    if await importer.assembler.root_at(receipt.lid, receipt.size) != receipt.root:
        raise ProtocolError(ProtocolErrorCode.FORK, "receipt for another history")
    await importer.mailbox.store_carried_receipt(receipt, data, importer.moment)


async def _take_custody(importer: Importer, data: bytes) -> None:
    custody = verify_custody(data, importer.keyring.city.find_key)
    _check_city(importer, custody.city_id)
    if custody.lid not in {log.lid for log in await importer.assembler.sizes()}:
        raise _malformed(Form.CUSTODY)
    await importer.mailbox.store_custody(custody, data, importer.moment)


async def _take_feed(importer: Importer, data: bytes) -> None:
    keyset = importer.keyring.keyset
    reader = FeedReader(keyset.city_id, importer.station, keys_by_id(keyset.feed_keys))
    keys = FeedKeys(reader, importer.encryption_key)
    rows = await importer.mailbox.writer.transact(feed_statements.feed_rows)
    lid, first, end = feed_range(data, reader)
    row = rows.get(lid)
    if row is None or first > row.size:
        raise _Waits
    if end <= row.size:
        return
    read = await asyncio.to_thread(read_feed_batch, data, row, keys)
    await importer.mailbox.writer.transact(
        lambda connection: feed_statements.add_entries(connection, read.row, read.records)
    )


async def _take_object(importer: Importer, data: bytes) -> None:
    digest = sha256(data).digest()

    def store(connection: sqlite3.Connection) -> bool:
        named = digest in feed_statements.named_objects(connection)
        if named:
            feed_statements.add_object(connection, digest, data)
        return named

    if not await importer.mailbox.writer.transact(store):
        raise _malformed(Form.OBJECT)


async def _take_attachment_receipt(importer: Importer, data: bytes) -> None:
    receipt = verify_blob_receipt(data, importer.keyring.city.find_key)
    _check_city(importer, receipt.city_id)
    blob = await importer.node.query(lambda connection: blobs.find(connection, receipt.digest))
    if blob is None:
        raise _malformed(Form.ATTACHMENT_RECEIPT)
    await importer.mailbox.writer.transact(
        lambda connection: blob_statements.set_receipt(connection, blob, data, (0, 0))
    )


def feed_range(data: bytes, reader: FeedReader) -> tuple[bytes, int, int]:
    """Which entries of which feed a batch holds. Raises ProtocolError."""
    header = parse_feed_batch(data, reader).header
    return header.lid, header.first, header.first + header.count


def _own_key(importer: Importer) -> FindKey:
    public = importer.signing_key.public_key()
    return {key_id(public): public}.get


def _check_city(importer: Importer, city_id: bytes) -> None:
    if city_id != importer.keyring.keyset.city_id:
        raise ProtocolError(ProtocolErrorCode.CITY_MISMATCH, "message of another city")


def _malformed(form: Form) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, form)

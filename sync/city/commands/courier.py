"""Carries what lies on a stick into this city, and the city's answers back onto it.

Responsible for speaking to the city exactly as a station does, for stations that cannot. Rules: it
has no right of its own; what it brings counts by its signatures, and what the city answers is
signed for the station. Batches that do not fit yet stay on the stick for the next time. It must not
look into bodies.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from sync.city.commands.city_line import CityLine, LineAnswer
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.blob import verify_blob_receipt
from sync.protocol.cose import FindKey, split_first, unverified_payload
from sync.protocol.custody import verify_custody
from sync.protocol.errors import ProtocolError
from sync.protocol.feed import EVERY_STATION, Reader, open_feed_batch, parse_feed_batch
from sync.protocol.handshake import Hello, Welcome, read_hello, verify_welcome
from sync.protocol.keyset import Keyset
from sync.protocol.limits import MAXIMUM_BLOB_PART_BYTES
from sync.protocol.receipt import verify_receipt
from sync.protocol.session_extras import FeedState
from sync.stick import layout
from sync.stick.layout import Direction, Form, Place
from sync.stick.medium import Found, Medium, StickError, StickFault
from sync.stick.report import Report

IssueToken = Callable[[bytes], bytes]
"""A session token for this station, as WELCOME seals it."""

ObjectOf = Callable[[bytes], bytes | None]
"""The digest of the object that a feed entry's body names."""

PART_MEDIA_TYPE: Final = "application/octet-stream"
GAP: Final = 409


class CityKeys(NamedTuple):
    """What tells the city's answers apart: its id, its public keys."""

    keyset: Keyset
    find_receipt_key: FindKey
    find_feed_key: FindKey


class Courier(NamedTuple):
    """Who carries: the stick, the line to the city, tokens, keys to read answers with."""

    medium: Medium
    line: CityLine
    issue_token: IssueToken
    keys: CityKeys
    object_of: ObjectOf


class Carried(NamedTuple):
    """What became of it all."""

    stations: int = 0
    batches: int = 0
    records_held: int = 0
    aside: int = 0
    attachments: int = 0
    waiting: int = 0
    refused: int = 0
    written: int = 0

    def plus(self, other: "Carried") -> "Carried":
        """Both together."""
        return Carried(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class _Visit(NamedTuple):
    """A station whose hello the city has answered."""

    folder: str
    hello: Hello
    welcome: Welcome
    token: bytes


async def bring_in(courier: Courier, report: Report) -> Carried:
    """Take in what stations sent, and write what the city answers and has for them."""
    return await _carry(courier, report, bring=True)


async def take_out(courier: Courier, report: Report) -> Carried:
    """Only write what the city has for the stations whose hello lies on the stick."""
    return await _carry(courier, report, bring=False)


async def _carry(courier: Courier, report: Report, *, bring: bool) -> Carried:
    folders = courier.medium.stations(Direction.OUT)
    files = {folder: courier.medium.files(Direction.OUT, folder) for folder in folders}
    total, done = sum(map(len, files.values())), 0
    carried = Carried()
    await report(0, total)
    for folder, found in files.items():
        visit = await _visit(courier, folder)
        if visit is None:
            carried = carried.plus(Carried(refused=len(found)))
        else:
            carried = carried.plus(Carried(stations=1, written=await _write_news(courier, visit)))
            for file in found if bring else ():
                carried = carried.plus(await _bring(courier, visit, file))
                done += 1
                await report(done, total)
    await report(total, total)
    return carried


async def _visit(courier: Courier, folder: str) -> _Visit | None:
    """Greet for the station; None when there is no hello the city believes."""
    try:
        message = courier.medium.read(Place(Direction.OUT, folder, layout.HELLO_NAME))
        hello = read_hello(unverified_payload(message))
    except ProtocolError:
        return None
    except StickError as error:
        if error.fault in {StickFault.GONE, StickFault.STRANGE}:
            return None
        raise
    answer = await courier.line.post("/v1/hello", message, MEDIA_TYPE)
    if answer.status != 200 or layout.station_folder(hello.node_id) != folder:
        return None
    welcome = verify_welcome(answer.body, courier.keys.find_receipt_key, hello.nonce)
    _write(courier, folder, layout.WELCOME_NAME, answer.body)
    return _Visit(folder, hello, welcome, courier.issue_token(hello.node_id))


async def _write_news(courier: Courier, visit: _Visit) -> int:
    """The keyset and every feed from where the station has it."""
    answer = await courier.line.get("/v1/keyset")
    written = 0
    if answer.status == 200:
        name = layout.keyset_name(courier.keys.keyset.version)
        _write(courier, visit.folder, name, answer.body)
        written += 1
    known = {head.fid: head.size for head in visit.hello.feeds}
    for state in visit.welcome.feeds:
        written += await _write_feed(courier, visit, state, known.get(state.fid, state.start))
    return written


async def _write_feed(courier: Courier, visit: _Visit, state: FeedState, first: int) -> int:
    written = 0
    reader = Reader(courier.keys.keyset.city_id, visit.hello.station, courier.keys.find_feed_key)
    while first < state.size:
        path = f"/v1/feeds/{state.fid.hex()}?from={first}"
        answer = await courier.line.get(path, visit.token)
        if answer.status != 200:
            break
        signed = parse_feed_batch(answer.body, reader)
        header = signed.header
        name = layout.feed_name(header.lid, header.first, header.count)
        _write(courier, visit.folder, name, answer.body)
        written += 1
        first = header.first + header.count
        if header.station == EVERY_STATION:
            written += await _write_objects(courier, visit, answer.body, reader)
    return written


async def _write_objects(courier: Courier, visit: _Visit, batch: bytes, reader: Reader) -> int:
    entries = open_feed_batch(
        parse_feed_batch(batch, reader),
        find_encryption_key=lambda _: None,
        find_dictionary=DICTIONARIES.get,
    )
    bodies = [entry.record.body for entry in entries if entry.record is not None]
    digests = {digest for body in bodies if (digest := courier.object_of(body)) is not None}
    written = 0
    for digest in digests:
        answer = await courier.line.get(f"/v1/objects/{digest.hex()}", visit.token)
        if answer.status == 200 and sha256(answer.body).digest() == digest:
            _write(courier, visit.folder, layout.object_name(digest), answer.body)
            written += 1
    return written


async def _bring(courier: Courier, visit: _Visit, file: Found) -> Carried:
    try:
        if file.form is Form.BATCH:
            return await _bring_batch(courier, visit, courier.medium.read(file.place))
        if file.form is Form.ATTACHMENT:
            return await _bring_attachment(courier, visit, courier.medium.read(file.place))
    except ProtocolError:
        return Carried(refused=1)
    except StickError as error:
        if error.fault is not StickFault.STRANGE:
            raise
        return Carried(refused=1)
    return Carried()


async def _bring_batch(courier: Courier, visit: _Visit, data: bytes) -> Carried:
    answer = await courier.line.post("/v1/batches", data, MEDIA_TYPE)
    if answer.status == GAP:
        return Carried(waiting=1)
    if answer.status != 200:
        return Carried(refused=1)
    try:
        receipt = verify_receipt(answer.body, courier.keys.find_receipt_key)
    except ProtocolError:
        custody = verify_custody(answer.body, courier.keys.find_receipt_key)
        name = layout.custody_name(custody.batch_digest)
        _write(courier, visit.folder, name, answer.body)
        return Carried(batches=1, aside=1, written=1)
    _write(courier, visit.folder, layout.receipt_name(receipt.lid, receipt.size), answer.body)
    records = receipt.batch.count if receipt.batch is not None else 0
    return Carried(batches=1, records_held=records, written=1)


async def _bring_attachment(courier: Courier, visit: _Visit, data: bytes) -> Carried:
    header, cipher = split_first(data)
    answer = await courier.line.post("/v1/blobs", header, MEDIA_TYPE, visit.token)
    digest = sha256(cipher).digest()
    while answer.status in {200, 201, 204} and not answer.body:
        offset = answer.offset
        if offset is None or offset >= len(cipher):
            return Carried(refused=1)
        part = cipher[offset : offset + MAXIMUM_BLOB_PART_BYTES]
        answer = await _send_part(courier, visit, digest, (offset, part))
    if answer.status != 200:
        return Carried(refused=1)
    receipt = verify_blob_receipt(answer.body, courier.keys.find_receipt_key)
    name = layout.attachment_receipt_name(receipt.digest)
    _write(courier, visit.folder, name, answer.body)
    return Carried(attachments=1, written=1)


async def _send_part(
    courier: Courier, visit: _Visit, digest: bytes, part: tuple[int, bytes]
) -> LineAnswer:
    offset, content = part
    said = b64encode(sha256(content).digest()).decode()
    headers = {"Upload-Offset": str(offset), "Content-Digest": f"sha-256=:{said}:"}
    return await courier.line.patch(f"/v1/blobs/{digest.hex()}", content, headers, visit.token)


def _write(courier: Courier, folder: str, name: str, data: bytes) -> None:
    courier.medium.write(Place(Direction.IN, folder, name), data)

"""Attachments at the city, over real HTTP: resumed, repeated, cut, and lied about."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web

from sync.city.feeds.reception import ABANDONED_UPLOAD_DAYS, DAY_MS
from sync.protocol.blob import (
    BlobHeader,
    BlobReceipt,
    SealedBlob,
    open_blob,
    seal_blob,
)
from sync.protocol.limits import (
    MAXIMUM_BLOB_BYTES,
    MAXIMUM_BLOB_PART_BYTES,
    MAXIMUM_WANTED_BLOBS,
    MINIMUM_BLOB_PART_BYTES,
)
from tests.city.blob_sender import Answer, Sender
from tests.city.down_server import KEYS, DownCity, down_city
from tests.city.station import SimulatedStation

PART = MAXIMUM_BLOB_PART_BYTES
SCAN = bytes(range(256)) * 2560
"""640 KiB: three parts."""


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


@pytest.fixture
def sender(city: DownCity) -> Sender:
    return Sender(city, city.stations[0])


def sealed(plain: bytes = SCAN) -> SealedBlob:
    return seal_blob(plain, KEYS.encryption_key.public_key())


async def test_three_parts_and_a_receipt(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    announced = await sender.announce(blob)
    assert (announced.status, announced.offset, announced.body) == (201, 0, b"")
    first = await sender.part(blob, 0, PART)
    assert (first.status, first.offset) == (204, PART)
    last = await sender.rest(blob, PART)
    assert (last.status, last.offset) == (200, len(blob.cipher))
    assert last.receipt == BlobReceipt(KEYS.city_id, blob.digest, city.clock())
    stored = await city.reception.objects.read(blob.digest)
    assert stored == blob.cipher


@pytest.mark.parametrize(
    "size", [0, 1, MINIMUM_BLOB_PART_BYTES, PART - 48, PART, MAXIMUM_BLOB_BYTES]
)
async def test_every_size_from_nothing_to_the_largest(
    city: DownCity, sender: Sender, size: int
) -> None:
    blob = sealed(bytes(size))
    await sender.announce(blob)
    answer = await sender.rest(blob)
    assert answer.receipt.digest == blob.digest
    stored = await city.reception.objects.read(blob.digest)
    assert stored is not None
    known = await city.reception.ledger.find(blob.digest)
    assert known is not None
    header = city_header(sender, blob)
    assert open_blob(header, stored, lambda _: KEYS.encryption_key) == bytes(size)


def city_header(sender: Sender, blob: SealedBlob) -> BlobHeader:
    return BlobHeader(
        sender.station.node_id,
        blob.plain_digest,
        blob.plain_bytes,
        blob.sealed_for,
        blob.digest,
        len(blob.cipher),
        "image/jpeg",
        None,
    )


async def test_one_byte_more_is_refused(sender: Sender) -> None:
    message = sign_blob_anyway(sender, MAXIMUM_BLOB_BYTES + 1)
    assert (await sender.announce(sealed(), message)).status == 413


def sign_blob_anyway(sender: Sender, plain_bytes: int) -> bytes:
    """A header that our own code would not sign."""
    from sync.protocol.control import sign_control  # noqa: PLC0415
    from sync.protocol.cose import LABEL_BLOB  # noqa: PLC0415

    return sign_control(
        sender.station.signing_key,
        LABEL_BLOB,
        {
            1: 1,
            2: sender.station.node_id,
            3: bytes(32),
            4: plain_bytes,
            5: [1, bytes(8)],
            6: bytes(32),
            7: plain_bytes + 48,
            8: "image/jpeg",
            9: None,
        },
    )


async def test_a_wrong_offset_is_told_the_right_one(sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    await sender.part(blob, 0, PART)
    for offset in (0, 1, PART - 1, PART + 1, len(blob.cipher)):
        answer = await sender.part(blob, offset, offset + PART, content=blob.cipher[:PART])
        assert (answer.status, answer.offset) == (409, PART)
    assert (await sender.look(blob)).offset == PART
    assert (await sender.rest(blob, PART)).receipt


async def test_a_part_that_is_not_what_it_says_is_refused(sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    lie = {"Content-Digest": f"sha-256=:{b64encode(bytes(32)).decode()}:"}
    assert (await sender.part(blob, 0, PART, headers=lie)).status == 422
    assert (await sender.look(blob)).offset == 0
    assert (await sender.rest(blob)).receipt


async def test_an_attachment_that_is_not_what_was_announced_begins_again(sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    forged = SealedBlob(*blob[:4], cipher=blob.cipher[:-1] + b"?")
    answer = await sender.rest(forged)
    assert (answer.status, answer.offset) == (422, 0)
    assert (await sender.look(blob)).offset == 0
    assert (await sender.rest(blob)).receipt


async def test_more_than_was_announced_is_refused(sender: Sender) -> None:
    blob = sealed(bytes(1000))
    await sender.announce(blob)
    answer = await sender.part(blob, 0, 0, content=blob.cipher + b"more")
    assert answer.status == 413
    assert (await sender.rest(blob)).receipt


@pytest.mark.parametrize(
    ("size", "status"),
    [
        (MINIMUM_BLOB_PART_BYTES - 1, 422),
        (MINIMUM_BLOB_PART_BYTES, 204),
        (MAXIMUM_BLOB_PART_BYTES, 204),
        (MAXIMUM_BLOB_PART_BYTES + 1, 413),
    ],
)
async def test_parts_have_a_least_and_a_greatest_size(
    sender: Sender, size: int, status: int
) -> None:
    blob = sealed()
    await sender.announce(blob)
    assert (await sender.part(blob, 0, size)).status == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Offset": ""},
        {"Upload-Offset": "-1"},
        {"Upload-Offset": "x"},
        {"Content-Digest": ""},
        {"Content-Digest": "sha-256=:AAAA:"},
        {"Content-Digest": "md5=:AAAA:"},
        {"Content-Type": "text/plain"},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_headers_that_say_nothing_are_refused(
    sender: Sender, headers: dict[str, str]
) -> None:
    blob = sealed()
    await sender.announce(blob)
    assert (await sender.part(blob, 0, PART, headers=headers)).status in {415, 422}
    assert (await sender.look(blob)).offset == 0


async def test_what_is_there_is_receipted_at_once(sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    await sender.rest(blob)
    again = await sender.announce(blob)
    assert (again.status, again.offset) == (200, len(blob.cipher))
    assert again.receipt.digest == blob.digest
    looked = await sender.look(blob)
    assert (looked.status, looked.offset) == (200, len(blob.cipher))
    assert (await sender.part(blob, 0, PART)).status == 409


async def test_an_announcement_is_repeated_without_harm(sender: Sender) -> None:
    blob = sealed()
    assert (await sender.announce(blob)).status == 201
    await sender.part(blob, 0, PART)
    again = await sender.announce(blob)
    assert (again.status, again.offset) == (200, PART)


async def test_many_who_send_the_same_at_once_make_one(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    answers = await asyncio.gather(*(_whole(sender, blob) for _ in range(6)))
    assert {answer.receipt.digest for answer in answers} == {blob.digest}
    assert await city.reception.objects.read(blob.digest) == blob.cipher


async def _whole(sender: Sender, blob: SealedBlob) -> Answer:
    """As a sender does: on a wrong offset it goes on where the city is."""
    answer = await sender.announce(blob)
    while not answer.body or answer.status == 409:
        if answer.status == 409 and answer.offset == len(blob.cipher):
            return await sender.announce(blob)
        answer = await sender.part(blob, answer.offset, answer.offset + PART)
    return answer


async def test_another_station_cannot_touch_it(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    other = Sender(city, city.stations[1])
    assert (await other.look(blob)).status == 404
    assert (await other.part(blob, 0, PART)).status == 404
    assert (await other.announce(blob)).status == 401
    assert (await other.announce(blob, sender.header(blob))).status == 401
    assert (await sender.look(blob)).offset == 0


async def test_what_was_not_announced_is_not_found(sender: Sender) -> None:
    blob = sealed()
    assert (await sender.look(blob)).status == 404
    assert (await sender.part(blob, 0, PART)).status == 404


async def test_a_header_must_be_signed_by_its_station(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    stranger = SimulatedStation(seed=9)
    assert (await sender.announce(blob, Sender(city, stranger).header(blob))).status == 401
    for_other = sender.header(blob, node_id=city.stations[1].node_id)
    assert (await sender.announce(blob, for_other)).status == 401
    damaged = bytearray(sender.header(blob))
    damaged[-1] ^= 1
    assert (await sender.announce(blob, bytes(damaged))).status == 401
    assert (await sender.announce(blob, b"nothing")).status == 422


async def test_without_a_session_nothing_is_taken(city: DownCity) -> None:
    path = f"/v1/blobs/{'ab' * 32}"
    for method, where in (("POST", "/v1/blobs"), ("HEAD", path), ("PATCH", path)):
        assert (await city.request(method, where))[0] == 401


async def test_a_station_has_a_quota(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    city.reception.quota_bytes = len(blob.cipher)
    assert (await sender.announce(blob)).status == 201
    assert (await sender.announce(sealed())).status == 507
    assert (await sender.rest(blob)).receipt
    assert (await Sender(city, city.stations[1]).announce(sealed())).status == 201


async def test_a_part_cut_in_the_middle_changes_nothing(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    await sender.part(blob, 0, PART)
    host, port = city.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    from sync.protocol.session_extras import bearer  # noqa: PLC0415

    head = (
        f"PATCH /v1/blobs/{blob.digest.hex()} HTTP/1.1\r\nHost: city\r\n"
        f"Authorization: {bearer(city.token(sender.station))}\r\n"
        f"Content-Type: application/octet-stream\r\nUpload-Offset: {PART}\r\n"
        f"Content-Digest: sha-256=:{b64encode(bytes(32)).decode()}:\r\n"
        f"Content-Length: {PART}\r\n\r\n"
    )
    writer.write(head.encode() + blob.cipher[PART : PART + 1000])
    await writer.drain()
    writer.transport.abort()
    del reader
    assert (await sender.look(blob)).offset == PART
    assert (await sender.rest(blob, PART)).receipt


async def test_an_answer_that_was_lost_is_asked_for_again(city: DownCity, sender: Sender) -> None:
    """The part was taken, the answer was not heard: the sender looks and goes on."""
    blob = sealed()
    await sender.announce(blob)
    await sender.part(blob, 0, PART)
    answer = await sender.part(blob, 0, PART)
    assert (answer.status, answer.offset) == (409, PART)


async def test_what_the_city_lost_is_wanted_and_taken_again(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    node_id = sender.station.node_id
    await city.reception.note_referenced(node_id, [blob.digest])
    assert await city.reception.wanted(node_id) == [blob.digest]
    await sender.announce(blob)
    await sender.rest(blob)
    assert await city.reception.wanted(node_id) == []
    name = blob.digest.hex()
    await city.reception.objects._bucket.remove(f"objects/{name[:2]}/{name}")
    assert (await sender.announce(blob)).offset == 0
    assert await city.reception.wanted(node_id) == [blob.digest]
    assert (await sender.rest(blob)).receipt
    assert await city.reception.wanted(node_id) == []


async def test_a_welcome_asks_for_so_many_at_most(city: DownCity, sender: Sender) -> None:
    digests = [sha256(b"%d" % number).digest() for number in range(MAXIMUM_WANTED_BLOBS + 1)]
    node_id = sender.station.node_id
    await city.reception.note_referenced(node_id, digests)
    assert len(await city.reception.wanted(node_id)) == MAXIMUM_WANTED_BLOBS
    assert await city.reception.wanted(city.stations[1].node_id) == []


async def test_a_city_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    blob = sealed()
    async with down_city(tmp_path / "city") as city:
        sender = Sender(city, city.stations[0])
        await sender.announce(blob)
        await sender.part(blob, 0, PART)
    async with down_city(tmp_path / "city") as city:
        sender = Sender(city, city.stations[0])
        looked = await sender.look(blob)
        assert looked.offset == PART
        assert (await sender.rest(blob, PART)).receipt


async def test_a_full_disk_is_said_and_nothing_is_lost(city: DownCity, sender: Sender) -> None:
    blob = sealed()
    await sender.announce(blob)
    await sender.part(blob, 0, PART)
    bucket = city.reception.objects._bucket
    usual, bucket._reserve_bytes = bucket._reserve_bytes, 1 << 60  # type: ignore[attr-defined]
    answer = await sender.part(blob, PART, 2 * PART)
    assert answer.status == 507
    bucket._reserve_bytes = usual  # type: ignore[attr-defined]
    assert (await sender.rest(blob, PART)).receipt


async def test_a_city_that_fails_in_the_middle_is_asked_where_it_is(
    city: DownCity, sender: Sender
) -> None:
    blob = sealed()
    await sender.announce(blob)
    troubles = [1]

    async def fail(request: web.Request) -> None:
        if troubles and request.method == "PATCH":
            troubles.pop()
            raise web.HTTPInternalServerError

    city.before.append(fail)
    assert (await sender.part(blob, 0, PART)).status == 500
    assert (await sender.look(blob)).offset == 0
    assert (await sender.rest(blob)).receipt


async def test_an_upload_that_nobody_goes_on_with_is_forgotten(
    city: DownCity, sender: Sender
) -> None:
    blob = sealed()
    await sender.announce(blob)
    await sender.part(blob, 0, PART)
    assert await city.reception.objects.held(blob.digest) == PART
    city.clock.now_ms += (ABANDONED_UPLOAD_DAYS - 1) * DAY_MS
    answer = await sender.part(blob, PART, 2 * PART)
    city.clock.now_ms += 2 * DAY_MS
    assert await city.reception.clear_abandoned() == 0, "somebody went on with it"
    city.clock.now_ms += (ABANDONED_UPLOAD_DAYS - 2) * DAY_MS + 1
    assert await city.reception.clear_abandoned() == 1
    assert await city.reception.objects.held(blob.digest) == 0
    assert await city.reception.clear_abandoned() == 0
    assert (await sender.part(blob, answer.offset, 3 * PART)).status == 404
    assert (await sender.announce(blob)).offset == 0
    assert (await sender.rest(blob)).receipt.digest == blob.digest
    city.clock.now_ms += 2 * ABANDONED_UPLOAD_DAYS * DAY_MS
    assert await city.reception.clear_abandoned() == 0, "what is whole stays"
    assert (await sender.look(blob)).offset == len(blob.cipher)

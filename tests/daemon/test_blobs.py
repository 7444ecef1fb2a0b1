"""The station's side of attachments, against the city's own code over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sync.daemon.answers import Answer
from sync.daemon.blobs import DAMAGED, MAXIMUM_STRIKES
from sync.daemon.events import Failed, Failure, PartSent, Problem, Refusal
from sync.daemon.upload_plan import DAY_MS, LOCAL_OFFSET_MS, MINUTE_MS
from sync.journal import blobs
from sync.journal.blobs import Blob
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.blob import BlobReceipt, SealedBlob, sign_blob_receipt
from sync.protocol.limits import (
    MAXIMUM_BLOB_BYTES,
    MAXIMUM_BLOB_PART_BYTES,
    MINIMUM_BLOB_PART_BYTES,
)
from sync.protocol.session_extras import Policy
from tests.city.down_server import KEYS, NOW_MS, DownCity, down_city
from tests.daemon.sending_station import Sender, capture, capture_to, sending

SCAN = bytes(range(256)) * 4096
"""1 MiB."""
OPEN = Policy(0, 900, 1 << 20, None, None)


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


@pytest.fixture
async def sender(city: DownCity, tmp_path: Path) -> AsyncIterator[Sender]:
    token = city.token(city.stations[0])
    async with sending(tmp_path, city.url, token) as sender:
        yield sender


async def stored(city: DownCity, blob: SealedBlob) -> bool:
    return await city.reception.objects.read(blob.digest) == blob.cipher


async def test_an_attachment_arrives_and_its_receipt_is_kept(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    blob = await capture(tmp_path, SCAN)
    assert await sender.welcomed()
    assert await sender.send_all() == len(blob.cipher)
    assert await stored(city, blob)
    assert await sender.receipts() == {blob.digest}
    assert not await sender.attachments.waiting()
    assert not await sender.welcomed()


@pytest.mark.parametrize("size", [1, MINIMUM_BLOB_PART_BYTES - 48, MAXIMUM_BLOB_BYTES])
async def test_small_and_large(city: DownCity, sender: Sender, tmp_path: Path, size: int) -> None:
    blob = await capture(tmp_path, bytes(size))
    await sender.welcomed()
    await sender.send_all()
    assert await stored(city, blob)


async def test_one_step_is_one_part(sender: Sender, tmp_path: Path) -> None:
    await capture(tmp_path, SCAN)
    await sender.welcomed()
    assert await sender.attachments.send_part() == PartSent(0, more=True)
    for _ in range(3):
        asked = len(sender.line.asked)
        sent = await sender.attachments.send_part()
        assert isinstance(sent, PartSent)
        assert MINIMUM_BLOB_PART_BYTES <= sent.sent_bytes <= MAXIMUM_BLOB_PART_BYTES
        assert len(sender.line.asked) == asked + 1


async def test_what_the_city_wants_comes_first(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    captured = [await capture(tmp_path, bytes([number]) * 100) for number in range(4)]
    await sender.welcomed(captured[2].digest)
    assert await sender.rows("SELECT digest FROM wanted") == [(captured[2].digest,)]
    await sender.send_all()
    sent = [
        bytes.fromhex(request.path.rsplit("/", 1)[1])
        for request in sender.line.asked
        if request.method == "PATCH"
    ]
    assert sent == [captured[number].digest for number in (2, 0, 1, 3)]
    assert await sender.rows("SELECT digest FROM wanted") == []


async def test_what_the_city_has_lost_is_sent_again(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    await sender.send_all()
    name = blob.digest.hex()
    await city.reception.objects._bucket.remove(f"objects/{name[:2]}/{name}")
    assert await sender.welcomed(blob.digest)
    assert await sender.receipts() == set()
    assert await sender.send_all() == len(blob.cipher)
    assert await stored(city, blob)


async def test_what_is_wanted_but_not_here_is_no_trouble(sender: Sender) -> None:
    assert not await sender.welcomed(b"w" * 32)


async def test_what_the_city_has_already_is_not_sent(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    await sender.send_all()
    await sender.rows("DELETE FROM blob_state")
    assert await sender.welcomed()
    assert await sender.send_all() == 0
    assert await sender.receipts() == {blob.digest}


async def test_a_new_capture_is_noticed(sender: Sender, tmp_path: Path) -> None:
    assert not await sender.welcomed()
    assert not await sender.attachments.waiting()
    blob = await capture(tmp_path, SCAN)
    assert await sender.attachments.waiting()
    assert await sender.send_all() == len(blob.cipher)


async def test_nothing_is_sent_before_the_first_welcome(sender: Sender, tmp_path: Path) -> None:
    await capture(tmp_path, SCAN)
    assert not await sender.attachments.waiting()
    assert await sender.attachments.send_part() == PartSent(0, more=False)
    assert sender.line.asked == []


async def resume(sender: Sender) -> int:
    """As the conversation does after a failure: a new welcome, then on."""
    await sender.welcomed()
    return await sender.send_all()


async def test_a_file_that_is_not_what_its_name_says_is_never_sent(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    damaged = await capture(tmp_path, SCAN)
    good = await capture(tmp_path, b"good")
    path = blobs.path_of(tmp_path / "node.db", damaged.digest)
    path.write_bytes(damaged.cipher[:-1] + bytes([damaged.cipher[-1] ^ 1]))
    await sender.welcomed()
    await sender.send_all()
    assert await sender.receipts() == {good.digest}
    assert [request.path for request in sender.line.asked if request.method == "PATCH"] == [
        f"/v1/blobs/{good.digest.hex()}"
    ]
    found = await sender.rows("SELECT lid, kind FROM log_notice")
    assert found == [(damaged.digest[:16], DAMAGED)]


async def test_a_missing_file_does_not_hold_up_the_others(sender: Sender, tmp_path: Path) -> None:
    missing = await capture(tmp_path, SCAN)
    good = await capture(tmp_path, b"good")
    blobs.path_of(tmp_path / "node.db", missing.digest).unlink()
    await sender.welcomed()
    await sender.send_all()
    assert await sender.receipts() == {good.digest}


async def test_a_city_whose_parts_are_spoilt_is_sent_them_again(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    """Somebody changed what the city held: it says so at the end, and all begins anew."""
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    for _ in range(2):
        await sender.attachments.send_part()
    name = blob.digest.hex()
    bucket = city.reception.objects._bucket
    [part] = await bucket.list(f"parts/{name}")
    content = await bucket.get(part)
    assert content is not None
    await bucket.put(part, bytes([content[0] ^ 1]) + content[1:])
    await sender.send_all()
    assert await stored(city, blob)
    assert await sender.receipts() == {blob.digest}


async def test_a_city_that_always_says_another_offset_is_left_alone(
    sender: Sender, tmp_path: Path
) -> None:
    await capture(tmp_path, SCAN)
    await sender.welcomed()
    await sender.attachments.send_part()
    wrong = Answer(409, "application/problem+json", "", b"{}", 0.0, {"upload-offset": "7"})
    sender.line.answers += [wrong] * MAXIMUM_STRIKES
    sent = [await sender.attachments.send_part() for _ in range(MAXIMUM_STRIKES)]
    assert sent[-1] == PartSent(0, more=False)
    assert await sender.welcomed(), "until the next welcome"


async def test_a_city_that_has_all_and_gives_no_receipt_is_left_alone(
    sender: Sender, tmp_path: Path
) -> None:
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    end = Answer(204, "", "", b"", 0.0, {"upload-offset": str(len(blob.cipher))})
    sender.line.answers += [end] * MAXIMUM_STRIKES
    sent = [await sender.attachments.send_part() for _ in range(MAXIMUM_STRIKES)]
    assert sent[-1] == PartSent(0, more=False)
    assert await sender.rows("SELECT kind FROM log_notice") == []


async def test_a_forged_receipt_counts_for_nothing(sender: Sender, tmp_path: Path) -> None:
    blob = await capture(tmp_path, SCAN)
    forgeries = [
        sign_blob_receipt(BlobReceipt(KEYS.city_id, blob.digest, NOW_MS), KEYS.feed_key),
        sign_blob_receipt(BlobReceipt(b"OTHERCIT", blob.digest, NOW_MS), KEYS.receipt_key),
        sign_blob_receipt(BlobReceipt(KEYS.city_id, b"d" * 32, NOW_MS), KEYS.receipt_key),
        b"nonsense",
    ]
    for forgery in forgeries:
        assert await sender.welcomed()
        sender.line.answers.append(Answer(200, MEDIA_TYPE, "", forgery, 0.0))
        assert await sender.attachments.send_part() == Failed(Failure.FORGED)
        assert await sender.receipts() == set()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, "text/html", "", b"<html>", 0.0), Failed(Failure.CAPTIVE_PORTAL)),
        (Answer(204, "", "", b"", 0.0), Failed(Failure.CAPTIVE_PORTAL)),
        (Answer(500, "", "", b"", 0.0), Failed(Failure.CITY_ERROR)),
        (Answer(503, "", "9", b"", 0.0), Problem(Refusal.BUSY, 9.0)),
        (Answer(507, "", "", b"", 0.0), Problem(Refusal.STORAGE_FULL)),
        (Answer(413, "", "", b"", 0.0), Problem(Refusal.TOO_LARGE)),
    ],
)
async def test_an_answer_that_is_none(
    city: DownCity, sender: Sender, tmp_path: Path, answer: Answer, outcome: object
) -> None:
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    sender.line.answers.append(answer)
    assert await sender.attachments.send_part() == outcome
    await resume(sender)
    assert await stored(city, blob)


async def test_a_token_that_has_ended_asks_for_a_new_greeting(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    await capture(tmp_path, SCAN)
    await sender.welcomed()
    city.clock.now_ms += 3_600_000
    assert await sender.attachments.send_part() == Problem(Refusal.NO_SESSION)


async def test_a_budget_is_kept_over_a_new_start(city: DownCity, tmp_path: Path) -> None:
    blob = await capture(tmp_path, SCAN)
    limit = 2 * MAXIMUM_BLOB_PART_BYTES
    budget = OPEN._replace(blob_bytes_per_day=limit)
    token = city.token(city.stations[0])
    async with sending(tmp_path, city.url, token) as sender:
        assert await sender.welcomed(policy=budget)
        first = await sender.send_all()
    assert 0 <= first - limit < MAXIMUM_BLOB_PART_BYTES
    async with sending(tmp_path, city.url, token) as sender:
        assert not await sender.welcomed(policy=budget)
        assert await sender.welcomed(policy=OPEN)
        assert first + await sender.send_all() == len(blob.cipher)


async def test_another_day_has_a_budget_of_its_own(sender: Sender, tmp_path: Path) -> None:
    await capture(tmp_path, SCAN)
    await sender.welcomed(policy=OPEN._replace(blob_bytes_per_day=1))
    await sender.send_all()
    assert not await sender.attachments.waiting()
    await sender.rows("UPDATE blob_day SET day = day - 1")
    assert await sender.attachments.waiting()


async def test_a_closed_window_keeps_everything_here(sender: Sender, tmp_path: Path) -> None:
    await capture(tmp_path, SCAN)
    minute = (NOW_MS + LOCAL_OFFSET_MS) % DAY_MS // MINUTE_MS
    shut = OPEN._replace(blob_minutes=(minute + 1, minute + 2))
    assert not await sender.welcomed(policy=shut)
    assert await sender.attachments.send_part() == PartSent(0, more=False)
    assert await sender.welcomed(policy=shut._replace(blob_minutes=(minute, minute + 1)))


def test_a_row_says_where_its_file_is(tmp_path: Path) -> None:
    sealed, path = capture_to(tmp_path, b"plain")
    row = Blob(sealed.digest, sealed.plain_digest, 5, 53, b"k" * 8, "image/png", None)
    assert path == blobs.path_of(tmp_path / "node.db", row.digest)
    assert path.read_bytes() == sealed.cipher

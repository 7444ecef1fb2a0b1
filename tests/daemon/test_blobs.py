"""The station's side of attachments, against the city's own code over real HTTP."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from sync.daemon import upload_plan
from sync.daemon.answers import Answer
from sync.daemon.blobs import DAMAGED, MAXIMUM_STRIKES
from sync.daemon.events import Failed, Failure, PartSent, Problem, Refusal
from sync.daemon.upload_plan import DAY_MS, LOCAL_OFFSET_MS, MINUTE_MS, CityTime
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
from tests.contracts.tree import ROOT
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


@dataclass
class Trouble:
    """Spoils the first requests with a part."""

    city: DownCity
    times: int = 1
    spoilt: list[str] = field(default_factory=list)

    async def hang_up(self, request: web.Request) -> None:
        """Read some of the part, then cut the line."""
        if self._spoils(request):
            await request.content.read(1000)
            assert request.transport is not None
            request.transport.abort()
            raise asyncio.CancelledError

    def _spoils(self, request: web.Request) -> bool:
        if request.method != "PATCH" or len(self.spoilt) >= self.times:
            return False
        self.spoilt.append(request.path)
        return True


async def resume(sender: Sender) -> int:
    """As the conversation does after a failure: a new welcome, then on."""
    await sender.welcomed()
    return await sender.send_all()


async def test_a_line_cut_in_the_middle_of_a_part(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    blob = await capture(tmp_path, SCAN)
    trouble = Trouble(city)
    city.before.append(trouble.hang_up)
    await sender.welcomed()
    await sender.attachments.send_part()
    outcome = await sender.attachments.send_part()
    assert outcome == Failed(Failure.UNREACHABLE)
    assert await resume(sender) == len(blob.cipher)
    assert await stored(city, blob)


async def test_a_lost_answer_costs_one_part_at_most(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    """The city has taken the part; the station hears of it at the next announcement."""
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    await sender.attachments.send_part()
    first = await sender.attachments.send_part()
    assert isinstance(first, PartSent)
    answer = await _send_and_forget(sender)
    assert answer.status == 204
    rest = await resume(sender)
    taken = int(answer.headers["upload-offset"])
    assert rest == len(blob.cipher) - taken
    assert await stored(city, blob)


async def _send_and_forget(sender: Sender) -> Answer:
    """Let the next part reach the city and keep its answer from the sender."""
    answers: list[Answer] = []
    ask = sender.line.transport.ask

    class Deaf:
        async def ask(self, request: object) -> Answer:
            answers.append(await ask(request))  # type: ignore[arg-type]
            return Answer(500, "", "", b"", 0.0)

    kept, sender.line.transport = sender.line.transport, Deaf()  # type: ignore[assignment]
    assert await sender.attachments.send_part() == Failed(Failure.CITY_ERROR)
    sender.line.transport = kept
    return answers[0]


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


def at(hour: int, minute: int = 0) -> int:
    return 20_000 * DAY_MS + (hour * 60 + minute) * MINUTE_MS


@pytest.mark.parametrize(
    ("window", "hour", "inside"),
    [
        ((0, 6 * 60), 0, True),
        ((0, 6 * 60), 5, True),
        ((0, 6 * 60), 6, False),
        ((22 * 60, 5 * 60), 23, True),
        ((22 * 60, 5 * 60), 4, True),
        ((22 * 60, 5 * 60), 5, False),
        ((22 * 60, 5 * 60), 12, False),
        ((8 * 60, 8 * 60), 8, False),
        ((0, 24 * 60), 23, True),
    ],
)
def test_a_window_may_go_over_midnight(
    window: tuple[int, int],
    hour: int,
    inside: bool,  # noqa: FBT001
) -> None:
    policy = OPEN._replace(blob_minutes=window)
    assert upload_plan.in_window(policy, at(hour)) is inside
    assert upload_plan.in_window(None, at(hour))
    assert upload_plan.in_window(OPEN, at(hour))


def test_the_time_of_day_is_the_citys_carried_on() -> None:
    time = CityTime(NOW_MS, 1_000)
    assert time.local_ms(61_000) == NOW_MS + 60_000 + LOCAL_OFFSET_MS
    assert time.local_ms(0) == NOW_MS + LOCAL_OFFSET_MS


async def test_a_closed_window_keeps_everything_here(sender: Sender, tmp_path: Path) -> None:
    await capture(tmp_path, SCAN)
    minute = (NOW_MS + LOCAL_OFFSET_MS) % DAY_MS // MINUTE_MS
    shut = OPEN._replace(blob_minutes=(minute + 1, minute + 2))
    assert not await sender.welcomed(policy=shut)
    assert await sender.attachments.send_part() == PartSent(0, more=False)
    assert await sender.welcomed(policy=shut._replace(blob_minutes=(minute, minute + 1)))


def test_parts_grow_on_a_fast_line_and_shrink_on_a_slow_one() -> None:
    sizes = [MINIMUM_BLOB_PART_BYTES]
    for elapsed_s in (0.1, 0.1, 0.1, 2.0, 9.0, 9.0, 9.0):
        sizes.append(upload_plan.next_part_bytes(sizes[-1], elapsed_s))
    kib = [size >> 10 for size in sizes]
    assert kib == [64, 128, 256, 256, 256, 128, 64, 64]


async def test_two_at_once_do_not_hurt_each_other(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    """A card that was copied: both machines send the same attachment."""
    blob = await capture(tmp_path, SCAN)
    other_folder = tmp_path / "copy"
    other_folder.mkdir()
    (other_folder / "blobs").mkdir()
    (other_folder / "node.db").write_bytes((tmp_path / "node.db").read_bytes())
    with contextlib.suppress(FileNotFoundError):
        (other_folder / "node.db-wal").write_bytes((tmp_path / "node.db-wal").read_bytes())
    path = blobs.path_of(other_folder / "node.db", blob.digest)
    path.write_bytes(blob.cipher)
    async with sending(other_folder, city.url, city.token(city.stations[0])) as other:
        await sender.welcomed()
        await other.welcomed()
        await asyncio.gather(_until_receipted(sender), _until_receipted(other))
        assert await other.receipts() == await sender.receipts() == {blob.digest}
    assert await stored(city, blob)


async def _until_receipted(sender: Sender) -> None:
    while not await sender.receipts():
        await resume(sender)


@pytest.mark.parametrize("parts_before", [1, 3, 5])
async def test_a_killed_sender_goes_on_where_the_city_is(
    city: DownCity, tmp_path: Path, parts_before: int
) -> None:
    blob = await capture(tmp_path, SCAN * 2)
    token = city.token(city.stations[0])
    reached, never = asyncio.Event(), asyncio.Event()
    parts = []

    async def count(request: web.Request) -> None:
        if request.method == "PATCH":
            parts.append(request.headers["Upload-Offset"])
            if len(parts) > parts_before:
                reached.set()
                await never.wait()

    city.before.append(count)
    command = [sys.executable, "-m", "tests.daemon.sending_station"]
    process = await asyncio.create_subprocess_exec(
        *command, str(tmp_path), city.url, token.hex(), cwd=ROOT, env={**os.environ}
    )
    try:
        await reached.wait()
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    city.before.clear()
    held = await city.reception.objects.held(blob.digest)
    assert held > 0
    async with sending(tmp_path, city.url, token) as sender:
        assert await sender.welcomed()
        assert await sender.send_all() == len(blob.cipher) - held
        assert await sender.receipts() == {blob.digest}
    assert await stored(city, blob)


def test_a_row_says_where_its_file_is(tmp_path: Path) -> None:
    sealed, path = capture_to(tmp_path, b"plain")
    row = Blob(sealed.digest, sealed.plain_digest, 5, 53, b"k" * 8, "image/png", None)
    assert path == blobs.path_of(tmp_path / "node.db", row.digest)
    assert path.read_bytes() == sealed.cipher

"""Nothing the city did not sign, for this session and these bytes, is ever believed."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.daemon.assemble import SealedBatch
from sync.daemon.belief import (
    City,
    DisagreementError,
    Greeting,
    RefusedMessageError,
    body_digest,
    compare,
    read_receipt,
    read_welcome,
)
from sync.daemon.events import Failure, LogReport, Notice, NoticeKind, Refusal
from sync.daemon.mailbox import Mailbox, Moment
from sync.daemon.statements import OWNERS, Standing
from sync.database import Reader, open_reader, open_writer
from sync.protocol.cose import sign
from sync.protocol.enrolment import keys_by_id
from sync.protocol.handshake import LogHead, LogState, Welcome, sign_welcome
from sync.protocol.heads import BYTES, head
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt

CITY_KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CITY_ID, GENERATION = b"city-id!", b"generati"
CITY = City(CITY_ID, keys_by_id([CITY_KEY.public_key().public_bytes_raw()]))
NONCE = b"n" * 16
LID, ROOT = b"l" * 16, b"r" * 32
HEAD = LogHead(LID, 10, ROOT)
GREETING = Greeting(NONCE, [HEAD])
DATA = sign(CITY_KEY, "wes1/batch", b"\xa0") + head(BYTES, 4) + b"body"
BATCH = SealedBatch(LID, 4, 6, ROOT, DATA, 1000, compressed=True)
MOMENT = Moment(7_000)


def welcome(**changes: object) -> Welcome:
    fields: dict[str, object] = {
        "city_id": CITY_ID,
        "generation": GENERATION,
        "nonce": NONCE,
        "city_time_ms": 9_000,
        "logs": (LogState(LID, 4, 2, ROOT, 3),),
        "receipt_number": 5,
        **changes,
    }
    return Welcome(**fields)  # type: ignore[arg-type]


def receipt(**changes: object) -> Receipt:
    fields: dict[str, object] = {
        "city_id": CITY_ID,
        "generation": GENERATION,
        "lid": LID,
        "size": 10,
        "root": ROOT,
        "archived": 2,
        "applied": 8,
        "city_time_ms": 9_500,
        "batch": BatchReference(first=4, count=6, body_digest=body_digest(DATA)),
        "statuses": ((3, 4),),
        "receipt_number": 6,
        "nonce": None,
        **changes,
    }
    return Receipt(**fields)  # type: ignore[arg-type]


def spoil(message: bytes) -> bytes:
    return message[:-1] + bytes([message[-1] ^ 1])


def test_an_honest_welcome_is_believed() -> None:
    believed = read_welcome(CITY, sign_welcome(welcome(), CITY_KEY), GREETING)
    assert compare(believed, GREETING, {LID: ROOT}, {}) == (LogReport(LID, 10, 4, 3, agrees=True),)


def test_another_root_is_a_disagreement() -> None:
    (report,) = compare(welcome(), GREETING, {LID: b"other root".ljust(32)}, {})
    assert not report.agrees


REFUSED_WELCOMES = {
    "signed by another key": (sign_welcome(welcome(), OTHER_KEY), Failure.FORGED),
    "changed after signing": (spoil(sign_welcome(welcome(), CITY_KEY)), Failure.FORGED),
    "for another session": (
        sign_welcome(welcome(nonce=b"o" * 16), CITY_KEY),
        Failure.FORGED,
    ),
    "of another city": (sign_welcome(welcome(city_id=b"other!!!"), CITY_KEY), Failure.FORGED),
    "without a log": (sign_welcome(welcome(logs=()), CITY_KEY), Failure.BAD_ANSWER),
    "with a log twice": (
        sign_welcome(welcome(logs=welcome().logs * 2), CITY_KEY),
        Failure.BAD_ANSWER,
    ),
    "with a log nobody asked for": (
        sign_welcome(welcome(logs=(LogState(b"x" * 16, 0, 0, ROOT, 0),)), CITY_KEY),
        Failure.BAD_ANSWER,
    ),
    "a receipt instead": (sign_receipt(receipt(), CITY_KEY), Failure.FORGED),
    "empty": (b"", Failure.BAD_ANSWER),
    "noise": (b"\xd2\x84" + bytes(200), Failure.BAD_ANSWER),
    "too large": (bytes(1 << 20), Failure.BAD_ANSWER),
}


@pytest.mark.parametrize("case", REFUSED_WELCOMES)
def test_a_welcome_that_is_not_the_answer_is_refused(case: str) -> None:
    message, failure = REFUSED_WELCOMES[case]
    with pytest.raises(RefusedMessageError) as refused:
        read_welcome(CITY, message, GREETING)
    assert refused.value.failure is failure


def test_an_honest_receipt_is_believed() -> None:
    message = sign_receipt(receipt(), CITY_KEY)
    assert read_receipt(CITY, message, BATCH, NONCE) == receipt()
    named = sign_receipt(receipt(nonce=NONCE), CITY_KEY)
    assert read_receipt(CITY, named, BATCH, NONCE).nonce == NONCE


OTHER_SENDING = BatchReference(first=4, count=6, body_digest=b"d" * 32)
OLDER = BatchReference(first=0, count=4, body_digest=body_digest(DATA))
REFUSED_RECEIPTS = {
    "signed by another key": sign_receipt(receipt(), OTHER_KEY),
    "changed after signing": spoil(sign_receipt(receipt(), CITY_KEY)),
    "of another city": sign_receipt(receipt(city_id=b"other!!!"), CITY_KEY),
    "of another session": sign_receipt(receipt(nonce=b"o" * 16), CITY_KEY),
    "of another log": sign_receipt(receipt(lid=b"x" * 16), CITY_KEY),
    "old": sign_receipt(receipt(size=4, archived=2, applied=2, batch=OLDER), CITY_KEY),
    "of an earlier sending of the same records": sign_receipt(
        receipt(batch=OTHER_SENDING), CITY_KEY
    ),
    "of no batch": sign_receipt(receipt(batch=None), CITY_KEY),
    "a welcome instead": sign_welcome(welcome(), CITY_KEY),
}


@pytest.mark.parametrize("case", REFUSED_RECEIPTS)
def test_a_receipt_that_is_not_the_answer_is_refused(case: str) -> None:
    with pytest.raises(RefusedMessageError) as refused:
        read_receipt(CITY, REFUSED_RECEIPTS[case], BATCH, NONCE)
    assert refused.value.failure is Failure.FORGED


def test_a_receipt_that_does_not_fit_the_log_asks_for_a_greeting() -> None:
    for changes, refusal in (
        ({"size": 11}, Refusal.GAP),
        ({"root": b"q" * 32}, Refusal.FORK),
    ):
        with pytest.raises(DisagreementError) as disagreement:
            read_receipt(CITY, sign_receipt(receipt(**changes), CITY_KEY), BATCH, NONCE)
        assert disagreement.value.refusal is refusal


class Memory:
    """A mailbox and a way to look into its file."""

    def __init__(self, mailbox: Mailbox, reader: Reader) -> None:
        self.mailbox = mailbox
        self._reader = reader

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return await self._reader.query(lambda connection: connection.execute(sql).fetchall())

    async def log(self) -> list[tuple[object, ...]]:
        return await self.rows("SELECT acked, archived, applied, receipt_number FROM log_state")


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memory]:
    path = tmp_path / "sync.db"
    async with open_writer(path, OWNERS) as writer, open_reader(path) as reader:
        yield Memory(Mailbox(writer), reader)


def reports(*, own: int = 10, city: int = 4, agrees: bool = True) -> list[LogReport]:
    return [LogReport(LID, own, city, 3, agrees=agrees)]


async def test_a_welcome_then_a_receipt_are_kept(memory: Memory) -> None:
    assert not await memory.mailbox.store_welcome(welcome(), reports(), MOMENT)
    assert await memory.log() == [(4, 2, 3, None)]
    message = sign_receipt(receipt(), CITY_KEY)
    await memory.mailbox.store_receipt(receipt(), message, BATCH, Moment(8_000))
    assert await memory.log() == [(10, 2, 8, 6)]
    assert await memory.rows("SELECT lid, size, city_time_ms, cose FROM receipt") == [
        (LID, 10, 9_500, message)
    ]
    assert await memory.rows("SELECT sequence, code FROM record_status") == [(3, "rejected")]
    assert await memory.rows(
        "SELECT last_success_wall_ms, last_receipt_wall_ms, city_time_ms, sent_records, sent_bytes"
        " FROM contact"
    ) == [(8_000, 8_000, 9_500, 6, len(DATA))]


async def test_only_a_welcome_lowers_what_is_acknowledged(memory: Memory) -> None:
    await memory.mailbox.store_receipt(receipt(), b"", BATCH, MOMENT)
    old = receipt(size=4, applied=2, receipt_number=1)
    with pytest.raises(DisagreementError):
        await memory.mailbox.store_receipt(old, b"", BATCH, MOMENT)
    assert await memory.log() == [(10, 2, 8, 6)]
    await memory.mailbox.store_welcome(welcome(), reports(), MOMENT)
    assert await memory.log() == [(4, 2, 3, 6)]


async def test_a_receipt_of_a_city_restored_since_the_greeting_is_not_kept(memory: Memory) -> None:
    await memory.mailbox.store_welcome(welcome(), reports(), MOMENT)
    restored = receipt(generation=b"restored")
    with pytest.raises(DisagreementError):
        await memory.mailbox.store_receipt(restored, b"", BATCH, MOMENT)
    assert await memory.log() == [(4, 2, 3, None)]
    assert await memory.rows("SELECT * FROM receipt") == []


@pytest.mark.parametrize(
    ("changes", "restored"),
    [
        ({}, False),
        ({"receipt_number": 6}, False),
        ({"receipt_number": 4}, True),
        ({"generation": b"restored"}, True),
        ({"city_id": b"rebuilt!"}, True),
    ],
)
async def test_a_restored_city_is_noticed(
    memory: Memory, changes: dict[str, object], *, restored: bool
) -> None:
    await memory.mailbox.store_welcome(welcome(), reports(), MOMENT)
    again = welcome(**changes)
    assert await memory.mailbox.store_welcome(again, reports(), MOMENT) is restored
    assert not await memory.mailbox.store_welcome(again, reports(), MOMENT)


async def test_of_a_forked_log_nothing_counts_as_at_the_city(memory: Memory) -> None:
    await memory.mailbox.store_receipt(receipt(), b"", BATCH, MOMENT)
    await memory.mailbox.store_welcome(welcome(), reports(agrees=False), MOMENT)
    assert await memory.log() == [(0, 0, 0, 6)]
    assert await memory.rows("SELECT * FROM record_status") == []


async def test_of_a_longer_log_only_our_own_records_count(memory: Memory) -> None:
    longer = welcome(logs=(LogState(LID, 30, 25, ROOT, 28),))
    await memory.mailbox.store_welcome(longer, reports(city=30), MOMENT)
    assert await memory.log() == [(10, 10, 10, None)]


async def test_statuses_of_a_welcome_replace_the_old_ones(memory: Memory) -> None:
    parked = (LogState(LID, 4, 0, ROOT, 3, ((1, 3), (2, 3))),)
    await memory.mailbox.store_welcome(welcome(logs=parked), reports(), MOMENT)
    solved = (LogState(LID, 4, 0, ROOT, 4, ((2, 2),)),)
    await memory.mailbox.store_welcome(welcome(logs=solved), reports(), MOMENT)
    assert await memory.rows("SELECT sequence, code FROM record_status") == [(2, "conflict")]


async def test_notices_and_standings_are_kept(memory: Memory) -> None:
    for city_size in (12, 13):
        notice = Notice(NoticeKind.ROLLBACK, LID, 10, city_size)
        await memory.mailbox.store_notice(notice, MOMENT)
    assert await memory.rows("SELECT kind, own_size, city_size FROM log_notice") == [
        ("rollback", 10, 13)
    ]
    await memory.mailbox.store_standing(Standing("backoff", "city_busy", 2, 99), 55)
    await memory.mailbox.store_standing(None, 56)
    assert await memory.rows(
        "SELECT state, failure_code, failures, next_attempt_wall_ms, last_attempt_wall_ms"
        " FROM contact"
    ) == [("backoff", "city_busy", 2, 99, 56)]


def test_the_digest_is_of_the_body_alone() -> None:
    other = sign(OTHER_KEY, "wes1/batch", secrets.token_bytes(3)) + head(BYTES, 4) + b"body"
    assert body_digest(other) == body_digest(DATA)


async def test_a_renewed_certificate_is_no_change_of_keys(memory: Memory) -> None:
    for serial, kid in ((3, b"firstkey"), (4, b"firstkey"), (7, b"otherkey"), (8, b"otherkey")):
        await memory.mailbox.store_own_key(serial, kid)
    assert await memory.rows("SELECT serial, kid FROM own_key ORDER BY serial") == [
        (3, b"firstkey"),
        (7, b"otherkey"),
    ]

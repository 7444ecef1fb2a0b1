"""Custody, revocation, attachments and their receipts; the optional parts of HELLO and WELCOME."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import merkle
from sync.protocol.batch_header import SealedFor
from sync.protocol.blob import (
    BlobHeader,
    BlobReceipt,
    check_cipher,
    open_blob,
    seal_blob,
    sign_blob,
    sign_blob_receipt,
    verify_blob,
    verify_blob_receipt,
)
from sync.protocol.custody import Custody, CustodyReason, sign_custody, verify_custody
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import sign_hello, sign_welcome, verify_hello, verify_welcome
from sync.protocol.limits import MAXIMUM_BLOB_BYTES, MAXIMUM_FEEDS, MAXIMUM_REVOKED_LOGS
from sync.protocol.revocation import Revocation, covers, sign_revocation, verify_revocation
from sync.protocol.session_extras import (
    FeedHead,
    FeedState,
    Notice,
    Policy,
    bearer,
    open_token,
    read_bearer,
    seal_token,
)
from tests.protocol import samples
from tests.protocol.test_messages import HELLO, WELCOME, refusal

OTHER_LID: Final = b"l" * 16
CUSTODY: Final = Custody(
    city_id=samples.CITY_ID,
    generation=samples.GENERATION,
    batch_digest=b"d" * 32,
    reason=CustodyReason.REVOKED,
    lid=samples.LID,
    first=3,
    count=7,
    city_time_ms=1_795_392_100_000,
    nonce=samples.NONCE,
)
REVOCATION: Final = Revocation(
    samples.NODE_ID, b"k" * 8, ((samples.LID, 10), (OTHER_LID, 0)), "stolen", 1_795_392_100_000
)
PLAIN: Final = b"\xff\xd8 a scanned page"
SEALED: Final = seal_blob(PLAIN, samples.CITY_ENCRYPTION_KEY.public_key())
BLOB: Final = BlobHeader(
    samples.NODE_ID,
    *SEALED[:4],
    len(SEALED.cipher),
    "image/jpeg",
    samples.SUBJECT,
)


def test_custody_is_read_back() -> None:
    for custody in (CUSTODY, Custody(**{**fields_of(CUSTODY), "nonce": None, "reason": 99})):
        message = sign_custody(custody, samples.CITY_KEY)
        assert verify_custody(message, samples.find_key) == custody


def fields_of(custody: Custody) -> dict[str, Any]:
    return {name: getattr(custody, name) for name in Custody.__slots__}


def test_a_revocation_is_read_back() -> None:
    for revocation in (REVOCATION, REVOCATION._replace(positions=None)):
        message = sign_revocation(revocation, samples.CA_KEY)
        assert verify_revocation(message, samples.find_key) == revocation
    many = REVOCATION._replace(positions=((samples.LID, 1),) * (MAXIMUM_REVOKED_LOGS + 1))
    code = refusal(lambda: sign_revocation(many, samples.CA_KEY))
    assert code is ProtocolErrorCode.TOO_LARGE
    twice = REVOCATION._replace(positions=((samples.LID, 1),) * 2)
    message = sign_revocation(twice, samples.CA_KEY)
    code = refusal(lambda: verify_revocation(message, samples.find_key))
    assert code is ProtocolErrorCode.MALFORMED


@pytest.mark.parametrize(
    ("lid", "first", "count", "covered"),
    [
        (samples.LID, 0, 10, False),
        (samples.LID, 9, 1, False),
        (samples.LID, 9, 2, True),
        (samples.LID, 10, 1, True),
        (OTHER_LID, 0, 1, True),
        (b"?" * 16, 0, 1, True),
    ],
)
def test_what_a_revocation_takes_in(lid: bytes, first: int, count: int, covered: bool) -> None:  # noqa: FBT001  a table of cases
    assert covers(REVOCATION, lid, first, count) is covered
    assert covers(REVOCATION._replace(positions=None), lid, first, count)


def test_an_attachment_is_read_back() -> None:
    message = sign_blob(BLOB, samples.STATION_KEY)
    assert verify_blob(message, samples.find_key).header == BLOB
    assert open_blob(BLOB, SEALED.cipher, samples.find_encryption_key) == PLAIN


def test_an_attachment_is_what_its_header_says() -> None:
    changed = SEALED.cipher[:-1] + bytes([SEALED.cipher[-1] ^ 1])
    code = refusal(lambda: open_blob(BLOB, changed, samples.find_encryption_key))
    assert code is ProtocolErrorCode.DIGEST_MISMATCH
    assert refusal(lambda: check_cipher(BLOB, b"")) is ProtocolErrorCode.DIGEST_MISMATCH
    code = refusal(lambda: open_blob(BLOB, SEALED.cipher, lambda _: None))
    assert code is ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY
    elsewhere = BLOB._replace(plain_digest=b"p" * 32)
    code = refusal(lambda: open_blob(elsewhere, SEALED.cipher, samples.find_encryption_key))
    assert code is ProtocolErrorCode.CANNOT_OPEN


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"plain_bytes": MAXIMUM_BLOB_BYTES + 1}, ProtocolErrorCode.TOO_LARGE),
        ({"cipher_bytes": 5}, ProtocolErrorCode.MALFORMED),
        ({"media_type": ""}, ProtocolErrorCode.MALFORMED),
        ({"media_type": "x" * 128}, ProtocolErrorCode.MALFORMED),
    ],
)
def test_headers_that_nobody_would_take_are_not_signed(
    change: dict[str, Any], code: ProtocolErrorCode
) -> None:
    assert refusal(lambda: sign_blob(BLOB._replace(**change), samples.STATION_KEY)) is code


def test_a_suite_that_is_not_known_is_refused() -> None:
    message = sign_blob(BLOB._replace(sealed_for=SealedFor(2, b"k" * 8)), samples.STATION_KEY)
    code = refusal(lambda: verify_blob(message, samples.find_key))
    assert code is ProtocolErrorCode.UNSUPPORTED


def test_a_large_attachment_is_refused_before_sealing() -> None:
    recipient = samples.CITY_ENCRYPTION_KEY.public_key()
    code = refusal(lambda: seal_blob(bytes(MAXIMUM_BLOB_BYTES + 1), recipient))
    assert code is ProtocolErrorCode.TOO_LARGE


def test_a_receipt_for_an_attachment_is_read_back() -> None:
    receipt = BlobReceipt(samples.CITY_ID, SEALED.digest, 1_795_392_100_000)
    message = sign_blob_receipt(receipt, samples.CITY_KEY)
    assert verify_blob_receipt(message, samples.find_key) == receipt


FRONTIER: Final = merkle.extend(merkle.EMPTY_FRONTIER, 0, [bytes([at]) * 32 for at in range(5)])
POLICY: Final = Policy(60, 900, 1 << 20, 5_000_000, (1200, 360))
EXTRAS: Final[dict[str, Any]] = {
    "feeds": (FeedState(b"f" * 16, 1, 9, b"r" * 32, 5, FRONTIER),),
    "policy": POLICY,
    "sealed_token": b"sealed",
    "keyset_version": 3,
    "wanted": (b"w" * 32,),
    "notices": (Notice("missing_tail", samples.LID),),
}


@given(st.sets(st.sampled_from(sorted(EXTRAS))))
def test_a_welcome_may_have_any_of_its_optional_parts(names: set[str]) -> None:
    welcome = WELCOME._replace(**{name: EXTRAS[name] for name in names})
    message = sign_welcome(welcome, samples.CITY_KEY)
    assert verify_welcome(message, samples.find_key, samples.NONCE) == welcome


def test_a_hello_may_speak_of_feeds_and_numbers() -> None:
    hello = HELLO._replace(feeds=(FeedHead(b"f" * 16, 3, b"r" * 32),), stats={"queue": 3, 100: 0})
    message = sign_hello(hello, samples.STATION_KEY)
    assert verify_hello(message, samples.find_key).hello == hello


@pytest.mark.parametrize(
    "change",
    [
        {"feeds": (EXTRAS["feeds"][0]._replace(start=4),)},
        {"feeds": (EXTRAS["feeds"][0]._replace(size=4),)},
        {"policy": POLICY._replace(hello_interval_s=0)},
        {"policy": POLICY._replace(maximum_batch_bytes=0)},
        {"policy": POLICY._replace(blob_minutes=(0, 1441))},
        {"wanted": (b"short",)},
        {"notices": (Notice("x", b"short"),)},
    ],
)
def test_each_bad_part_is_refused(change: dict[str, Any]) -> None:
    message = sign_welcome(WELCOME._replace(**change), samples.CITY_KEY)
    with pytest.raises(ProtocolError) as caught:
        verify_welcome(message, samples.find_key, samples.NONCE)
    assert caught.value.code is ProtocolErrorCode.MALFORMED


def test_parts_have_a_largest_number() -> None:
    for change in (
        {"feeds": EXTRAS["feeds"] * (MAXIMUM_FEEDS + 1)},
        {"wanted": EXTRAS["wanted"] * 201},
        {"notices": EXTRAS["notices"] * 201},
    ):
        with pytest.raises(ProtocolError) as caught:
            sign_welcome(WELCOME._replace(**change), samples.CITY_KEY)
        assert caught.value.code is ProtocolErrorCode.TOO_LARGE


def test_a_token_is_for_one_station_and_one_session() -> None:
    token = bytes(range(32))
    sealed = seal_token(token, samples.STATION_ENCRYPTION_KEY.public_key(), samples.NONCE)
    assert open_token(sealed, samples.STATION_ENCRYPTION_KEY, samples.NONCE) == token
    for key, nonce in (
        (samples.CITY_ENCRYPTION_KEY, samples.NONCE),
        (samples.STATION_ENCRYPTION_KEY, b"n" * 16),
    ):
        with pytest.raises(ProtocolError):
            open_token(sealed, key, nonce)
    short = refusal(lambda: seal_token(b"short", samples.CITY_ENCRYPTION_KEY.public_key(), b""))
    assert short is ProtocolErrorCode.MALFORMED


def test_a_token_is_shown_in_a_header() -> None:
    token = bytes(range(32))
    assert read_bearer(bearer(token)) == token
    for header in ("", "Basic 00", "Bearer zz", "Bearer " + "00" * 65):
        assert read_bearer(header) is None

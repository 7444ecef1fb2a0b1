"""HELLO, WELCOME, receipts and enrolment: what is signed is read back, and nothing else is."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import (
    LABEL_CERTIFICATE,
    LABEL_ENROLMENT,
    LABEL_HELLO,
    LABEL_RECEIPT,
    LABEL_REQUEST,
    LABEL_WELCOME,
    key_id,
    sign,
    unverified_payload,
)
from sync.protocol.enrolment import (
    Enrolment,
    SignedKeyset,
    StationCertificate,
    StationRequest,
    fingerprint,
    sign_certificate,
    sign_enrolment,
    sign_request,
    verify_certificate,
    verify_enrolment,
    verify_request,
)
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import (
    Hello,
    LogHead,
    LogState,
    Welcome,
    sign_hello,
    sign_welcome,
    verify_hello,
    verify_welcome,
)
from sync.protocol.keyset import sign_keyset
from sync.protocol.limits import (
    MAXIMUM_CONTROL_BYTES,
    MAXIMUM_HELLO_LOGS,
    MAXIMUM_RECEIPT_STATUSES,
    MAXIMUM_TEXT_BYTES,
)
from sync.protocol.receipt import (
    BatchReference,
    Receipt,
    RecordStatus,
    sign_receipt,
    verify_receipt,
)
from tests.protocol import samples

ROOT: Final = samples.root_of_records(samples.a_log(3))
HELLO: Final = Hello(
    samples.NODE_ID,
    samples.STATION,
    samples.NONCE,
    (LogHead(samples.LID, 3, ROOT),),
    samples.SEALED_AT,
)
WELCOME: Final = Welcome(
    samples.CITY_ID,
    samples.GENERATION,
    samples.NONCE,
    1_795_392_100_000,
    (LogState(samples.LID, 3, 1, ROOT, 2, ((1, RecordStatus.REJECTED),)),),
    12,
)
RECEIPT: Final = Receipt(
    samples.CITY_ID,
    samples.GENERATION,
    samples.LID,
    3,
    ROOT,
    archived=1,
    applied=2,
    city_time_ms=1_795_392_100_000,
    batch=BatchReference(first=0, count=3, body_digest=b"d" * 32),
    statuses=((1, RecordStatus.REJECTED),),
    receipt_number=13,
    nonce=samples.NONCE,
)
REQUEST: Final = StationRequest(
    samples.NODE_ID,
    samples.STATION,
    samples.STATION_KEY.public_key().public_bytes_raw(),
    samples.STATION_ENCRYPTION_KEY.public_key().public_bytes_raw(),
    samples.HARDWARE_ID,
    "edge-node 0.1.0",
)
CERTIFICATE: Final = StationCertificate(samples.CITY_ID, *REQUEST[:5], 7, None)
KEYSET: Final = SignedKeyset(sign_keyset(samples.KEYSET, samples.ROOT_KEYS[:2]), samples.KEYSET)
ENROLMENT: Final = Enrolment(
    samples.CITY_ID,
    "Thành phố Mẫu",
    "https://sync.example.vn",
    "-----BEGIN CERTIFICATE-----\n",
    KEYSET,
    sign_certificate(CERTIFICATE, samples.CA_KEY),
    (1,),
)


class Message(NamedTuple):
    """One kind of message: an example, its bytes, its reader and its label."""

    value: object
    data: bytes
    read: Callable[[bytes], object]
    label: str


MESSAGES: Final = {
    "hello": Message(
        HELLO,
        sign_hello(HELLO, samples.STATION_KEY),
        lambda data: verify_hello(data, samples.find_key).hello,
        LABEL_HELLO,
    ),
    "welcome": Message(
        WELCOME,
        sign_welcome(WELCOME, samples.CITY_KEY),
        lambda data: verify_welcome(data, samples.find_key, samples.NONCE),
        LABEL_WELCOME,
    ),
    "receipt": Message(
        RECEIPT,
        sign_receipt(RECEIPT, samples.CITY_KEY),
        lambda data: verify_receipt(data, samples.find_key),
        LABEL_RECEIPT,
    ),
    "request": Message(
        REQUEST, sign_request(REQUEST, samples.STATION_KEY), verify_request, LABEL_REQUEST
    ),
    "certificate": Message(
        CERTIFICATE,
        sign_certificate(CERTIFICATE, samples.CA_KEY),
        lambda data: verify_certificate(data, samples.find_key),
        LABEL_CERTIFICATE,
    ),
    "enrolment": Message(
        ENROLMENT, sign_enrolment(ENROLMENT, samples.CITY_KEY), verify_enrolment, LABEL_ENROLMENT
    ),
}
NAMES: Final = sorted(MESSAGES)
SIGNERS: Final = {
    "hello": samples.STATION_KEY,
    "request": samples.STATION_KEY,
    "certificate": samples.CA_KEY,
}


def refusal(act: Callable[[], object]) -> ProtocolErrorCode:
    with pytest.raises(ProtocolError) as caught:
        act()
    return caught.value.code


def changed(name: str, change: dict[int | str, Any]) -> bytes:
    """The example with other fields and a good signature over them."""
    message = MESSAGES[name]
    fields = decode(unverified_payload(message.data))
    assert isinstance(fields, dict)
    merged: dict[int | str, Value] = {**fields, **change}
    key = SIGNERS.get(name, samples.CITY_KEY)
    kept: dict[int | str, Value] = {k: v for k, v in merged.items() if v != "absent"}
    return sign(key, message.label, encode(kept))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_signed_is_read_back(name: str) -> None:
    message = MESSAGES[name]
    assert message.read(message.data) == message.value


@pytest.mark.parametrize("name", NAMES)
def test_labels_keep_messages_apart(name: str) -> None:
    for other in NAMES:
        if other != name:
            with pytest.raises(ProtocolError):
                MESSAGES[other].read(MESSAGES[name].data)


@pytest.mark.parametrize("name", NAMES)
def test_control_maps_follow_the_rules(name: str) -> None:
    read = MESSAGES[name].read
    assert read(changed(name, {})) == MESSAGES[name].value
    assert read(changed(name, {100: "later"})) == MESSAGES[name].value
    assert refusal(lambda: read(changed(name, {99: 0}))) is ProtocolErrorCode.UNSUPPORTED
    assert refusal(lambda: read(changed(name, {1: 2}))) is ProtocolErrorCode.UNSUPPORTED
    assert refusal(lambda: read(changed(name, {2: "absent"}))) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: read(changed(name, {2: 5}))) is ProtocolErrorCode.MALFORMED
    too_large: dict[int | str, Any] = {100: bytes(MAXIMUM_CONTROL_BYTES)}
    assert refusal(lambda: read(changed(name, too_large))) is ProtocolErrorCode.TOO_LARGE


@given(st.sampled_from(NAMES), st.data())
def test_no_byte_of_a_message_may_change(name: str, data: st.DataObject) -> None:
    message = bytearray(MESSAGES[name].data)
    message[data.draw(st.integers(0, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProtocolError):
        MESSAGES[name].read(bytes(message))


@given(st.sampled_from(NAMES), st.binary(max_size=100))
def test_any_bytes_are_refused(name: str, data: bytes) -> None:
    with pytest.raises(ProtocolError):
        MESSAGES[name].read(data)


simple = st.integers(-5, 5) | st.none() | st.binary(max_size=3) | st.text(max_size=3)
strange = simple | st.lists(simple | st.lists(simple, max_size=6), max_size=6)


@given(st.sampled_from(NAMES), st.integers(1, 15), strange)
def test_a_signer_of_rubbish_is_refused_or_read(name: str, key: int, value: Any) -> None:
    try:
        MESSAGES[name].read(changed(name, {key: value}))
    except ProtocolError:
        return


STATE: Final = [samples.LID, 3, 1, ROOT, 2, []]
BAD_FIELDS: list[tuple[str, dict[int | str, Any], ProtocolErrorCode]] = [
    ("hello", {5: [2]}, ProtocolErrorCode.UNSUPPORTED),
    ("hello", {5: [1] * 17}, ProtocolErrorCode.MALFORMED),
    ("hello", {7: [[samples.LID, 3]]}, ProtocolErrorCode.MALFORMED),
    ("hello", {7: {}}, ProtocolErrorCode.MALFORMED),
    ("hello", {9: [samples.BOOT_ID, 1, 2, 9]}, ProtocolErrorCode.MALFORMED),
    ("welcome", {4: b"n" * 16}, ProtocolErrorCode.NONCE_MISMATCH),
    ("welcome", {13: 2}, ProtocolErrorCode.UNSUPPORTED),
    ("welcome", {6: [STATE[:5]]}, ProtocolErrorCode.MALFORMED),
    ("welcome", {6: [[samples.LID, 3, 4, ROOT, 2, []]]}, ProtocolErrorCode.MALFORMED),
    ("welcome", {6: [[samples.LID, 3, 1, ROOT, 4, []]]}, ProtocolErrorCode.MALFORMED),
    ("welcome", {6: [[*STATE[:5], [[1]]]]}, ProtocolErrorCode.MALFORMED),
    ("receipt", {7: 4}, ProtocolErrorCode.MALFORMED),
    ("receipt", {15: 4}, ProtocolErrorCode.MALFORMED),
    ("receipt", {9: [0, 3]}, ProtocolErrorCode.MALFORMED),
    ("receipt", {10: [[0, -1]]}, ProtocolErrorCode.MALFORMED),
    ("receipt", {14: b"short"}, ProtocolErrorCode.MALFORMED),
    ("request", {7: 5}, ProtocolErrorCode.MALFORMED),
    ("request", {7: "x" * (MAXIMUM_TEXT_BYTES + 1)}, ProtocolErrorCode.MALFORMED),
    ("request", {8: b"short"}, ProtocolErrorCode.MALFORMED),
    ("request", {9: b"short"}, ProtocolErrorCode.MALFORMED),
    ("enrolment", {6: []}, ProtocolErrorCode.MALFORMED),
    ("enrolment", {6: b"\x80"}, ProtocolErrorCode.MALFORMED),
    ("enrolment", {7: []}, ProtocolErrorCode.UNSUPPORTED),
    ("enrolment", {11: b"short"}, ProtocolErrorCode.MALFORMED),
    ("enrolment", {8: "text"}, ProtocolErrorCode.MALFORMED),
    ("enrolment", {8: b"\xd2\x84"}, ProtocolErrorCode.MALFORMED),
]


@pytest.mark.parametrize(("name", "change", "code"), BAD_FIELDS)
def test_each_bad_field_has_its_code(
    name: str, change: dict[int | str, Any], code: ProtocolErrorCode
) -> None:
    assert refusal(lambda: MESSAGES[name].read(changed(name, change))) is code


def test_a_payload_is_a_map_with_integer_keys() -> None:
    for payload in ([1], {"1": 1}):
        data = sign(samples.STATION_KEY, LABEL_HELLO, encode(payload))  # type: ignore[arg-type]  # both forms of a wrong payload
        assert refusal(lambda: MESSAGES["hello"].read(data)) is ProtocolErrorCode.MALFORMED  # noqa: B023  called at once


def test_optional_fields_may_be_null() -> None:
    bare = RECEIPT._replace(batch=None, nonce=None, statuses=())
    data = sign_receipt(bare, samples.CITY_KEY)
    assert verify_receipt(data, samples.find_key) == bare
    dated = CERTIFICATE._replace(not_after_ms=1_900_000_000_000)
    data = sign_certificate(dated, samples.CA_KEY)
    assert verify_certificate(data, samples.find_key) == dated


def test_the_hello_names_its_signer() -> None:
    verified = verify_hello(MESSAGES["hello"].data, samples.find_key)
    assert verified.kid == key_id(samples.STATION_KEY.public_key())


def test_a_status_of_a_newer_city_is_kept() -> None:
    newer = RECEIPT._replace(statuses=((2, 99),))
    assert verify_receipt(sign_receipt(newer, samples.CITY_KEY), samples.find_key) == newer


def test_messages_have_a_largest_size() -> None:
    many_logs = HELLO._replace(logs=HELLO.logs * (MAXIMUM_HELLO_LOGS + 1))
    states = WELCOME._replace(logs=WELCOME.logs * (MAXIMUM_HELLO_LOGS + 1))
    huge = "x" * MAXIMUM_CONTROL_BYTES
    many_statuses = RECEIPT._replace(statuses=((0, 1),) * (MAXIMUM_RECEIPT_STATUSES + 1))
    for act in (
        lambda: sign_hello(many_logs, samples.STATION_KEY),
        lambda: sign_welcome(states, samples.CITY_KEY),
        lambda: sign_receipt(many_statuses, samples.CITY_KEY),
        lambda: sign_request(REQUEST._replace(software=huge), samples.STATION_KEY),
    ):
        assert refusal(act) is ProtocolErrorCode.TOO_LARGE


def test_the_largest_messages_are_accepted() -> None:
    hello = HELLO._replace(logs=HELLO.logs * MAXIMUM_HELLO_LOGS)
    data = sign_hello(hello, samples.STATION_KEY)
    assert verify_hello(data, samples.find_key).hello == hello
    statuses = tuple((2**40 + number, 4) for number in range(MAXIMUM_RECEIPT_STATUSES))
    receipt_ = RECEIPT._replace(statuses=statuses)
    data = sign_receipt(receipt_, samples.CITY_KEY)
    assert verify_receipt(data, samples.find_key) == receipt_


def test_a_request_proves_the_key_that_it_names() -> None:
    assert refusal(lambda: sign_request(REQUEST, samples.CITY_KEY)) is ProtocolErrorCode.MALFORMED
    payload = unverified_payload(MESSAGES["request"].data)
    stolen = sign(samples.STRANGER_KEY, LABEL_REQUEST, payload)
    assert refusal(lambda: verify_request(stolen)) is ProtocolErrorCode.UNKNOWN_KEY


def test_an_enrolment_is_consistent_in_itself() -> None:
    stranger = samples.STRANGER_KEY
    assert refusal(lambda: sign_enrolment(ENROLMENT, stranger)) is ProtocolErrorCode.MALFORMED
    elsewhere = sign_certificate(CERTIFICATE._replace(city_id=b"ELSEWHER"), samples.CA_KEY)
    foreign = sign_enrolment(ENROLMENT._replace(certificate=elsewhere), samples.CITY_KEY)
    assert refusal(lambda: verify_enrolment(foreign)) is ProtocolErrorCode.CITY_MISMATCH
    forged = ENROLMENT._replace(certificate=sign_certificate(CERTIFICATE, stranger))
    data = sign_enrolment(forged, samples.CITY_KEY)
    assert refusal(lambda: verify_enrolment(data)) is ProtocolErrorCode.UNKNOWN_KEY


def test_fingerprints_can_be_read_aloud_and_differ() -> None:
    spoken = fingerprint(MESSAGES["request"].data)
    assert [len(group) for group in spoken.split(" ")] == [5] * 6
    assert spoken.replace(" ", "").isdigit()
    assert spoken != fingerprint(MESSAGES["request"].data + b"\x00")

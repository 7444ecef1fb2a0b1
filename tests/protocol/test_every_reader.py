"""What holds for every reader, whatever it reads: changed bytes are refused, never by an accident.

The good vectors are the examples. A reader may answer with a value or with one of the codes of
SPEC.md; any other exception is a fault of the reader.
"""

from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.conformance.call import Call, read_keys
from sync.conformance.plain import Json
from sync.conformance.reading import READERS
from sync.conformance.runner import load_vectors
from sync.protocol.canonical import decode, encode
from sync.protocol.cose import sign, split_first, unverified_payload
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES

VECTORS: Final = load_vectors(Path(__file__).resolve().parents[2] / "sync" / "vectors")
KEYS: Final = read_keys(next(vector for vector in VECTORS if vector["name"] == "keys"))
GOOD: Final = {
    vector["name"]: vector
    for vector in VECTORS
    if vector["expect"] == "accepted" and "bytes" in vector
}
OPEN: Final = {
    *("item", "record", "evidence", "entry", "event"),
    *("code-scanned", "code-typed", "slip-text"),
}
"""What carries no signature and no seal: other bytes may be another good value."""
PASSED_OVER: Final = {"keyset-stranger"}
"""Holds a signature that no reader looks at."""
CLOSED: Final = sorted(
    name for name, vector in GOOD.items() if vector["reads"] not in OPEN and name not in PASSED_OVER
)
LABELS: Final = {
    "hello": "wes1/hello",
    "welcome-full": "wes1/welcome",
    "receipt": "wes1/receipt",
    "custody": "wes1/custody",
    "request": "wes1/request",
    "certificate": "wes1/cert",
    "enrolment": "wes1/enrol",
    "rekey": "wes1/rekey",
    "revocation": "wes1/revocation",
    "blob": "wes1/blob",
    "blob-receipt": "wes1/blob-receipt",
}
"""Control messages with one signature → their label."""


def read(name: str, data: bytes) -> Json:
    vector = GOOD[name]
    return READERS[vector["reads"]](Call(data, vector.get("given", {}), KEYS))


def outcome(name: str, data: bytes) -> ProtocolErrorCode | None:
    try:
        read(name, data)
    except ProtocolError as error:
        return error.code
    return None


def with_members(name: str, change: dict[int | str, Any]) -> bytes:
    """The example with other members and a good signature over them."""
    data = bytes.fromhex(GOOD[name]["bytes"])
    fields = decode(unverified_payload(data))
    assert isinstance(fields, dict)
    (signer,) = GOOD[name]["signers"]
    return sign(KEYS.signing[signer], LABELS[name], encode({**fields, **change}))


@given(st.sampled_from(CLOSED), st.data())
def test_no_byte_of_what_is_signed_or_sealed_may_change(name: str, data: st.DataObject) -> None:
    message = bytearray.fromhex(GOOD[name]["bytes"])
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] ^= data.draw(st.integers(1, 255))
    assert outcome(name, bytes(message)) is not None


# A cut text of a slip is the text of fewer bytes; it is the signature inside that refuses those.
WHOLE: Final = sorted(name for name, vector in GOOD.items() if vector["reads"] != "slip-text")


@given(st.sampled_from(WHOLE), st.data())
def test_a_cut_or_longer_message_is_refused(name: str, data: st.DataObject) -> None:
    message = bytes.fromhex(GOOD[name]["bytes"])
    end = data.draw(st.integers(0, len(message) - 1))
    assert outcome(name, message[:end]) is not None
    if GOOD[name]["reads"] not in {"code-scanned", "code-typed"}:
        assert outcome(name, message + data.draw(st.binary(min_size=1, max_size=9))) is not None


@given(st.sampled_from(sorted(GOOD)), st.binary(max_size=200))
def test_any_bytes_meet_a_code_or_a_value(name: str, data: bytes) -> None:
    outcome(name, data)


simple = st.integers(-5, 5) | st.none() | st.binary(max_size=33) | st.text(max_size=3)
strange = simple | st.lists(simple | st.lists(simple, max_size=6), max_size=6)


@given(st.sampled_from(sorted(LABELS)), st.integers(1, 15), strange)
def test_a_signer_of_rubbish_meets_a_code_or_a_value(name: str, key: int, value: Any) -> None:
    outcome(name, with_members(name, {key: value}))


@pytest.mark.parametrize("name", sorted(LABELS))
def test_control_maps_follow_the_rules(name: str) -> None:
    assert outcome(name, with_members(name, {})) is None
    assert outcome(name, with_members(name, {100: "later"})) is None
    assert outcome(name, with_members(name, {99: 0})) is ProtocolErrorCode.UNSUPPORTED
    assert outcome(name, with_members(name, {1: 2})) is ProtocolErrorCode.UNSUPPORTED
    assert outcome(name, with_members(name, {2: 5})) is ProtocolErrorCode.MALFORMED
    too_large = with_members(name, {100: bytes(MAXIMUM_CONTROL_BYTES)})
    assert outcome(name, too_large) is ProtocolErrorCode.TOO_LARGE


@pytest.mark.parametrize("name", sorted(LABELS))
def test_no_message_passes_as_another_kind(name: str) -> None:
    data = bytes.fromhex(GOOD[name]["bytes"])
    for other in LABELS:
        if GOOD[other]["reads"] != GOOD[name]["reads"]:
            assert outcome(other, data) is not None, other


@pytest.mark.parametrize("name", ["batch-sealed", "feed-station", "return"])
def test_the_three_forms_of_a_batch_are_kept_apart(name: str) -> None:
    data = bytes.fromhex(GOOD[name]["bytes"])
    envelope, body = split_first(data)
    assert outcome(name, envelope + body) is None
    for other in {"batch-sealed", "feed-station", "return"} - {name}:
        assert outcome(other, data) is ProtocolErrorCode.BAD_SIGNATURE

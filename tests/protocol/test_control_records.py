"""The protocol's own records: what they say is read back, and their ids follow from it."""

import pytest

from sync.protocol.canonical import encode
from sync.protocol.control_records import (
    Alert,
    ControlBody,
    FeedAcknowledgement,
    KeyRotation,
    TimeAnchor,
    control_record,
    event_id,
    parse_control_record,
)
from sync.protocol.errors import ProtocolErrorCode
from sync.protocol.record import Kind, decode_record, encode_record
from tests.protocol import samples
from tests.protocol.test_messages import refusal

ANCHOR = TimeAnchor(1_795_392_100_000, samples.NONCE, samples.BOOT_ID, 5_000, 5_060)
CONTENTS: list[tuple[ControlBody, Kind]] = [
    (ANCHOR, Kind.TIME_ANCHOR),
    (FeedAcknowledgement(b"f" * 16, 3, b"r" * 32), Kind.FEED_ACK),
    (KeyRotation(b"k" * 8, 2), Kind.KEY_ROTATION),
    (Alert("fork", samples.LID, 3, 4), Kind.ALERT),
    (Alert("clock", None, 0, 0), Kind.ALERT),
]


@pytest.mark.parametrize(("content", "kind"), CONTENTS)
def test_what_is_written_is_read_back(content: ControlBody, kind: Kind) -> None:
    record = decode_record(encode_record(control_record(content, 7, samples.TIME)))
    assert (record.kind, record.sequence, record.subject, record.version) == (kind, 7, None, 0)
    assert parse_control_record(record) == content
    again = control_record(content, 8, samples.TIME)
    assert again.eid == record.eid


def test_ids_differ_with_content_and_kind() -> None:
    eids = {control_record(content, 1, samples.TIME).eid for content, _ in CONTENTS}
    assert len(eids) == len(CONTENTS)
    body = encode({1: b"k" * 8, 2: 2})
    assert event_id(Kind.KEY_ROTATION, body) != event_id(Kind.ALERT, body)


@pytest.mark.parametrize(
    "change",
    [{"kind": 4}, {"kind": 16}, {"content_type": 0}, {"eid": b"e" * 16}, {"body": b"\xa0"}],
)
def test_another_record_is_none_of_them(change: dict[str, object]) -> None:
    record = control_record(ANCHOR, 1, samples.TIME)._replace(**change)  # type: ignore[arg-type]  # a table of changes
    assert refusal(lambda: parse_control_record(record)) is ProtocolErrorCode.MALFORMED


def test_fields_are_checked() -> None:
    backwards = ANCHOR._replace(mono_received_ms=1)
    record = control_record(backwards, 1, samples.TIME)
    assert refusal(lambda: parse_control_record(record)) is ProtocolErrorCode.MALFORMED
    body = encode({1: b"k" * 8, 2: 2, 3: 3})
    eid = event_id(Kind.KEY_ROTATION, body)
    newer = control_record(KeyRotation(b"k" * 8, 2), 1, samples.TIME)._replace(body=body, eid=eid)
    assert refusal(lambda: parse_control_record(newer)) is ProtocolErrorCode.UNSUPPORTED

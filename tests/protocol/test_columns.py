"""Columns give back every entry byte by byte, and refuse what would grow or does not fit."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.dictionary import CURRENT_DICTIONARY
from sync.protocol.columns import TAKEN, read_columns, to_columns
from sync.protocol.compression import compress
from sync.protocol.entries import Entry, read_entries, withheld
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.heads import BYTES, head, read_bytes
from sync.protocol.limits import MAXIMUM_COLUMNS_OVERHEAD_BYTES, MAXIMUM_INTEGER, MAXIMUM_STRINGS
from sync.protocol.record import Record, RecordTime, encode_record
from tests.contracts.dictionary_train import sample_records

SUBJECT: Final = bytes(range(16))
HEXADECIMAL: Final = st.text("0123456789abcdef", min_size=8, max_size=260)

numbers = st.one_of(st.integers(0, 300), st.integers(0, MAXIMUM_INTEGER))
members = st.one_of(
    st.just(SUBJECT.hex()), HEXADECIMAL, st.text(max_size=8).map(lambda text: text.replace('"', ""))
)
texts = st.lists(members, max_size=5).map(
    lambda said: "{" + ",".join(f'"m":"{one}"' for one in said) + "}"
)
bodies = st.one_of(texts.map(str.encode), st.binary(max_size=20), st.just(b"\xfe\xff"))


@st.composite
def logs(draw: st.DrawFn) -> tuple[int, list[bytes]]:
    """Entries of one log, from some sequence on."""
    first = draw(st.integers(0, 1 << 40))
    entries = []
    for sequence in range(first, first + draw(st.integers(1, 6))):
        if draw(st.integers(0, 9)) == 0:
            entries.append(withheld(sequence, draw(st.binary(min_size=32, max_size=32))))
            continue
        record = Record(
            sequence=sequence,
            kind=draw(numbers),
            eid=draw(st.binary(min_size=16, max_size=16)),
            subject=draw(st.sampled_from([SUBJECT, bytes(16), None])),
            version=draw(numbers),
            time=RecordTime(
                draw(numbers), draw(st.one_of(st.none(), numbers)), draw(st.integers(0, 3))
            ),
            content_type=draw(st.sampled_from([0, 0, 0, 1, 9])),
            body=draw(bodies),
            ext={7: 1} if draw(st.integers(0, 5)) == 0 else None,
        )
        entries.append(encode_record(record))
    return first, entries


def read(columns: bytes, first: int, entries: list[bytes]) -> list[Entry]:
    return read_columns(columns, first, len(entries), sum(map(len, entries)))


@given(logs())
def test_every_entry_comes_back(log: tuple[int, list[bytes]]) -> None:
    first, entries = log
    columns = to_columns(entries, first)
    assert read(columns, first, entries) == read_entries(b"".join(entries), first, len(entries))
    overhead_bytes = len(columns) - sum(map(len, entries))
    assert overhead_bytes <= MAXIMUM_COLUMNS_OVERHEAD_BYTES * (len(entries) + 1)


@given(logs(), st.integers(0, 1 << 20), st.binary(min_size=1, max_size=2))
def test_a_changed_byte_is_refused_or_gives_entries_of_the_same_length(
    log: tuple[int, list[bytes]], place: int, change: bytes
) -> None:
    first, entries = log
    columns = bytearray(to_columns(entries, first))
    at = place % len(columns)
    columns[at : at + len(change)] = change
    try:
        found = read(bytes(columns), first, entries)
    except ProtocolError:
        return
    assert sum(len(entry.raw) for entry in found) == sum(map(len, entries))
    assert [read_entries(entry.raw, first + at, 1)[0] for at, entry in enumerate(found)] == found


def test_ids_and_digits_do_not_stand_in_the_texts() -> None:
    said = f'{{"dossier_id":"{SUBJECT.hex()}","id_number":"097184000001","odd":"01234567890"}}'
    record = Record(0, 16, bytes(16), SUBJECT, 1, RecordTime(1, 2, 3), 0, said.encode())
    _, _, lengths, texts, digits, ids = sections(to_columns([encode_record(record)], 0))
    assert texts == b'{"dossier_id":\xfe,"id_number":"\xff","odd":"\xff"}'
    assert (lengths, digits.hex()) == (bytes([12, 11]), "012345678900" + "097184000001")
    assert ids == bytes(16) + SUBJECT


def test_columns_compress_better_than_what_they_stand_for() -> None:
    records = sample_records(seed=2, dossiers=50)
    rows, columns = (
        len(compress(data, CURRENT_DICTIONARY.content))
        for data in (b"".join(records), to_columns(records, 0))
    )
    assert columns < 0.95 * rows


def test_only_so_many_strings_are_taken_out() -> None:
    body = b"{%b}" % b",".join([b'"m":"0123456789"'] * (MAXIMUM_STRINGS + 3))
    record = encode_record(Record(0, 16, bytes(16), None, 1, RecordTime(1, 2, 3), 0, body))
    assert len(sections(to_columns([record], 0))[2]) == MAXIMUM_STRINGS
    assert read(to_columns([record], 0), 0, [record])[0].raw == record


@pytest.mark.parametrize("body", [b"\xff", b"\xfe", b'{"a":"\xff"}'])
def test_bytes_that_mean_something_in_texts_travel_elsewhere(body: bytes) -> None:
    record = encode_record(Record(0, 16, bytes(16), SUBJECT, 1, RecordTime(1, 2, 3), 0, body))
    columns = to_columns([record], 0)
    assert sections(columns)[0] == record
    assert read(columns, 0, [record])[0].raw == record


def test_nothing_is_put_back_beyond_the_plaintext() -> None:
    promised = 300
    parts = (b"", bytes(48), b"\xff" * 3, TAKEN * 3, bytes(3 * 128), bytes(32))
    columns = b"".join(head(BYTES, len(part)) + part for part in parts)
    with pytest.raises(ProtocolError, match="longer than the plaintext") as caught:
        read_columns(columns, 0, 1, promised)
    assert caught.value.code is ProtocolErrorCode.MALFORMED


def sections(columns: bytes) -> list[bytes]:
    found, offset = [], 0
    while offset < len(columns):
        section, offset = read_bytes(columns, offset)
        found.append(section)
    return found

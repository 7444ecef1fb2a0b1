"""Feeds and own records back: the city's batches, and that nobody takes one for another's."""

from typing import Final

import pytest

from sync.dictionary import CURRENT_DICTIONARY, DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import BatchInput, build_batch, open_batch, parse_batch
from sync.protocol.cose import LABEL_FEED, LABEL_RETURN
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    FeedIdentity,
    FeedInput,
    FeedKind,
    Reader,
    build_feed_batch,
    city_node_id,
    feed_id,
    open_feed_batch,
    parse_feed_batch,
)
from sync.protocol.record import LogIdentity, Record, encode_record, log_id
from sync.protocol.returned import build_return, open_return, parse_return
from tests.protocol import samples
from tests.protocol.test_messages import refusal

OWN: Final = FeedIdentity(samples.CITY_ID, 3, b"feednonc", Feed.STATION, samples.STATION)
PUBLIC: Final = FeedIdentity(samples.CITY_ID, 1, b"feednonc", Feed.CATALOGUE, EVERY_STATION)
READER: Final = Reader(samples.CITY_ID, samples.STATION, samples.find_key)
RECIPIENT: Final = samples.STATION_ENCRYPTION_KEY.public_key()
ENTRIES: Final = [
    encode_record(
        Record(at, FeedKind.DECISION, bytes([at]) * 16, None, 0, samples.TIME, 0, b'{"type":"x"}')
    )
    for at in range(3)
]


def feed_input(identity: FeedIdentity = OWN, first: int = 0) -> FeedInput:
    roots = [samples.root_of_records(ENTRIES[:size]) for size in (first, 3)]
    return FeedInput(identity, first, roots[0], roots[1], ENTRIES[first:], samples.SEALED_AT)


def own_feed(first: int = 0) -> bytes:
    return build_feed_batch(
        feed_input(first=first),
        feed_key=samples.FEED_KEY,
        recipient=RECIPIENT,
        dictionary=CURRENT_DICTIONARY,
    )


def public_feed() -> bytes:
    return build_feed_batch(
        feed_input(PUBLIC), feed_key=samples.FEED_KEY, recipient=None, dictionary=None
    )


@pytest.mark.parametrize("first", [0, 2])
def test_a_stations_feed_is_read_back(first: int) -> None:
    signed = parse_feed_batch(own_feed(first), READER)
    assert signed.header.lid == feed_id(OWN)
    assert signed.header.node_id == city_node_id(samples.CITY_ID)
    entries = open_feed_batch(
        signed, find_encryption_key=samples.find_station_key, find_dictionary=DICTIONARIES.get
    )
    assert [entry.raw for entry in entries] == ENTRIES[first:]
    assert merkle.root_of(merkle.leaf_hash(raw) for raw in ENTRIES) == signed.header.root


def test_a_public_feed_needs_no_key() -> None:
    signed = parse_feed_batch(public_feed(), READER._replace(station=1))
    entries = open_feed_batch(
        signed, find_encryption_key=lambda _: None, find_dictionary=DICTIONARIES.get
    )
    assert [entry.raw for entry in entries] == ENTRIES


def test_a_feed_is_either_public_or_sealed() -> None:
    def build(identity: FeedIdentity, *, sealed: bool) -> bytes:
        return build_feed_batch(
            feed_input(identity),
            feed_key=samples.FEED_KEY,
            recipient=RECIPIENT if sealed else None,
            dictionary=None,
        )

    assert refusal(lambda: build(OWN, sealed=False)) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: build(PUBLIC, sealed=True)) is ProtocolErrorCode.MALFORMED


def test_another_citys_or_stations_feed_is_refused() -> None:
    elsewhere = READER._replace(city_id=b"ELSEWHER")
    code = refusal(lambda: parse_feed_batch(own_feed(), elsewhere))
    assert code is ProtocolErrorCode.CITY_MISMATCH
    other = READER._replace(station=1)
    assert refusal(lambda: parse_feed_batch(own_feed(), other)) is ProtocolErrorCode.NODE_MISMATCH


def test_a_stations_feed_is_never_unsealed() -> None:
    signed = parse_feed_batch(public_feed(), READER)
    header = signed.header
    for_one = signed._replace(
        header=type(header)(
            **{name: getattr(header, name) for name in header.__slots__} | {"station": 26734}
        )
    )
    with pytest.raises(ProtocolError) as caught:
        open_feed_batch(
            for_one, find_encryption_key=lambda _: None, find_dictionary=DICTIONARIES.get
        )
    assert caught.value.code is ProtocolErrorCode.NOT_SEALED


def test_feed_ids_have_a_formula_of_their_own() -> None:
    as_log = LogIdentity(city_node_id(samples.CITY_ID), OWN.number, OWN.nonce, int(OWN.feed))
    assert feed_id(OWN) != log_id(as_log)
    assert feed_id(OWN) != feed_id(OWN._replace(feed=Feed.KEYS))
    forged = build_batch(
        BatchInput(
            LogIdentity(b"n" * 16, 0, b"feednonc", 16),
            None,
            0,
            0,
            merkle.EMPTY_ROOT,
            samples.root_of_records(ENTRIES),
            ENTRIES,
            samples.SEALED_AT,
        ),
        signing_key=samples.FEED_KEY,
        recipient=None,
        dictionary=None,
        form=samples.FEED_FORM_WITH_LOG_IDS,
    )
    assert refusal(lambda: parse_feed_batch(forged, READER)) is ProtocolErrorCode.CITY_MISMATCH


def a_return(first: int = 0) -> bytes:
    return build_return(
        samples.a_batch_input(samples.a_log(3), first),
        receipt_key=samples.CITY_KEY,
        recipient=RECIPIENT,
        dictionary=CURRENT_DICTIONARY,
    )


@pytest.mark.parametrize("first", [0, 1])
def test_own_records_come_back(first: int) -> None:
    signed = parse_return(a_return(first), samples.find_key, samples.NODE_ID)
    entries = open_return(
        signed, find_encryption_key=samples.find_station_key, find_dictionary=DICTIONARIES.get
    )
    assert [entry.raw for entry in entries] == samples.a_log(3)[first:]
    assert signed.header.lid == samples.LID


def test_records_of_another_station_are_refused() -> None:
    code = refusal(lambda: parse_return(a_return(), samples.find_key, b"n" * 16))
    assert code is ProtocolErrorCode.NODE_MISMATCH


def test_own_records_are_never_unsealed() -> None:
    unsealed = build_batch(
        samples.a_batch_input(samples.a_log(3)),
        signing_key=samples.CITY_KEY,
        recipient=None,
        dictionary=None,
        form=samples.RETURN_FORM,
    )
    signed = parse_return(unsealed, samples.find_key, samples.NODE_ID)
    with pytest.raises(ProtocolError) as caught:
        open_return(
            signed, find_encryption_key=samples.find_station_key, find_dictionary=DICTIONARIES.get
        )
    assert caught.value.code is ProtocolErrorCode.NOT_SEALED


def test_labels_keep_the_three_forms_apart() -> None:
    for read in (
        lambda: parse_batch(a_return(), samples.find_key),
        lambda: parse_feed_batch(a_return(), READER),
        lambda: parse_return(own_feed(), samples.find_key, city_node_id(samples.CITY_ID)),
        lambda: parse_return(samples.a_batch(), samples.find_key, samples.NODE_ID),
    ):
        assert refusal(read) is ProtocolErrorCode.BAD_SIGNATURE


def test_a_body_opens_under_its_own_label_only() -> None:
    signed = parse_return(a_return(), samples.find_key, samples.NODE_ID)
    assert signed.label == LABEL_RETURN
    moved = signed._replace(label=LABEL_FEED)
    with pytest.raises(ProtocolError) as caught:
        open_batch(
            moved, find_encryption_key=samples.find_station_key, find_dictionary=DICTIONARIES.get
        )
    assert caught.value.code is ProtocolErrorCode.CANNOT_OPEN

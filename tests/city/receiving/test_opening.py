"""What a stored batch holds: verdicts, commands, evidence, and where it cannot be read."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.city.archive.port import (
    Anchor,
    Boot,
    NoticeCode,
    Opening,
    OpeningWork,
    Replay,
    StoredBatch,
    Unreadable,
    Verdict,
    VerdictCode,
)
from sync.city.receiving.opening import (
    BodyKeys,
    command_digest,
    open_replay,
    open_work,
    read_stored,
    unpack,
)
from sync.city.vocabulary import MAXIMUM_FACT_CHARACTERS
from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.control_records import Alert, TimeAnchor
from sync.protocol.record import Record, RecordTime, content_digest
from tests.city.archive_bench import CITY_KEY, KEYS, lie
from tests.city.station import BOOT_ID, HARDWARE, SimulatedStation


def work_of(station: SimulatedStation, ends: Sequence[int], opened: int = 0) -> OpeningWork:
    """The station's log in batches with these ends, opened as far as said."""
    log = station.log
    batches = [
        StoredBatch(number, start, end, data, 1)
        for number, (start, end) in enumerate(zip([opened, *ends], ends, strict=False), start=7)
        for data in (station.batch(CITY_KEY.public_key(), start, end - start),)
    ]
    frontier = merkle.extend((), 0, log.leaves[:opened])
    return OpeningWork(5, station.node_id, station.code, log.lid, opened, frontier, batches)


def opened(work: OpeningWork, keys: BodyKeys) -> tuple[Opening | None, Unreadable | None]:
    result = open_work(work, keys)
    return result.opening, result.unreadable


@given(ends=st.sets(st.integers(1, 12)), before=st.integers(0, 5))
@settings(max_examples=20)
def test_any_cutting_gives_the_same_leaves_and_commands(ends: set[int], before: int) -> None:
    station = SimulatedStation()
    station.append_many(12)
    cuts = sorted({*(end for end in ends if end > before), 13})
    opening, unreadable = opened(work_of(station, cuts, before), KEYS)
    assert opening is not None
    assert unreadable is None
    assert (opening.before, opening.size) == (before, 13)
    assert b"".join(run for _, run in opening.leaves) == b"".join(station.log.leaves[before:])
    assert [number for number, _ in opening.leaves] == list(range(7, 7 + len(cuts)))
    assert merkle.root(opening.frontier) == station.log.root()
    assert [command.sequence for command in opening.commands] == list(range(max(1, before), 13))


def test_attachments_that_records_speak_of_are_named() -> None:
    station = SimulatedStation()
    dossier = station.append().subject
    station.append(20, subject=dossier, version=2, body=b'{"sha256":"%s"}' % (b"ab" * 32))
    station.append(20, subject=dossier, version=3, body=b'{"sha256":"short"}')
    result = open_work(work_of(station, [4]), KEYS)
    heard = result.heard
    assert (heard.node_id, list(heard.attachments)) == (station.node_id, [b"\xab" * 32])


def test_a_command_carries_what_the_register_takes() -> None:
    station = SimulatedStation()
    record = station.append()
    opening, _ = opened(work_of(station, [2]), KEYS)
    assert opening is not None
    (command,) = opening.commands
    assert command.digest == command_digest(record)
    assert (command.eid, command.subject, command.version) == (record.eid, record.subject, 1)
    assert (command.dossier_no, command.state) == ("T26560-TEST-00001-0", "submitted")
    assert opening.boot == Boot(BOOT_ID, HARDWARE)


contents = st.builds(
    lambda kind, subject, version, content_type, body: Record(
        1, kind, b"e" * 16, subject, version, RecordTime(1, None, 0), content_type, body
    ),
    st.integers(16, 18),
    st.sampled_from([None, bytes(16), b"s" * 16]),
    st.integers(0, 2),
    st.integers(0, 1),
    st.sampled_from([b"", b"{}", b"{ }"]),
)


@given(contents, contents)
def test_the_citys_digest_agrees_with_the_protocols(one: Record, other: Record) -> None:
    same = content_digest(one) == content_digest(other)
    assert (command_digest(one) == command_digest(other)) == same
    moved = one._replace(sequence=9, eid=b"f" * 16, time=RecordTime(7, 8, 3))
    assert command_digest(moved) == command_digest(one)


def test_each_record_is_judged_by_itself() -> None:
    station = SimulatedStation()
    station.append(900)
    station.append(body=b"\xff")
    station.append()
    ticket = station.append(32)
    work = work_of(station, [5])
    hidden = station.batch(CITY_KEY.public_key(), hidden=[3])
    opening, _ = opened(work._replace(batches=[StoredBatch(7, 0, 5, hidden, 1)]), KEYS)
    assert opening is not None
    assert list(opening.verdicts) == [
        Verdict(1, VerdictCode.UNKNOWN_KIND, 900),
        Verdict(2, VerdictCode.REJECTED, 16),
        Verdict(3, VerdictCode.WITHHELD, None),
    ]
    assert [(one.sequence, one.verdict) for one in opening.commands] == [
        (1, VerdictCode.UNKNOWN_KIND),
        (2, VerdictCode.REJECTED),
        (ticket.sequence, None),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"dossier_no":"T\\u0000"}',
        b'{"dossier_no":"\\ud800x"}',
        b'{"state":"a\\nb"}',
        b'{"procedure_id":"%s"}' % (b"x" * (MAXIMUM_FACT_CHARACTERS + 1)),
        b'{"state":1}',
        b"[" * 5000,
        b"\xed\xa0\x80",
        b"",
    ],
)
def test_a_body_that_no_register_takes_is_rejected(body: bytes) -> None:
    station = SimulatedStation()
    station.append(body=body)
    opening, _ = opened(work_of(station, [2]), KEYS)
    assert opening is not None
    assert list(opening.verdicts) == [Verdict(1, VerdictCode.REJECTED, 16)]


def test_the_longest_facts_are_taken() -> None:
    station = SimulatedStation()
    station.append(body=b'{"state":"%s"}' % (b"x" * MAXIMUM_FACT_CHARACTERS))
    opening, _ = opened(work_of(station, [2]), KEYS)
    assert opening is not None
    assert list(opening.verdicts) == []


def test_evidence_of_the_station_is_read() -> None:
    station = SimulatedStation()
    station.say(TimeAnchor(9, b"n" * 16, BOOT_ID, 3, 4))
    station.say(Alert("lost_archived", station.log.lid, 5, 3))
    station.say(Alert("disk_full", None, 0, 0))
    station.append(1, body=b"\x00")
    opening, _ = opened(work_of(station, [5]), KEYS)
    assert opening is not None
    assert list(opening.anchors) == [Anchor(1, BOOT_ID, 9, 3, 4)]
    assert list(opening.alerts) == [NoticeCode.LOST_ARCHIVED]
    # A record of the protocol that breaks its own form is kept and listed.
    assert list(opening.verdicts) == [Verdict(4, VerdictCode.REJECTED, 1)]
    assert opening.commands == []


def test_what_is_good_before_a_bad_batch_counts() -> None:
    station = SimulatedStation()
    station.append_many(3)
    work = work_of(station, [2, 4])
    bad = StoredBatch(8, 2, 4, lie(station, 2, [b"\x01", b"\x02"], station.log.root(4)), 1)
    opening, unreadable = opened(work._replace(batches=[work.batches[0], bad]), KEYS)
    assert opening is not None
    assert opening.size == 2
    assert unreadable == Unreadable(5, 2, "malformed", 8)
    # A good batch behind a bad one is not looked at.
    nothing, unreadable = opened(work._replace(batches=[bad, work.batches[1]]), KEYS)
    assert (nothing, unreadable) == (None, Unreadable(5, 0, "malformed", 8))


def test_a_root_the_records_do_not_give_is_unreadable() -> None:
    station = SimulatedStation()
    batch = StoredBatch(7, 0, 1, lie(station, 0, station.log.raws, b"\x07" * 32), 1)
    result = opened(work_of(station, [1])._replace(batches=[batch]), KEYS)
    assert result == (None, Unreadable(5, 0, "root_mismatch", 7))


def test_a_key_that_is_gone_opens_nothing() -> None:
    station = SimulatedStation()
    none = BodyKeys(lambda _: None, DICTIONARIES.get)
    result = opened(work_of(station, [1]), none)
    assert result == (None, Unreadable(5, 0, "unknown_encryption_key", 7))


def test_a_batch_that_overlaps_gives_its_own_records_only() -> None:
    station = SimulatedStation()
    station.append_many(4)
    batch = StoredBatch(7, 3, 5, station.batch(CITY_KEY.public_key(), 1), 1)
    assert [entry.leaf for entry in read_stored(batch, KEYS)] == station.log.leaves[3:]
    work = work_of(station, [5], opened=3)._replace(batches=[batch])
    opening, _ = opened(work, KEYS)
    assert opening is not None
    assert merkle.root(opening.frontier) == station.log.root()


def test_only_the_records_asked_for_are_replayed() -> None:
    station = SimulatedStation()
    station.append(900)
    station.append_many(2)
    (batch,) = work_of(station, [4]).batches
    replayed = open_replay(Replay(5, station.code, batch, [2]), KEYS).replayed
    assert [command.sequence for command in replayed.commands] == [2]
    assert list(replayed.verdicts) == []


def test_unpacking_gives_header_and_body() -> None:
    station = SimulatedStation()
    signed = unpack(station.batch(CITY_KEY.public_key()))
    assert (signed.header.lid, signed.header.count) == (station.log.lid, 1)

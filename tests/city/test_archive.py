"""The SQLite archive: append-only, re-split batches, a full disk, kinds learnt later."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.city.archive.overview import open_exporter
from sync.city.archive.port import (
    ArchiveError,
    ArchiveFault,
    Arrival,
    AskedHead,
    Caller,
    ExportedRecord,
    Sealed,
    Stored,
)
from sync.city.archive.sqlite import QUARANTINE_BYTES_PER_STATION, SqliteArchive, open_archive
from sync.city.intake import Refuse
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import open_batch, parse_batch
from sync.protocol.limits import MAXIMUM_RECEIPT_STATUSES
from tests.city.station import Log, SimulatedStation

CITY_KEY = X25519PrivateKey.from_private_bytes(b"c" * 32)


def arrival(
    station: SimulatedStation, first: int = 0, count: int | None = None, log: Log | None = None
) -> Arrival:
    data = station.batch(CITY_KEY.public_key(), first, count, log=log)
    signed = parse_batch(data, lambda _: station.signing_key.public_key())
    entries = open_batch(
        signed, find_encryption_key=lambda _: CITY_KEY, find_dictionary=DICTIONARIES.get
    )
    return Arrival(signed.header, entries, b"signed", 1)


async def everything(path: Path) -> list[ExportedRecord]:
    async with open_exporter(path) as exporter:
        return [record async for page in exporter.export(None) for record in page]


async def enter_all(archive: SqliteArchive) -> None:
    while await archive.enter(3):
        pass


@settings(max_examples=15)
@given(ranges=st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=8))
async def test_however_it_is_cut_every_record_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, ranges: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("cut") / "city.db"
    station = SimulatedStation()
    station.append_many(11)
    async with open_archive(path) as archive:
        for first, count in ranges:
            await archive.store(arrival(station, first, min(count, 12 - first)))
        outcome = await archive.store(arrival(station))
        assert isinstance(outcome, Stored)
        assert (outcome.head.size, outcome.head.root) == (12, station.log.root())
        await enter_all(archive)
    records = await everything(path)
    assert [record.sequence for record in records] == list(range(12))
    assert [record.raw for record in records] == station.log.raws
    assert {record.status for record in records} == {"entered"}


@given(order=st.permutations(range(4)))
@settings(max_examples=12)
async def test_logs_in_any_order_give_the_same_register(
    tmp_path_factory: pytest.TempPathFactory, order: Sequence[int]
) -> None:
    path = tmp_path_factory.mktemp("order") / "city.db"
    station = SimulatedStation()
    dossier = station.append().subject
    for version, kind, state in ((2, 17, "received"), (3, 18, "waiting"), (4, 19, "refused")):
        station.open_log()
        body = b'{"state":"%s"}' % state.encode()
        station.append(kind, subject=dossier, version=version, body=body)
    async with open_archive(path) as archive:
        for number in order:
            await archive.store(arrival(station, log=station.logs[number]))
            await enter_all(archive)
        rows = await archive.writer.transact(
            lambda connection: connection.execute(
                "SELECT dossier_no, procedure_id, state, version, last_kind, events"
                " FROM register_dossier"
            ).fetchall()
        )
        (summary,) = await archive.summarise(1)
    assert rows == [("T26560-TEST-00001-0", "temporary-residence", "refused", 4, 19, 4)]
    assert (summary.dossiers, summary.stored, summary.pending) == (1, 8, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET raw = x'00'",
        "DELETE FROM record",
        "UPDATE batch SET first = 7",
        "DELETE FROM batch",
        "DELETE FROM log",
        "UPDATE log SET size = size - 1",
        "UPDATE log SET applied = 0 WHERE applied > 0",
    ],
)
async def test_what_is_stored_cannot_be_changed(tmp_path: Path, statement: str) -> None:
    station = SimulatedStation()
    station.append()
    async with open_archive(tmp_path / "city.db") as archive:
        await archive.store(arrival(station))
        await enter_all(archive)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            await archive.writer.transact(lambda connection: connection.execute(statement))


async def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "city.db"
    station = SimulatedStation()
    station.append_many(200)
    async with open_archive(path) as archive:
        await archive.store(arrival(station, 0, 10))
        pages = await archive.writer.transact(limit_pages)
        with pytest.raises(ArchiveError) as caught:
            await archive.store(arrival(station, 10, 190))
        assert caught.value.fault is ArchiveFault.FULL
        head = (await archive.store(arrival(station, 0, 10))).head  # type: ignore[union-attr]  # stored before
        assert head.size == 10
        await archive.writer.transact(lambda raw: raw.execute(f"PRAGMA max_page_count={pages * 9}"))
        outcome = await archive.store(arrival(station, 10))
        assert not isinstance(outcome, Refuse)
        assert outcome.head.root == station.log.root()
    assert len(await everything(path)) == 201


def execute(statement: str, connection: sqlite3.Connection) -> None:
    connection.execute(statement)


def limit_pages(connection: sqlite3.Connection) -> int:
    """Leave the file no room to grow."""
    pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    connection.execute(f"PRAGMA max_page_count={pages + 2}")
    return pages


async def test_another_stations_log_and_dossier_are_out_of_reach(tmp_path: Path) -> None:
    owner, other = SimulatedStation(1), SimulatedStation(2, code=26561)
    dossier = owner.append().subject
    other.append(17, subject=dossier, version=9, body=b'{"state":"refused"}')
    async with open_archive(tmp_path / "city.db") as archive:
        await archive.store(arrival(owner))
        foreign = arrival(owner)
        header = replace(foreign.header, node_id=other.node_id)
        assert isinstance(await archive.store(foreign._replace(header=header)), Refuse)
        await archive.store(arrival(other))
        await enter_all(archive)
        state = await archive.writer.transact(
            lambda raw: raw.execute("SELECT state FROM register_dossier").fetchone()
        )
    assert state == ("submitted",)
    statuses = [record.status for record in await everything(tmp_path / "city.db")]
    assert statuses == ["entered", "entered", "entered", "rejected"]


async def test_a_kind_learnt_later_is_entered_after_all(tmp_path: Path) -> None:
    path = tmp_path / "city.db"
    station = SimulatedStation()
    station.append()
    async with open_archive(path) as archive:
        await archive.store(arrival(station))
        # What an older program would have left behind.
        for statement in (
            "UPDATE log SET applied = 2",
            "INSERT INTO verdict VALUES (1, 1, 'unknown_kind')",
        ):
            await archive.writer.transact(partial(execute, statement))
        assert [record.status for record in await everything(path)][1] == "unknown_kind"
        assert await archive.reconsider() == 1
        assert await archive.reconsider() == 0
        (summary,) = await archive.summarise(1)
    assert (summary.dossiers, summary.problems) == (1, ())


async def test_quarantine_has_a_share_for_each_station(tmp_path: Path) -> None:
    big = Sealed(b"n" * 16, 1, b"l" * 16, "fork", bytes(QUARANTINE_BYTES_PER_STATION // 2), 1)
    async with open_archive(tmp_path / "city.db") as archive:
        assert await archive.keep_apart(big)
        assert await archive.keep_apart(big._replace(raw=b"x" + big.raw[1:]))
        assert not await archive.keep_apart(big._replace(raw=b"y"))
        assert await archive.keep_apart(big._replace(raw=b"y", node_id=b"m" * 16))


async def test_export_pages_are_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "city.db"
    first, second = SimulatedStation(1, code=3), SimulatedStation(2, code=1)
    first.append_many(2)
    first.open_log()
    second.append_many(1)
    async with open_archive(path) as archive:
        for station in (first, second):
            for log in station.logs:
                await archive.store(arrival(station, log=log))
    records = await everything(path)
    assert [(record.station, record.sequence) for record in records] == [
        (1, 0),
        (1, 1),
        (3, 0),
        (3, 1),
        (3, 2),
        (3, 0),
    ]
    async with open_exporter(path) as exporter:
        only = [record.station async for page in exporter.export(3) for record in page]
    assert only == [3, 3, 3, 3]


async def test_unlisted_verdicts_are_never_said_to_be_entered(tmp_path: Path) -> None:
    station = SimulatedStation()
    for _ in range(MAXIMUM_RECEIPT_STATUSES + 5):
        station.append(900)
    async with open_archive(tmp_path / "city.db") as archive:
        for first in range(0, station.log.size, 400):
            await archive.store(arrival(station, first, min(400, station.log.size - first)))
        while await archive.enter(500):
            pass
        (head,), _ = await archive.greet(
            Caller(station.node_id, station.code), [AskedHead(station.log.lid, 0)], 1
        )
    assert len(head.statuses) == MAXIMUM_RECEIPT_STATUSES
    assert head.applied == MAXIMUM_RECEIPT_STATUSES + 1
    assert head.statuses[-1][0] == head.applied - 1

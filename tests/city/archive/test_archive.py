"""The SQLite archive: the suite of every archive, append-only rows, a full disk."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.city.archive.overview import open_exporter
from sync.city.archive.port import ArchiveError, ArchiveFault, Stored
from sync.city.archive.sqlite import SqliteArchive, open_archive
from tests.city.archive_suite import Behaviour, Bench, every_behaviour
from tests.city.station import SimulatedStation


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    path = tmp_path / "city.db"
    async with open_archive(path) as archive, open_exporter(path) as exporter:
        yield Bench(archive, exporter)


@every_behaviour
async def test_sqlite_does_what_every_archive_does(bench: Bench, behaviour: Behaviour) -> None:
    await behaviour(bench)


def sqlite_of(bench: Bench) -> SqliteArchive:
    assert isinstance(bench.archive, SqliteArchive)
    return bench.archive


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
    async with open_archive(path) as archive, open_exporter(path) as exporter:
        bench = Bench(archive, exporter)
        for number in order:
            await bench.offer(station, log=station.logs[number])
            await bench.open_all()
        rows = await archive.writer.transact(
            lambda connection: connection.execute(
                "SELECT dossier_no, procedure_id, state, version, last_kind, events"
                " FROM register_dossier"
            ).fetchall()
        )
        (summary,) = await archive.summarise(1)
    assert rows == [("T26560-TEST-00001-0", "temporary-residence", "refused", 4, 19, 4)]
    assert (summary.dossiers, summary.stored, summary.pending) == (1, 8, 0)
    assert summary.problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET start = 7",
        "DELETE FROM batch",
        "UPDATE leaf_run SET leaves = x''",
        "DELETE FROM leaf_run",
        "DELETE FROM log",
        "UPDATE log SET opened = opened - 1",
        "UPDATE log SET archived = archived - 1",
        "DELETE FROM quarantine",
    ],
)
async def test_what_is_stored_cannot_be_changed(bench: Bench, statement: str) -> None:
    station = SimulatedStation()
    station.append()
    branch = station.log.copy()
    station.append(log=branch)
    await bench.offer(station)
    await bench.open_all()
    writer = sqlite_of(bench).writer
    await writer.transact(
        lambda raw: raw.execute(
            "INSERT INTO quarantine (digest, node_id, station, lid, first, records, reason,"
            " size_bytes, received_ms, raw)"
            " VALUES (randomblob(32), x'', 1, x'', 0, 1, 'fork', 0, 0, x'')"
        )
    )
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await writer.transact(lambda connection: connection.execute(statement))


async def test_a_size_below_what_is_opened_is_refused(bench: Bench) -> None:
    station = SimulatedStation()
    await bench.offer(station)
    await bench.open_all()
    writer = sqlite_of(bench).writer
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        await writer.transact(lambda raw: raw.execute("UPDATE log SET size = 0"))


async def test_a_full_disk_refuses_and_loses_nothing(bench: Bench) -> None:
    station = SimulatedStation()
    for _ in range(400):
        station.append(body=station.body(1, padding=4000))
    writer = sqlite_of(bench).writer
    await bench.offer(station, 0, 10)
    pages = await writer.transact(limit_pages)
    with pytest.raises(ArchiveError) as caught:
        await bench.offer(station, 10, 390)
    assert caught.value.fault is ArchiveFault.FULL
    assert (await bench.head(station, 10)).size == 10
    await writer.transact(lambda raw: raw.execute(f"PRAGMA max_page_count={pages * 99}"))
    outcome = await bench.offer(station, 10)
    assert isinstance(outcome, Stored)
    assert outcome.head.root == station.log.root()
    assert len(await bench.lines()) == 401


def limit_pages(connection: sqlite3.Connection) -> int:
    """Leave the file no room to grow."""
    pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    connection.execute(f"PRAGMA max_page_count={pages + 2}")
    return pages


async def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        async with open_exporter(tmp_path / "city.db"):
            pass
    assert caught.value.fault is ArchiveFault.MISSING
